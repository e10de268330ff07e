/// A rule that a run broke, with what happened.
package struct BrokenRule: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// What may never happen. A run that is shortened has to break the same rule as before.
    package enum Rule: String, Hashable, Sendable, CaseIterable {
        /// Only the server that leads sends and saves, and a host obeys the newest.
        case leadership
        /// What is sent has been saved, and is in the audit log.
        case saving
        /// One execution changes an app at a time.
        case oneAtATime
        /// Steps begin in the plan's order, and no more at once than it says.
        case order
        /// What succeeded has done all of it.
        case completeness
        /// Traffic goes to what is ready.
        case readiness
        /// As many serve as the rollout allows.
        case serving
        /// What must not run twice does not.
        case twice
        /// The linter finds nothing in any plan.
        case safety
        /// Every execution ends, and none is begun for nothing.
        case rest
        /// When faults stop, all comes to be as desired.
        case convergence
        /// The audit log is complete, and in order.
        case audit
    }

    package var rule: Rule
    package var text: String

    package init(_ rule: Rule, _ text: String) {
        self.rule = rule
        self.text = text
    }

    package var description: String { text }

    package static func < (left: BrokenRule, right: BrokenRule) -> Bool { left.text < right.text }
}
