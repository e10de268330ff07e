import ControlPlane
import Core
import Hummingbird
import Wire

/// Overview, hosts, instances and audit.
struct FabricPages {
    let context: PageContext

    func register(on board: inout Switchboard) {
        registerFabric(on: &board)
        registerHosts(on: &board)
    }

    private func registerFabric(on board: inout Switchboard) {
        let context = context
        let operations = context.operations
        board.on(PageRoutes.overview) { call in
            // Shippers of logs that take us for Elasticsearch ask at this address who we are.
            if call.isOfProgram, let answer = LogAcceptEndpoints.handshake(call) { return answer }
            let caller = try call.caller()
            guard caller.role >= .viewer else { throw Refusal.role(caller, needs: .viewer) }
            let status = try await operations.status()
            let text = call.query["filter"] ?? ""
            let grouping = try call.query.filled("group").map { text throws(Problem) in try Filter.Key(text) } ?? .app
            var content = OverviewPage.Content()
            do throws(Problem) {
                content = try await OverviewPage.Content(of: operations, try Filter(text), by: grouping)
            } catch {
                content.fault = error
            }
            return try context.page(call, "Overview", .overview) { viewer in
                OverviewPage(status: status, content: content, filter: text, grouping: grouping, viewer: viewer).body
            }
        }
        board.on(PageRoutes.audit) { call in
            let entries = try await operations.audit(limit: 200, before: try call.integer("before", in: 1...Int64.max))
            return try context.page(call, "Audit", .audit) { AuditPage.body(entries, $0) }
        }
        board.on(PageRoutes.instance) { call in
            let id = try call.instance()
            let instance = try await operations.instance(id)
            return try context.page(call, id.description, .none) {
                "\(InstancePage.body(instance, $0))\(ChartFigure.rows(ReadyPages.instance(id)))"
            }
        }
    }

    private func registerHosts(on board: inout Switchboard) {
        let context = context
        let operations = context.operations
        board.on(PageRoutes.hosts) { call in
            let request = try ListFrame.Request(call)
            let frame = ListFrame(path: "/hosts", noun: "Hosts", request: request, groupings: HostPage.groupings)
            if let key = request.group {
                let groups = request.fault == nil ? try await operations.hostGroups(request.query.filter, by: key) : []
                return try context.page(call, "Hosts", .hosts) { _ in
                    "<h1>Hosts</h1>\(frame.toolbar)\(frame.groups(groups, by: key))"
                }
            }
            let hosts = request.fault == nil ? try await operations.hosts(request.query) : .none
            return try context.page(call, "Hosts", .hosts) {
                "<h1>Hosts</h1>\(frame.toolbar)\(HostPage.list(hosts, frame, $0))"
            }
        }
        board.on(PageRoutes.instances) { call in
            let request = try ListFrame.Request(call)
            let frame = ListFrame(
                path: "/instances", noun: "Instances", request: request, groupings: InstancePage.groupings)
            if let key = request.group {
                let groups =
                    request.fault == nil ? try await operations.instanceGroups(request.query.filter, by: key) : []
                return try context.page(call, "Instances", .instances) { _ in
                    "<h1>Instances</h1>\(frame.toolbar)\(frame.groups(groups, by: key))"
                }
            }
            let instances = request.fault == nil ? try await operations.instances(request.query) : .none
            return try context.page(call, "Instances", .instances) {
                "<h1>Instances</h1>\(frame.toolbar)\(InstancePage.list(instances, frame, $0))"
            }
        }
        board.on(PageRoutes.host) { call in
            let detail = try await operations.host(try call.host())
            return try context.page(call, detail.host.name.text, .hosts, host: detail.host.name) {
                "\(HostPage.body(detail, $0))\(ChartFigure.rows(ReadyPages.host(detail.host.name)))"
            }
        }
        board.on(PageRoutes.drain) { call in
            _ = try await context.form(call)
            return .watch(
                try await operations.drain(call.host(), by: call.caller()), otherwise: "/hosts/\(try call.host())")
        }
        board.on(PageRoutes.undrain) { call in
            _ = try await context.form(call)
            return .watch(
                try await operations.undrain(call.host(), by: call.caller()), otherwise: "/hosts/\(try call.host())")
        }
    }
}

extension ListPart {
    fileprivate static var none: ListPart { ListPart(rows: [], total: 0, offset: 0, next: nil) }
}
