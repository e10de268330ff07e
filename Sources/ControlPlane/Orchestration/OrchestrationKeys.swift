import Core
import FoundationEssentials

/// Where the loop's state is kept.
///
/// ```
/// desired                          revision, commit, overrides, the number of each app's release
/// configurations/COMMIT/KIND/NAME  what git says at the commit, a value for each file
/// records/HOST/INSTANCE            where an instance is, and what it is for
/// hosts/HOST                       a host that has joined
/// executions/ID/plan/PART          the execution as it began, in parts
/// executions/ID/end                how it stands
/// executions/ID/steps/N            how far a step is
/// executions/ID/traffic            what releases have served around it
/// traffic/ID/PART                  what it takes to go on counting for it, in parts
/// ```
enum OrchestrationKeys {
    /// The fence of the server that leads.
    static func leader() throws(Problem) -> TypedKey<Int64> { try TypedKey("leader") }
    static func desired() throws(Problem) -> StateKey { try StateKey("desired") }
    static func configuration(_ commit: String, _ kind: String, _ name: String) throws(Problem) -> StateKey {
        try StateKey("configurations/\(commit)/\(kind)/\(name)")
    }
    static func record(_ key: InstanceKey) throws(Problem) -> StateKey {
        try StateKey("records/\(key.host)/\(key.instance)")
    }
    static func joinedHost(_ host: HostName) throws(Problem) -> StateKey { try StateKey("hosts/\(host)") }
    static func execution(_ id: Int64) -> String { "executions/\(StateKey.digits(Int(id)))" }
    static func executionPart(_ id: Int64, _ part: Int) throws(Problem) -> StateKey {
        try StateKey("\(execution(id))/plan/\(StateKey.digits(part))")
    }
    static func executionEnd(_ id: Int64) throws(Problem) -> StateKey { try StateKey("\(execution(id))/end") }
    static func traffic(_ id: Int64) throws(Problem) -> StateKey { try StateKey("\(execution(id))/traffic") }
    static func checkpoint(_ id: Int64) -> String { "traffic/\(StateKey.digits(Int(id)))/" }
    static func checkpointPart(_ id: Int64, _ part: Int) throws(Problem) -> StateKey {
        try StateKey("\(checkpoint(id))\(StateKey.digits(part))")
    }
    static func step(_ id: Int64, _ step: Int) throws(Problem) -> StateKey {
        try StateKey("\(execution(id))/steps/\(StateKey.digits(step))")
    }
}

/// The desired model without what is kept elsewhere.
struct DesiredHead: Codable, Sendable {
    var revision: Int64
    var fabric: FabricName
    var commit: String
    var policy: FabricPolicy
    var overrides: Overrides
    var releases: [AppName: Int]
}

/// How far a step is, without what the plan says about it: a step that hands over traffic names
/// every instance that it concerns.
struct SavedStep: Codable, Sendable {
    var id: Int
    var state: StepState
    var attempt: Int
    var startedAt: Instant?
    var endedAt: Instant?
    var hold: HoldProgress?

    private enum CodingKeys: CodingKey { case id, state, attempt, startedAt, endedAt, hold, step }
    private struct Named: Codable { var id: Int }

    init(_ progress: StepProgress) {
        id = progress.step.id
        state = progress.state
        attempt = progress.attempt
        startedAt = progress.startedAt
        endedAt = progress.endedAt
        hold = progress.hold
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // Once the whole step was kept.
        id =
            try container.decodeIfPresent(Int.self, forKey: .id)
            ?? container.decode(Named.self, forKey: .step).id
        state = try container.decode(StepState.self, forKey: .state)
        attempt = try container.decode(Int.self, forKey: .attempt)
        startedAt = try container.decodeIfPresent(Instant.self, forKey: .startedAt)
        endedAt = try container.decodeIfPresent(Instant.self, forKey: .endedAt)
        hold = try container.decodeIfPresent(HoldProgress.self, forKey: .hold)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(state, forKey: .state)
        try container.encode(attempt, forKey: .attempt)
        try container.encodeIfPresent(startedAt, forKey: .startedAt)
        try container.encodeIfPresent(endedAt, forKey: .endedAt)
        try container.encodeIfPresent(hold, forKey: .hold)
    }

    func progress(of step: Step) -> StepProgress {
        var progress = StepProgress(step: step)
        progress.state = state
        progress.attempt = attempt
        progress.startedAt = startedAt
        progress.endedAt = endedAt
        progress.hold = hold
        return progress
    }
}

/// How an execution stands.
struct ExecutionEnd: Codable, Sendable {
    var state: ExecutionState
    var endedAt: Instant?
    var problem: Problem?
}

/// What is kept of an execution's traffic.
struct SavedTraffic: Codable, Sendable {
    var figures: ExecutionTraffic
    /// In how many parts that is saved which it takes to go on counting; 0 when counting has ended.
    var checkpointParts: Int
}
