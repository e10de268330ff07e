/// How far the carrying out of a plan is.
package enum ExecutionState: String, Codable, Hashable, Sendable, CaseIterable {
    case running
    case paused
    case succeeded
    case failed
    case aborted

    package var isEnded: Bool { self == .succeeded || self == .failed || self == .aborted }
}

package enum StepState: Codable, Hashable, Sendable {
    case waiting
    case running
    case succeeded
    indirect case failed(Problem)
    /// A person said that it need not be done.
    case cancelled
    /// Not begun, because the execution ended before.
    case skipped

    package var word: String {
        switch self {
        case .waiting: "waiting"
        case .running: "running"
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .skipped: "skipped"
        }
    }
}
