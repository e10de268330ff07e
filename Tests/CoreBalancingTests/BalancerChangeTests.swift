import Testing

@testable import Core

@Suite struct BalancerChangeTests {
    @Test("The same configuration is no change") func none() {
        #expect(BalancerChange(from: Sample.shop, to: Sample.shop) == .none)
    }

    @Test("Listeners, routes and options of a backend need a reload") func reload() {
        let edits: [(inout BalancerConfiguration) -> Void] = [
            { $0.listeners[0].port = 1 }, { $0.listeners[0].certificate = "x" }, { $0.routes[0].path = "/x" },
            { $0.routes[0].cors = ["x"] }, { $0.backends[0].healthPath = nil }, { $0.backends[0].sticky = .source },
            { $0.backends.append(.init(name: "a.b", servers: [])) }, { $0.statisticsPort = 1 },
        ]
        for edit in edits {
            var next = Sample.shop
            edit(&next)
            #expect(BalancerChange(from: Sample.shop, to: next) == .reload)
        }
    }

    @Test("An instance that moves is a server on each of its hosts while it does") func move() throws {
        let (old, new) = (try HostName("web-1"), try HostName("web-2"))
        var before = Sample.shop
        before.backends[0].servers = [Sample.server("shop.web.1.r1", port: 9001, on: old)]
        var next = before
        next.backends[0].servers = [
            Sample.server("shop.web.1.r1", port: 9001, .draining, on: old),
            Sample.server("shop.web.1.r1", port: 9002, on: new),
        ]
        guard case .servers(let changes) = BalancerChange(from: before, to: next) else {
            Issue.record("a reload")
            return
        }
        let commands = try HAProxyRuntime.commands(for: changes).map(\.text)
        #expect(commands.contains { $0.hasPrefix("add server shop.web/shop.web.1.r1:web-2 127.0.0.2:9002 ") })
        #expect(commands.contains("set server shop.web/shop.web.1.r1:web-1 weight 0"))
    }

    @Test("What takes over comes before what is relieved, so that no backend is empty") func order() throws {
        var next = Sample.shop
        next.backends[0].servers = [
            Sample.server("shop.web.1.r1", port: 9001, .standby), Sample.server("shop.web.1.r2", port: 9002, .serving),
            Sample.server("shop.web.3.r2", port: 9004, .serving),
        ]
        guard case .servers(let changes) = BalancerChange(from: Sample.shop, to: next) else {
            Issue.record("a reload")
            return
        }
        let commands = try HAProxyRuntime.commands(for: changes).map(\.text)
        #expect(
            commands.filter { !$0.contains(":once/") } == [
                "experimental-mode on",
                "add server shop.web/shop.web.3.r2 127.0.0.2:9004 \(HAProxyConfiguration.serverOptions.text) weight 100",
                "enable health shop.web/shop.web.3.r2",
                "set server shop.web/shop.web.3.r2 state ready",
                "set server shop.web/shop.web.1.r2 weight 100",
                "set server shop.web/shop.web.1.r2 state ready",
                "set server shop.web/shop.web.1.r2 health up",
                "set server shop.web/shop.web.1.r1 state maint",
                "set server shop.web/shop.web.1.r1 weight 100",
                "set server shop.web/shop.web.2.r1 state maint",
            ])
        #expect(
            commands.filter { $0.contains(":once/") }.map { $0.replacing(":once/", with: "/") }
                == commands.dropFirst().filter { !$0.contains(":once/") })
        #expect(
            try HAProxyRuntime.removals(for: changes).map(\.text) == [
                "experimental-mode on", "del server shop.web/shop.web.2.r1", "del server shop.web:once/shop.web.2.r1",
            ])
    }

    @Test("What HAProxy shows is compared server by server") func serversState() {
        let text = """
            1
            # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_port
            3 shop.web 1 shop.web.1.r1 127.0.0.2 2 0 100 9001
            3 shop.web 2 shop.web.1.r2 127.0.0.2 0 5 100 9002
            3 shop.web 3 shop.web.2.r1 127.0.0.2 0 0 0 9003
            4 shop.web:once 1 shop.web.1.r1 127.0.0.2 2 0 100 9001
            4 shop.web:once 2 shop.web.1.r2 127.0.0.2 0 5 100 9002
            4 shop.web:once 3 shop.web.2.r1 127.0.0.2 0 0 0 9003
            """
        #expect(HAProxyRuntime.serversState(text, shows: Sample.shop))
        var other = Sample.shop
        other.backends[0].servers[1].standing = .serving
        #expect(!HAProxyRuntime.serversState(text, shows: other))
        #expect(!HAProxyRuntime.serversState("", shows: Sample.shop))
        #expect(!HAProxyRuntime.serversState(text.replacing("once 3", with: "twice 3"), shows: Sample.shop))
    }
}
