/// What a hook is told: `docs/formats/notification.md` describes it for those who receive it.
package struct NotificationBody: Codable, Hashable, Sendable {
    package struct About: Codable, Hashable, Sendable {
        package var id: Int64
        package var app: AppName
        package var kind: Plan.Kind?
        package var state: ExecutionState?
        package var release: Int?
        package var releaseBefore: Int?
        package var startedBy: String?
        package var startedAt: Instant?
        package var endedAt: Instant?
        package var commit: String?
        package var problem: Problem?
        package var summary: String?
        /// What was served and failed around it, as far as it was counted.
        package var traffic: ExecutionTraffic?

        package init(id: Int64, app: AppName) {
            self.id = id
            self.app = app
        }

        package init(_ execution: Execution) {
            self.init(id: execution.id, app: execution.app)
            kind = execution.kind
            state = execution.state
            release = execution.machine.plan.release
            releaseBefore = execution.releaseBefore
            startedBy = execution.startedBy
            startedAt = execution.startedAt
            endedAt = execution.endedAt
            commit = execution.configCommit
            problem = execution.machine.problem
            summary = execution.machine.plan.summary.text
            traffic = execution.traffic
        }
    }

    package var kind: NotificationKind
    package var at: Instant
    package var fabric: FabricName
    /// For people who read only this.
    package var sentence: String
    package var execution: About?
    package var app: AppName?
    package var host: HostName?
    package var balancer: BalancerName?
    package var problem: Problem?
    /// What an app logs, by kinds.
    package var errors: [ErrorNotice]?

    package init(
        _ kind: NotificationKind, at now: Instant, fabric: FabricName, sentence: String, execution: About? = nil,
        app: AppName? = nil, host: HostName? = nil, balancer: BalancerName? = nil, problem: Problem? = nil,
        errors: [ErrorNotice]? = nil
    ) {
        self.kind = kind
        at = now
        self.fabric = fabric
        self.sentence = sentence
        self.execution = execution
        self.app = app
        self.host = host
        self.balancer = balancer
        self.problem = problem
        self.errors = errors
    }
}

extension NotificationBody {
    /// What the loop's actions mean for those who are to be told, in their order.
    package static func all(in actions: [Orchestrator.Action], fabric: FabricName, at now: Instant)
        -> [NotificationBody]
    {
        var executions: [Int64: Execution] = [:]
        var traffic: [Int64: ExecutionTraffic] = [:]
        for action in actions {
            if case .saveExecution(let execution) = action { executions[execution.id] = execution }
            if case .saveTraffic(let record) = action { traffic[record.execution] = record.figures }
        }
        return actions.compactMap { action in
            guard case .announce(let happening) = action else { return nil }
            return body(of: happening, executions, traffic, fabric, now)
        }
    }

    private static func body(
        of happening: Orchestrator.Happening, _ executions: [Int64: Execution], _ traffic: [Int64: ExecutionTraffic],
        _ fabric: FabricName, _ now: Instant
    ) -> NotificationBody? {
        func about(_ id: Int64, _ app: AppName) -> About {
            var about = executions[id].map { About($0) } ?? About(id: id, app: app)
            about.traffic = traffic[id] ?? about.traffic
            if about.traffic?.releases.isEmpty == true { about.traffic = nil }
            return about
        }
        func body(_ kind: NotificationKind, _ about: About, _ how: String) -> NotificationBody {
            let what = "\(about.kind?.rawValue ?? "execution \(about.id)")\(about.release.map { " r\($0)" } ?? "")"
            let served = about.traffic.map(Self.served) ?? ""
            return NotificationBody(
                kind, at: now, fabric: fabric, sentence: "\(what) of \(about.app) \(how)\(served)", execution: about,
                app: about.app, problem: about.problem)
        }
        switch happening {
        case .executionStarted(let id, let app, _):
            var about = about(id, app)
            // Where it stands now is not how it began.
            about.state = .running
            about.traffic = nil
            return body(.executionStarted, about, "has begun")
        case .executionChanged(let id, let app, let state):
            var about = about(id, app)
            about.state = state
            switch state {
            case .running: return body(.executionResumed, about, "goes on")
            case .paused: return body(.executionPaused, about, "is paused")
            case .succeeded: return body(.executionSucceeded, about, "succeeded")
            case .failed: return body(.executionFailed, about, "failed")
            case .aborted: return body(.executionAborted, about, "was aborted")
            }
        case .trafficCounted(let id, let app):
            let about = about(id, app)
            return about.traffic == nil ? nil : body(.executionCounted, about, "was counted")
        case .rolledBackAutomatically(let app, let from, let to, let cause):
            let sentence = "\(app) goes back\(from.map { " from r\($0)" } ?? "") to r\(to) by itself"
            return NotificationBody(.rolledBack, at: now, fabric: fabric, sentence: sentence, app: app, problem: cause)
        case .hostChanged(let host, .lost):
            return NotificationBody(.hostLost, at: now, fabric: fabric, sentence: "\(host) is lost", host: host)
        case .hostChanged(let host, .connected):
            return NotificationBody(.hostBack, at: now, fabric: fabric, sentence: "\(host) is back", host: host)
        case .blind(let reason): return NotificationBody(.blind, at: now, fabric: fabric, sentence: reason)
        case .sightRegained:
            return NotificationBody(.sighted, at: now, fabric: fabric, sentence: "enough hosts are in sight again")
        case .balancerRefused(let host, let balancer, let problem):
            return NotificationBody(
                .balancerRefused, at: now, fabric: fabric,
                sentence: "\(balancer) on \(host) refused its configuration; the one before serves", host: host,
                balancer: balancer, problem: problem)
        case .planRefused(let app, let problem):
            return NotificationBody(
                .planRefused, at: now, fabric: fabric, sentence: "a plan for \(app) is unsafe, and was refused",
                app: app,
                problem: problem)
        case .hostChanged, .stepChanged, .liveChanged, .trafficChanged: return nil
        }
    }

    /// `: r8 served 1240 requests, 0 failed; r7 …`
    private static func served(_ traffic: ExecutionTraffic) -> String {
        let parts = traffic.releases.filter { $0.during.requests + $0.after.requests > 0 }.map { release in
            let requests = release.during.requests + release.after.requests
            return
                "r\(release.release) served \(requests) requests, \(release.during.failed + release.after.failed) failed"
        }
        return parts.isEmpty ? "" : ": \(parts.joined(separator: "; "))"
    }
}
