/// A tree of steps from what is to what should be, with the reason for each. Immutable; nothing
/// is left to decide while it runs.
package struct Plan: Codable, Hashable, Sendable {
    /// What the steps together change, counted by instance.
    package struct Summary: Codable, Hashable, Sendable {
        package var added = 0
        package var changed = 0
        package var removed = 0
        package var unchanged = 0

        package init(added: Int = 0, changed: Int = 0, removed: Int = 0, unchanged: Int = 0) {
            self.added = added
            self.changed = changed
            self.removed = removed
            self.unchanged = unchanged
        }

        package var text: String {
            "\(added) to add, \(changed) to change, \(removed) to remove, \(unchanged) unchanged"
        }
    }

    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// A release takes the place of another, or is the first.
        case deploy
        /// A release that ran before comes back.
        case rollback
        /// What should run already does not: something died, moved, or was scaled.
        case reconcile
        /// What is no longer needed goes.
        case clean
    }

    /// A line of the plan that a person reads: one instance and what happens to it.
    package struct Change: Codable, Hashable, Sendable {
        package enum Sign: String, Codable, Hashable, Sendable, CaseIterable {
            case add = "+"
            case change = "~"
            case remove = "-"
            case replace = "-/+"
        }

        package var sign: Sign
        package var subject: String
        package var host: HostName?
        package var reason: String

        package init(sign: Sign, subject: String, host: HostName?, reason: String) {
            self.sign = sign
            self.subject = subject
            self.host = host
            self.reason = reason
        }
    }

    package var app: AppName
    package var kind: Kind
    /// The release that the app runs when the plan has ended.
    package var release: Int?
    /// The models that the plan was made from. A plan is refused when either has moved on in a
    /// way that concerns the app.
    package var desiredRevision: Int64
    package var liveRevision: Int64
    package var root: PlanNode
    package var changes: [Change]
    package var summary: Summary
    /// What the plan could not do, and why: refusals of placement.
    package var warnings: [String]
    /// Why the plan may not be carried out.
    package var refusal: Problem?

    package init(
        app: AppName, kind: Kind, release: Int?, desiredRevision: Int64, liveRevision: Int64, root: PlanNode,
        changes: [Change], summary: Summary, warnings: [String], refusal: Problem? = nil
    ) {
        self.app = app
        self.kind = kind
        self.release = release
        self.desiredRevision = desiredRevision
        self.liveRevision = liveRevision
        self.root = root
        self.changes = changes
        self.summary = summary
        self.warnings = warnings
        self.refusal = refusal
    }

    package var steps: [Step] { root.steps }
    package var isEmpty: Bool { root.isEmpty }
}

/// A step, or steps one after another, or side by side.
package indirect enum PlanNode: Codable, Hashable, Sendable {
    case step(Step)
    case sequential(title: String, [PlanNode])
    /// At most `limit` children run at once.
    case parallel(title: String, limit: Int, [PlanNode])

    /// In the order of the plan's text.
    package var steps: [Step] {
        var steps: [Step] = []
        steps.reserveCapacity(stepCount)
        forEachStep { steps.append($0) }
        return steps
    }

    package var isEmpty: Bool {
        switch self {
        case .step: false
        case .sequential(_, let children), .parallel(_, _, let children): children.allSatisfy(\.isEmpty)
        }
    }

    var stepCount: Int {
        switch self {
        case .step: 1
        case .sequential(_, let children), .parallel(_, _, let children): children.reduce(0) { $0 + $1.stepCount }
        }
    }

    /// Calls for each step, in the order of the plan's text.
    func forEachStep(_ body: (Step) -> Void) {
        switch self {
        case .step(let step): body(step)
        case .sequential(_, let children), .parallel(_, _, let children):
            for child in children { child.forEachStep(body) }
        }
    }
}

package struct Step: Codable, Hashable, Sendable {
    /// Kept apart from the step, which is copied often: large plans are held in memory whole.
    package indirect enum Action: Codable, Hashable, Sendable {
        /// Get a package before it is needed.
        case prefetch(HostName, PackageReference)
        case phase(HostName, InstanceID, LifecyclePhase)
        /// Wait until the instance is ready.
        case awaitReady(HostName, InstanceID)
        /// Give instances their duties and make every balancer follow. With `drains`, ends only
        /// when those that leave have no request left.
        case traffic(app: AppName, duties: [DutyChange], drains: Bool)
        /// Make the release `current` on the host.
        case link(HostName, AppName, releaseIdentity: Digest)
        /// Watch the new release for a time, and judge it.
        case hold(HoldSpec)
        /// Wait until a person lets the execution go on.
        case pause(RolloutPolicy.PausePoint)

        /// Whether it waits for a person.
        package var isPause: Bool { if case .pause = self { true } else { false } }

        /// Whether no agent has a part in it.
        package var isWait: Bool {
            switch self {
            case .hold, .pause: true
            default: false
            }
        }
    }

    /// Counts from 1 in the order of the plan's text.
    package var id: Int
    package var action: Action
    package var reason: String
    package var timeout: Interval

    package init(id: Int, action: Action, reason: String, timeout: Interval) {
        self.id = id
        self.action = action
        self.reason = reason
        self.timeout = timeout
    }

    /// The step in words: `start shop.web.1.r7 on web-1`.
    package var title: String {
        switch action {
        case .prefetch(let host, let package): "fetch \(package.app)@\(package.version) on \(host)"
        case .phase(let host, let id, let phase): "\(phase.rawValue) \(id) on \(host)"
        case .awaitReady(let host, let id): "await \(id) on \(host)"
        case .traffic(let app, let duties, _): "hand over traffic of \(app): \(DutyChange.summary(duties))"
        case .link(let host, let app, _): "link \(app) on \(host)"
        case .hold(let hold):
            "watch \(hold.app) r\(hold.release)\(hold.comparison.map { " beside r\($0.release)" } ?? "") for \(hold.time)"
        case .pause(let point): "wait for a person: \(point.standing)"
        }
    }

    package var host: HostName? {
        switch action {
        case .prefetch(let host, _), .phase(let host, _, _), .awaitReady(let host, _), .link(let host, _, _): host
        case .traffic, .hold, .pause: nil
        }
    }
}

extension RolloutPolicy.PausePoint {
    /// How things are where the deploy waits, in words.
    package var standing: String {
        switch self {
        case .canary: "the canary has passed"
        case .firstBatch: "the first batch serves"
        case .eachBatch: "a batch serves, and others follow"
        case .ready: "the new release is ready, and has no traffic yet"
        case .switch: "the new release has all traffic, and the one before is warm"
        }
    }
}

/// What an instance is for from now on.
package struct DutyChange: Codable, Hashable, Sendable {
    package enum Duty: Codable, Hashable, Sendable {
        case serve
        /// Runs on without traffic (or, replaced in place, stands ready to start) for so long.
        case keepWarm(Interval)
        case leave

        /// The duty as it is recorded when the change is carried out.
        package func recorded(at now: Instant) -> InstanceRecord.Duty {
            switch self {
            case .serve: .serving
            case .keepWarm(let interval): .warm(until: now + interval)
            case .leave: .leaving
            }
        }
    }

    package var instance: InstanceID
    package var host: HostName
    package var duty: Duty
    /// Its weight in balancers while it serves, 1 to 256; nil: the usual one.
    package var weight: Int?

    package init(instance: InstanceID, host: HostName, duty: Duty, weight: Int? = nil) {
        self.instance = instance
        self.host = host
        self.duty = duty
        self.weight = weight
    }

    static func summary(_ changes: [DutyChange]) -> String {
        var serving = 0
        var weighted = 0
        var warm = 0
        var leaving = 0
        for change in changes {
            switch change.duty {
            case .serve where change.weight != nil: weighted += 1
            case .serve: serving += 1
            case .keepWarm: warm += 1
            case .leave: leaving += 1
            }
        }
        let parts = [
            (serving, "begin to serve"), (weighted, "serve by weight"), (warm, "stay warm"), (leaving, "leave"),
        ].filter { $0.0 > 0 }
        return parts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
}
