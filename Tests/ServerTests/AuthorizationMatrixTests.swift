import Core
import HTTPTypes
import Logging
import NIOHTTP1
import Testing
import Wire

@testable import Server

@Suite("Who may call what")
struct AuthorizationMatrixTests {
    static let values = [
        "app": "shop", "host": "web-1", "instance": "shop.web.1.r8", "execution": "e12", "plan": "p7", "build": "b3",
        "token": "t1", "asset": "apus.css", "page": "fabric", "tag": "host", "function": "sumSeries",
    ]

    static func path(_ route: Route) -> String { route.path(route.pathParameters.map { values[$0] ?? "x" }) }

    @Test("Every route of the table has a handler, and nothing else has")
    func everyRouteIsRegistered() throws {
        let server = try FabricServer(
            configuration: .init(port: 0, version: "0.1.0"), operations: FakeFabric(),
            metrics: SampleMetrics().service, logs: SampleLogs().service, access: FakeAccess(),
            logger: Logger(label: "test"))
        let registered = server.makeRouter().1.map { "\($0.method.rawValue) \($0.template)" }.sorted()
        let declared = (Routes.all + PageRoutes.all).map { "\($0.method.rawValue) \($0.template)" }.sorted()
        #expect(registered == declared)
        #expect(Set(declared).count == declared.count)
        #expect(Set(Routes.all.map(\.name)).count == Routes.all.count)
    }

    @Test("Every route of the API answers each kind of caller as its policy says")
    func matrix() async throws {
        try await RunningServer.with { server async throws in
            for route in Routes.all {
                let path = Self.path(route)
                let method = route.method.rawValue
                for secret in [nil, "wrong", "expired", "other-admin"] + Role.allCases.map({ Optional($0.rawValue) }) {
                    let answer = try await server.send(
                        method, path, token: secret, body: route.input == nil ? nil : "{}")
                    let note: Comment =
                        "\(method) \(path) as \(secret ?? "nobody") answered \(answer.status): \(answer.body)"
                    switch Self.expected(route.policy, secret) {
                    case .some(let status): #expect(answer.status == status, note)
                    case nil: #expect(answer.status != 401 && answer.status != 403, note)
                    }
                }
            }
        }
    }

    /// nil: let in.
    static func expected(_ policy: Route.Policy, _ secret: String?) -> Int? {
        guard case .role(let needed) = policy else { return nil }
        switch secret {
        case nil, "wrong", "expired": return 401
        case "other-admin": return 403
        case .some(let word): return (Role(rawValue: word) ?? .viewer) >= needed ? nil : 403
        }
    }

    @Test("A token for every fabric is let in")
    func everywhere() async throws {
        try await RunningServer.with { server async throws in
            #expect(try await server.send("GET", "/v1/status", token: "everywhere").status == 200)
        }
    }

    @Test("A plan that applies a commit needs an operator to approve it")
    func applyPlan() async throws {
        try await RunningServer.with { server async throws in
            #expect(try await server.send("POST", "/v1/plans/p8/approve", token: "deployer").status == 403)
            #expect(try await server.send("POST", "/v1/plans/p8/approve", token: "operator").status == 202)
            #expect(try await server.send("POST", "/v1/plans/p9/approve", token: "deployer").status == 409)
        }
    }

    @Test("A cookie reads the API and changes nothing through it")
    func cookieCannotAct() async throws {
        try await RunningServer.with { server async throws in
            let login = try await server.send(
                "POST", "/login", headers: ["content-type": "application/x-www-form-urlencoded"], body: "token=admin")
            #expect(login.status == 303)
            let cookie = try #require(login.headers.first(name: "set-cookie"))
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
            let headers = ["cookie": String(cookie.prefix { $0 != ";" })]
            #expect(try await server.send("GET", "/v1/status", headers: headers).status == 200)
            #expect(try await server.send("POST", "/v1/apps/shop/rollback", headers: headers, body: "{}").status == 401)
            #expect(server.fabric.acted.isEmpty)
        }
    }

    @Test("A request that another origin's page sends is refused, whatever it carries")
    func crossOrigin() async throws {
        try await RunningServer.with { server async throws in
            for headers in [
                ["origin": "https://evil.example"], ["origin": "null"], ["sec-fetch-site": "cross-site"],
                ["sec-fetch-site": "same-site"],
            ] {
                let answer = try await server.send(
                    "POST", "/v1/apps/shop/rollback", token: "admin", headers: headers, body: "{}")
                #expect(answer.status == 403, "\(headers)")
                let login = try await server.send(
                    "POST", "/login",
                    headers: headers.merging(["content-type": "application/x-www-form-urlencoded"]) { $1 },
                    body: "token=admin")
                #expect(login.status == 403, "\(headers)")
            }
            let own = try await server.send(
                "POST", "/v1/apps/shop/rollback", token: "admin",
                headers: ["origin": server.url, "sec-fetch-site": "same-origin"],
                body: "{}")
            #expect(own.status == 202)
        }
    }
}
