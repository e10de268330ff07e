package import Core

/// Something that arrives on a stream, numbered so that a reader can take up where it left.
package protocol StreamEvent: Codable, Sendable {
    /// Grows from event to event of one stream.
    var sequence: Int64 { get }
    /// The name of the Server-Sent Event.
    var eventName: String { get }
    /// Whether the stream ends after it.
    var isLast: Bool { get }
}

extension StreamEvent {
    package var isLast: Bool { false }
}

/// Something in the fabric has changed; what, is asked for by the ordinary requests. Several
/// changes shortly after one another arrive as one.
package struct ChangeEvent: StreamEvent, Hashable {
    /// Grows with every change.
    package var sequence: Int64
    package var at: Instant
    package var desiredRevision: Int64
    package var liveRevision: Int64
    package var apps: [AppName] = []
    package var hosts: [HostName] = []
    package var executions: [ExecutionID] = []
    /// Too much to name, or nothing that has a name: whatever is looked at may have changed.
    package var isEverything = false

    package var eventName: String { "change" }

    package init(
        sequence: Int64, at: Instant, desiredRevision: Int64, liveRevision: Int64, apps: [AppName] = [],
        hosts: [HostName] = [], executions: [ExecutionID] = []
    ) {
        self.sequence = sequence
        self.at = at
        self.desiredRevision = desiredRevision
        self.liveRevision = liveRevision
        self.apps = apps
        self.hosts = hosts
        self.executions = executions
    }
}

/// How an execution gets on.
package struct ExecutionEvent: StreamEvent, Hashable {
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case stepStarted
        case output
        case stepEnded
        /// The execution itself: running, paused, or ended; after an end nothing follows.
        case state
    }

    package var sequence: Int64
    package var at: Instant
    package var kind: Kind
    package var step: Int?
    package var title: String?
    package var line: String?
    package var stepState: StepView.State?
    package var state: ExecutionState?
    package var problem: Problem?
    /// With the end: what releases have served meanwhile, as far as it was counted by then.
    package var traffic: ExecutionTraffic?
    /// Of a step that has watched a release: what was found, a verdict a line.
    package var findings: [String]?

    package var eventName: String { kind.rawValue }
    package var isLast: Bool { kind == .state && state?.isEnded == true }

    package init(
        sequence: Int64, at: Instant, kind: Kind, step: Int? = nil, title: String? = nil, line: String? = nil,
        stepState: StepView.State? = nil, state: ExecutionState? = nil, problem: Problem? = nil,
        traffic: ExecutionTraffic? = nil, findings: [String]? = nil
    ) {
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.step = step
        self.title = title
        self.line = line
        self.stepState = stepState
        self.state = state
        self.problem = problem
        self.traffic = traffic
        self.findings = findings
    }
}

/// How a build gets on.
package struct BuildEvent: StreamEvent, Hashable {
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case output
        /// The last event: `build` says how it ended.
        case ended
    }

    package var sequence: Int64
    package var at: Instant
    package var kind: Kind
    package var line: String?
    package var build: BuildView?

    package var eventName: String { kind.rawValue }
    package var isLast: Bool { kind == .ended }

    package init(sequence: Int64, at: Instant, kind: Kind, line: String? = nil, build: BuildView? = nil) {
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.line = line
        self.build = build
    }
}

/// A line that an instance has written.
package struct LogLine: StreamEvent, Hashable {
    package var sequence: Int64
    package var text: String

    package var eventName: String { "line" }

    package init(sequence: Int64, text: String) {
        self.sequence = sequence
        self.text = text
    }
}

extension AuditView: StreamEvent {
    package var sequence: Int64 { number }
    package var eventName: String { "audit" }
}
