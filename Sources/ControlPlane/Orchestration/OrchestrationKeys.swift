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
