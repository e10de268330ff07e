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
            let status = try await operations.status()
            let text = call.query["filter"] ?? ""
            var fault: Problem?
            var instances: [InstanceView] = []
            do { instances = try await operations.instances(try Filter(text)) } catch { fault = error as? Problem }
            let grouping = OverviewPage.Grouping(rawValue: call.query["group"] ?? "") ?? .app
            return try context.page(call, "Overview", .overview) { viewer in
                OverviewPage(
                    status: status, instances: instances, filter: text, fault: fault, grouping: grouping, viewer: viewer
                ).body
            }
        }
        board.on(PageRoutes.audit) { call in
            let entries = try await operations.audit(limit: 200, before: try call.integer("before", in: 1...Int64.max))
            return try context.page(call, "Audit", .audit) { AuditPage.body(entries, $0) }
        }
        board.on(PageRoutes.instance) { call in
            let id = try call.instance()
            let found = try await operations.instances(try Filter("app=\(id.app) and process=\(id.process)"))
            guard let instance = found.first(where: { $0.id == id }) else {
                throw Problem(
                    "instance.unknown", "There is no such instance.", cause: "\(id) is not in the fabric.",
                    remedy: "Look at the app's page for those that are.")
            }
            return try context.page(call, id.description, .none) { InstancePage.body(instance, $0) }
        }
    }

    private func registerHosts(on board: inout Switchboard) {
        let context = context
        let operations = context.operations
        board.on(PageRoutes.hosts) { call in
            let hosts = try await operations.hosts(.all)
            return try context.page(call, "Hosts", .hosts) { HostPage.list(hosts, $0) }
        }
        board.on(PageRoutes.host) { call in
            let detail = try await operations.host(try call.host())
            return try context.page(call, detail.host.name.text, .hosts) { HostPage.body(detail, $0) }
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
