/// Something unsafe about a plan.
package struct PlanFinding: Hashable, Sendable, CustomStringConvertible {
    package enum Rule: String, Hashable, Sendable, CaseIterable {
        /// Numbers, sizes, times or nesting that no planner gives.
        case shape
        /// A step on a host that has never been heard from, or is lost.
        case host
        /// A step for another app, or for a release that the plan does not lead to.
        case subject
        /// A step before what it depends on.
        case order
        /// Two steps that change one thing and may run side by side.
        case concurrent
        /// Traffic for what was not seen to be ready.
        case readiness
        /// An instance that serves is stopped, or leaves without one that takes its place.
        case replacement
        /// Fewer instances of a routed process serve than the rollout allows.
        case serving
        /// What must not run twice does.
        case twice
    }

    package var rule: Rule
    /// The step's number; nil when the finding is about the whole plan.
    package var step: Int?
    package var text: String

    package init(_ rule: Rule, step: Int? = nil, _ text: String) {
        self.rule = rule
        self.step = step
        self.text = text
    }

    package var description: String { step.map { "step \($0): \(text)" } ?? text }
}

extension PlanFinding {
    /// How many findings a message lists; the rest is counted.
    private static let listedMax = 40

    /// - Returns: nil when nothing was found.
    package static func problem(of findings: [PlanFinding], app: AppName) -> Problem? {
        guard !findings.isEmpty else { return nil }
        var lines = findings.prefix(listedMax).map(\.description)
        if findings.count > listedMax { lines.append("and \(findings.count - listedMax) more") }
        return Problem(
            "plan.unsafe", "The plan of \(app) is refused: it is unsafe.", cause: lines.joined(separator: "; ") + ".",
            remedy: "Make the plan again. If Apus itself made this one, that is a defect of Apus: please report it.")
    }
}
