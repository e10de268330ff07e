/// A plan being carried out, and for whom.
package struct Execution: Codable, Hashable, Sendable {
    /// Counts up over a fabric's life.
    package var id: Int64
    package var app: AppName
    package var kind: Plan.Kind
    package var startedBy: String
    package var startedAt: Instant
    package var endedAt: Instant?
    /// The release that served before, to which a failed deploy goes back.
    package var releaseBefore: Int?
    /// The commit of the configuration repository that was desired when it began.
    package var configCommit: String
    /// The execution whose failure made this one necessary.
    package var cause: Int64?
    /// What releases have served around it, as far as it was counted when it was last saved; kept
    /// apart from the execution.
    package var traffic: ExecutionTraffic?
    package var machine: ExecutionMachine

    package init(
        id: Int64, app: AppName, kind: Plan.Kind, startedBy: String, startedAt: Instant, releaseBefore: Int?,
        configCommit: String = "", cause: Int64? = nil, machine: ExecutionMachine
    ) {
        self.id = id
        self.app = app
        self.kind = kind
        self.startedBy = startedBy
        self.startedAt = startedAt
        self.releaseBefore = releaseBefore
        self.configCommit = configCommit
        self.cause = cause
        self.machine = machine
    }

    package var state: ExecutionState { machine.state }
}

/// What a person, or the rollout's own gate, wants of an execution.
package enum ExecutionControl: Codable, Hashable, Sendable {
    case pause
    case resume
    case abort
    case retry
    case cancelStep(Int)
}
