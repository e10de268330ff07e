package import Core

/// A plan as an operator reads it: what changes and why, then the steps as a tree.
package enum PlanText {
    package static func changes(_ plan: Plan) -> [String] {
        var lines = plan.changes.map { change in
            let place = change.host.map { " on \($0)" } ?? ""
            return "\(change.sign.rawValue) \(change.subject)\(place): \(change.reason)"
        }
        lines += plan.warnings.map { "! \($0)" }
        if let refusal = plan.refusal { lines.append("! \(refusal)") }
        lines.append(plan.isEmpty && plan.changes.isEmpty ? "nothing to do" : plan.summary.text)
        return lines
    }

    package static func steps(_ node: PlanNode, depth: Int = 0) -> [String] {
        let indent = String(repeating: "  ", count: depth)
        switch node {
        case .step(let step): return ["\(indent)\(step.id). \(step.title)"]
        case .sequential(let title, let children):
            return ["\(indent)\(title)"] + children.flatMap { steps($0, depth: depth + 1) }
        case .parallel(let title, let limit, let children):
            return ["\(indent)\(title), at most \(limit) at once"] + children.flatMap { steps($0, depth: depth + 1) }
        }
    }
}
