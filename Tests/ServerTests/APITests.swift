import ControlPlane
import Core
import FoundationEssentials
import NIOHTTP1
import Synchronization
import Testing
import Wire

@testable import Server

@Suite("The API over HTTP")
struct APITests {
    private func withClient<Result: Sendable>(
        _ body: @Sendable (RunningServer, APIClient) async throws -> Result
    ) async throws -> Result {
        try await RunningServer.with { server async throws in
            let client = try server.client()
            do {
                let result = try await body(server, client)
                await client.shutdown()
                return result
            } catch {
                await client.shutdown()
                throw error
            }
        }
    }

    @Test("What the facade says arrives in the client's types")
    func reading() async throws {
        try await withClient { _, client async throws in
            let views = try SampleFabric.views()
            #expect(try await client.status().apps == views.apps)
            #expect(try await client.hosts() == views.hosts)
            #expect(try await client.instances() == views.instances)
            #expect(
                try await client.host(HostName("web-6")).instances.map(\.id.description).sorted() == [
                    "search.web.2.r2", "shop.web.4.r8", "shop.worker.3.r8",
                ])
            #expect(try await client.app(AppName("shop")).releases.map(\.number) == [8, 7, 6, 5, 4, 3])
            #expect(
                try await client.releaseDiff(of: AppName("shop"), from: 6, to: 7).files.map(\.path) == ["config.json"])
            #expect(try await client.execution(ExecutionID("e12")) == SampleFabric.execution())
            #expect(try await client.plan(PlanID("p7")) == SampleFabric.planView())
            #expect(try await client.audit(limit: 2).count == 2)
            #expect(try await client.configuration().fabric.text == "prod")
            #expect(try await client.version().version == "0.1.0")
            #expect(try await client.executions(running: true).count == 1)
            #expect(try await client.tokens().count == 1)
            _ = try await client.doctor()
            _ = try await client.validation()
            _ = try await client.delta()
            _ = try await client.build(BuildID("b3"))
        }
    }

    @Test("A filter goes to the server as it was written")
    func filter() async throws {
        try await withClient { _, client async throws in
            let found = try await client.instances(Filter("app=shop and zone=b and not process=worker"))
            #expect(
                found.map(\.id.description) == ["shop.web.2.r7", "shop.web.2.r8", "shop.web.4.r7", "shop.web.4.r8"])
        }
    }

    @Test("Actions reach the facade with the caller's name")
    func acting() async throws {
        try await withClient { server, client async throws in
            let shop = try AppName("shop")
            #expect(try await client.deploy(shop, DeployRequest(ref: "v2")).build?.text == "b3")
            _ = try await client.rollback(shop)
            _ = try await client.scale(shop, ScaleRequest(process: ProcessName("web"), count: 6))
            _ = try await client.drain(HostName("web-1"))
            _ = try await client.undrain(HostName("web-1"))
            _ = try await client.apply()
            _ = try await client.makePlans(PlanRequest(purpose: .deploy, app: shop))
            _ = try await client.approve(PlanID("p7"))
            _ = try await client.control(ExecutionID("e12"), ControlRequest(action: .cancelStep, step: 3))
            #expect(try await client.createToken(TokenRequest(label: "ci", role: .deployer)).secret == "apus_secret")
            try await client.revokeToken("t1")
            _ = try await client.createJoinToken()
            #expect(
                server.fabric.acted == [
                    "admin: deploy shop v2", "admin: rollback shop before", "admin: scale shop.web 6",
                    "admin: drain web-1",
                    "admin: undrain web-1", "admin: apply head", "admin: plan deploy shop", "admin: approve p7",
                    "admin: cancelStep e12 step 3",
                ])
        }
    }

    @Test("Problems arrive as they were thrown")
    func problems() async throws {
        try await withClient { _, client async throws in
            await #expect { try await client.app(AppName("nothing")) } throws: {
                ($0 as? Problem)?.code == "app.unknown"
            }
            await #expect { try await client.approve(PlanID("p9")) } throws: { ($0 as? Problem)?.code == "plan.stale" }
        }
    }

    @Test("A server that is not there is a problem with a remedy")
    func unreachable() async throws {
        let client = try APIClient(APIAddress("http://127.0.0.1:1", token: "x"))
        await #expect { try await client.status() } throws: { ($0 as? Problem)?.code == "server.unreachable" }
        await client.shutdown()
    }

    @Test(
        "A token is not sent in the clear to another machine",
        arguments: [
            "http://example.com", "http://10.0.0.1:2787", "http://localhost.evil.example", "ftp://127.0.0.1", "http://",
            "http://a b", "http://127.0.0.1@evil.example", "http://127.evil.example",
        ])
    func insecureAddress(url: String) {
        #expect(throws: Problem.self) { try APIAddress(url, token: "x") }
    }

    @Test("Streams arrive in order and end where the server says so")
    func streams() async throws {
        try await withClient { _, client async throws in
            var kinds: [ExecutionEvent.Kind] = []
            for try await event in client.executionEvents(try ExecutionID("e12")) { kinds.append(event.kind) }
            #expect(kinds == [.stepStarted, .output, .stepEnded, .state])
            var lines: [String] = []
            for try await line in client.logs(of: try InstanceID("shop.web.1.r8"), lines: 2) { lines.append(line.text) }
            #expect(lines == ["<script>alert('log line')</script>", "\u{1B}[32mready\u{1B}[0m"])
            var release: Int?
            for try await event in client.buildEvents(try BuildID("b3")) { release = event.build?.release ?? release }
            #expect(release == 8)
        }
    }

    @Test("A change arrives while the stream is open, and shutting down ends the stream")
    func changes() async throws {
        try await withClient { server, client async throws in
            var iterator = client.changes().makeAsyncIterator()
            async let poke: Void = {
                while server.fabric.readers == 0 { await Task.yield() }
                server.fabric.change(7)
            }()
            #expect(try await iterator.next()?.sequence == 7)
            await poke
        }
    }

    @Test("A reader that comes back goes on behind the last event that it has")
    func resume() async throws {
        try await RunningServer.with { server async throws in
            var request = try await server.raw("/v1/executions/e12/events", headers: ["last-event-id": "2"])
            let text = try await request.readAll()
            #expect(!text.contains("id: 2\n"))
            #expect(text.contains("id: 3\nevent: stepEnded\ndata: {"))
            #expect(text.hasSuffix("event: end\ndata: {}\n\n"))
        }
    }

    @Test(
        "Every answer carries a number and the headers that keep browsers careful",
        arguments: ["/v1/status", "/nothing", "/healthz", "/login"])
    func headers(path: String) async throws {
        try await RunningServer.with { server async throws in
            let answer = try await server.send("GET", path)
            #expect(answer.headers.first(name: "x-request-id")?.isEmpty == false)
            #expect(answer.headers.first(name: "x-content-type-options") == "nosniff")
            #expect(answer.headers.first(name: "referrer-policy") == "no-referrer")
            let policy = try #require(answer.headers.first(name: "content-security-policy"))
            #expect(
                policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'")
                    && !policy.contains("unsafe"))
        }
    }

    @Test("Readiness, counters and health")
    func server() async throws {
        try await RunningServer.with { server async throws in
            #expect(try await server.send("GET", "/readyz").status == 200)
            server.fabric.isReady.withLock { $0 = false }
            let unready = try await server.send("GET", "/readyz")
            #expect(unready.status == 503 && unready.body == "not ready: server.not-ready\n")
            let metrics = try await server.send("GET", "/metrics", token: "viewer")
            #expect(metrics.body.contains("apus_http_requests_total{method=\"get\",status=\"503\"} 1"))
            #expect(metrics.body.contains("apus_instances{app=\"search\",colour=\"red\"} 1"))
        }
    }
}
