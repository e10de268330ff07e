import Core
import Simulation
import Testing

@Suite("The order between apps")
struct AppOrderTests {
    private static func name(_ text: String) -> AppName { AppName(checked: text) }

    @Test("apps come behind those that they come after, and a circle is found")
    func order() {
        let name = Self.name
        let order = AppOrder(after: [
            name("a"): [name("z")], name("z"): [name("m")], name("m"): [], name("b"): [],
        ])
        #expect(order.sorted(["a", "b", "m", "z"].map(name)).map(\.text) == ["m", "z", "a", "b"])
        #expect(order.sorted(["a", "m"].map(name)).map(\.text) == ["m", "a"])
        #expect(order.ancestors(of: name("a")) == [name("z"), name("m")])
        #expect(order.cycle == nil)
        let circle = AppOrder(after: [name("a"): [name("b")], name("b"): [name("c")], name("c"): [name("b")]])
        #expect(circle.cycle.map(Set.init) == [name("b"), name("c")])
        #expect(AppOrder(after: [name("a"): [name("a")]]).cycle == [name("a")])
    }

    /// `mail` after `shop` after `db`, each with one instance; all deployed.
    private func fleet() throws -> SimulatedFleet {
        var configuration = SampleFabric.configuration()
        let host = SampleFabric.host("web-1")
        configuration.hosts[host.name] = host
        for (app, after) in [("shop", ["db"]), ("db", []), ("mail", ["shop"])] {
            var spec = SampleFabric.app(app, processes: [SampleFabric.process("web")])
            spec.after = after.map(Self.name)
            spec.rollout.settle = .seconds(0)
            configuration.apps[spec.name] = spec
        }
        var fleet = SimulatedFleet(seed: 1, delays: .fixed)
        fleet.configure(configuration)
        fleet.run(for: .seconds(1))
        for app in ["db", "shop", "mail"].map(Self.name) {
            let spec = try #require(configuration.apps[app])
            fleet.add(SampleFabric.release(spec, 1))
            try fleet.request(.init(app: app, kind: .deploy, release: 1, requestedBy: "ana"))
            fleet.settle(within: .minutes(1))
        }
        return fleet
    }

    private func begun(_ fleet: SimulatedFleet, since count: Int) -> [String] {
        fleet.announcements.dropFirst(count).compactMap { happening in
            switch happening {
            case .executionStarted(_, let app, _): "begin \(app)"
            case .executionChanged(_, let app, .succeeded): "done \(app)"
            default: nil
            }
        }
    }

    private static let inOrder = ["begin db", "done db", "begin shop", "done shop", "begin mail", "done mail"]

    @Test("what comes up from nothing comes up in order")
    func comesUp() throws {
        var fleet = try fleet()
        let web = ProcessName(checked: "web")
        fleet.override {
            $0.scale = [Self.name("db"): [web: 0], Self.name("shop"): [web: 0], Self.name("mail"): [web: 0]]
        }
        fleet.settle(within: .minutes(1))
        let count = fleet.announcements.count
        fleet.override { $0.scale = [:] }
        fleet.settle(within: .minutes(1))
        #expect(begun(fleet, since: count) == Self.inOrder)
    }

    @Test("what leaves git together leaves in the reverse order")
    func leaves() throws {
        var fleet = try fleet()
        var configuration = try #require(fleet.orchestrator.desired?.configuration)
        configuration.apps = [:]
        let count = fleet.announcements.count
        fleet.configure(configuration)
        fleet.settle(within: .minutes(1))
        #expect(
            begun(fleet, since: count).filter { $0.hasPrefix("begin") } == ["begin mail", "begin shop", "begin db"])
        #expect(fleet.orchestrator.records.keys.isEmpty)
    }

    @Test("an app that serves is repaired whatever has become of those before it")
    func repaired() throws {
        var fleet = try fleet()
        let web = ProcessName(checked: "web")
        fleet.behaviours[Self.name("db")] = [1: .crashes]
        fleet.kill(try InstanceID("db.web.1.r1"), on: HostName(checked: "web-1"))
        let count = fleet.announcements.count
        fleet.override { $0.scale = [Self.name("shop"): [web: 2]] }
        fleet.settle(within: .minutes(1))
        #expect(begun(fleet, since: count).contains("done shop"))
    }
}
