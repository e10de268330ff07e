import ControlPlane
import Core
import Hummingbird
import Wire

/// Decode, call, encode: what only reads.
struct ReadingEndpoints {
    let operations: any FabricOperations
    let streams: StreamLimit
    let version: String

    func register(on board: inout Switchboard) {
        registerFabric(on: &board)
        registerApps(on: &board)
        registerExecutions(on: &board)
        registerStreams(on: &board)
    }

    private func registerFabric(on board: inout Switchboard) {
        let operations = operations
        board.on(Routes.status) { _ in try .json(await operations.status()) }
        board.on(Routes.hosts) { call in try .part(await operations.hosts(call.listQuery())) }
        board.on(Routes.hostGroups) { call in
            let (filter, key, limit) = try call.groupQuery()
            return try .groups(await operations.hostGroups(filter, by: key), limit: limit)
        }
        board.on(Routes.instanceGroups) { call in
            let (filter, key, limit) = try call.groupQuery()
            return try .groups(await operations.instanceGroups(filter, by: key), limit: limit)
        }
        board.on(Routes.host) { call in try .json(await operations.host(call.host())) }
        board.on(Routes.instances) { call in try .part(await operations.instances(call.listQuery())) }
        board.on(Routes.delta) { call in try .json(await operations.delta(call.filter())) }
        board.on(Routes.configuration) { _ in try .json(await operations.configuration()) }
        board.on(Routes.validation) { _ in try .json(await operations.validation()) }
        board.on(Routes.pendingCommit) { _ in try .json(await operations.pendingCommit()) }
        board.on(Routes.notifications) { _ in try .json(await operations.notifications()) }
        board.on(Routes.doctor) { _ in try .json(await operations.doctor()) }
        board.on(Routes.audit) { call in
            let limit = try call.integer("limit", in: 1...1000) ?? 100
            return try .json(await operations.audit(limit: limit, before: call.integer("before", in: 1...Int64.max)))
        }
        board.on(Routes.version) { [version] _ in
            try .json(VersionView(version: version, fabric: operations.fabric, api: "v1"))
        }
    }

    private func registerApps(on board: inout Switchboard) {
        let operations = operations
        board.on(Routes.apps) { _ in try .json(await operations.apps()) }
        board.on(Routes.app) { call in try .json(await operations.app(call.app())) }
        board.on(Routes.releases) { call in try .json(await operations.releases(of: call.app())) }
        board.on(Routes.releaseDiff) { call in
            guard let from = try call.integer("from", in: 1...Int.max), let to = try call.integer("to", in: 1...Int.max)
            else {
                throw Problem(
                    "query.invalid", "There is nothing to compare.", cause: "`from` or `to` is missing.",
                    remedy: "Give the numbers of two releases.")
            }
            return try .json(await operations.releaseDiff(of: call.app(), from: from, to: to))
        }
    }

    private func registerExecutions(on board: inout Switchboard) {
        let operations = operations
        board.on(Routes.plan) { call in try .json(await operations.plan(call.plan())) }
        board.on(Routes.executions) { call in
            let app = try call.query.filled("app").map { text throws(Problem) in try AppName(text) }
            let limit = try call.integer("limit", in: 1...1000) ?? 100
            return try .json(await operations.executions(of: app, running: call.flag("running"), limit: limit))
        }
        board.on(Routes.execution) { call in try .json(await operations.execution(call.execution())) }
        board.on(Routes.build) { call in try .json(await operations.build(call.build())) }
    }

    private func registerStreams(on board: inout Switchboard) {
        let operations = operations
        let streams = streams
        board.on(Routes.events) { call in
            try .events(await operations.changes(after: call.lastEventID), limit: streams)
        }
        board.on(Routes.auditEvents) { call in
            try .events(await operations.auditEvents(after: call.lastEventID), limit: streams)
        }
        board.on(Routes.executionEvents) { call in
            try .events(await operations.executionEvents(call.execution(), after: call.lastEventID), limit: streams)
        }
        board.on(Routes.buildEvents) { call in
            try .events(await operations.buildEvents(call.build(), after: call.lastEventID), limit: streams)
        }
        board.on(Routes.instanceLogs) { call in
            let lines = try call.integer("lines", in: 0...10_000) ?? 100
            return try .events(
                await operations.logs(of: call.instance(), lines: lines, follow: call.flag("follow")), limit: streams)
        }
    }
}
