import Core
import Testing
import Wire

@testable import Server

@Suite("Requests that mean harm, or make no sense")
struct HostileRequestTests {
    @Test(
        "Bodies that are refused with a reason",
        arguments: [
            (#"{"reff":"main"}"#, "\"reff\""),
            (#"{"ref":"a","ref":"b"}"#, "twice"),
            (#"{"ref":"a","\u0072ef":"b"}"#, "twice"),
            (#"{"ref":"#, ""),
            (#"[]"#, ""),
            (#"{"now":NaN}"#, ""),
            (#"{"filter":"app="}"#, "At character 5"),
            (#"{"filter":"nonsense=1"}"#, "is not a key"),
            ("{\"ref\":" + String(repeating: "[", count: 100_000), "nested"),
            ("{\"ref\":" + String(repeating: "{\"a\":", count: 100_000), "nested"),
        ])
    func bodies(body: String, says: String) async throws {
        try await RunningServer.with { server async throws in
            let clock = ContinuousClock()
            let start = clock.now
            let answer = try await server.send("POST", "/v1/apps/shop/deploy", token: "deployer", body: body)
            #expect(clock.now - start < .seconds(2))
            #expect(answer.status == 400, "\(answer.body)")
            #expect(answer.body.contains(says.replacing("\"", with: "\\\"")), "\(answer.body)")
            #expect(server.fabric.acted.isEmpty)
        }
    }

    @Test("A body of more than a mebibyte is not read")
    func largeBody() async throws {
        try await RunningServer.with { server async throws in
            let body = "{\"ref\":\"" + String(repeating: "a", count: 2 << 20) + "\"}"
            // The server may answer and close before all is sent.
            if let answer = try? await server.send("POST", "/v1/apps/shop/deploy", token: "deployer", body: body) {
                #expect(answer.status == 413)
            }
            #expect(server.fabric.acted.isEmpty)
        }
    }

    @Test("A form is no JSON")
    func mediaType() async throws {
        try await RunningServer.with { server async throws in
            let answer = try await server.send(
                "POST", "/v1/apps/shop/deploy", token: "deployer", headers: ["content-type": "text/plain"], body: "{}")
            #expect(answer.status == 415)
        }
    }

    @Test(
        "Paths and queries that are refused",
        arguments: [
            "/v1/apps/%2e%2e", "/v1/apps/..%2f..", "/v1/apps/%zz", "/v1/apps/Shop", "/v1/apps/-x",
            "/v1/apps/a%0d%0ab", "/v1/instances/shop/logs", "/v1/instances/shop.web.1.r8/logs?lines=-1",
            "/v1/instances/shop.web.1.r8/logs?lines=99999999999999999999", "/v1/audit?limit=0", "/v1/audit?limt=5",
            "/v1/audit?limit=1&limit=2", "/v1/hosts?filter=%28", "/v1/hosts?filter=host%3D%22a",
            "/v1/executions/%27or%201",
            "/v1/apps/shop/diff?from=1", "/v1/executions?running=maybe",
            "/v1/hosts?after=nonsense", "/v1/hosts?after=.", "/v1/hosts?after=Zm9v.", "/v1/hosts?after=%ff.%ff",
            "/v1/hosts?after=.Li4vZXRj", "/v1/instances?after=.c2hvcA", "/v1/instances?after=.d2ViLTE",
            "/v1/hosts?limit=0", "/v1/hosts?limit=5001", "/v1/hosts?limit=99999999999999999999", "/v1/hosts?offset=-1",
            "/v1/hosts?offset=99999999999", "/v1/hosts?offset=1&after=.d2ViLTE", "/v1/hosts?sort=colur",
            "/v1/hosts?sort=--zone", "/v1/hosts?sort=label.", "/v1/instances?sort=%3Cscript%3E",
            "/v1/hosts?page=2", "/v1/groups/hosts", "/v1/groups/hosts?by=", "/v1/groups/instances?by=nonsense",
            "/v1/groups/instances?by=zone&limit=0", "/v1/groups/instances?by=zone&filter=%28",
            "/hosts?limit=5001", "/hosts?sort=nonsense", "/instances?group=nonsense", "/instances?offset=x",
            "/?group=no",
        ])
    func paths(path: String) async throws {
        try await RunningServer.with { server async throws in
            let answer = try await server.send("GET", path, token: "admin")
            #expect(answer.status == 400, "\(path) answered \(answer.status): \(answer.body)")
            #expect(answer.body.contains("\"remedy\""))
        }
    }

    @Test("Escapes are read strictly, and once")
    func escapes() throws {
        #expect(FormFields.decoded("%ff", plusIsSpace: false) == nil)
        #expect(FormFields.decoded("%c0%af", plusIsSpace: false) == nil)
        #expect(FormFields.decoded("%2", plusIsSpace: false) == nil)
        #expect(FormFields.decoded("%252e+", plusIsSpace: false) == "%2e+")
        #expect(try FormFields("a=1+2&b=%3D&c").values == ["a": "1 2", "b": "=", "c": ""])
    }

    @Test("What is unknown is not found, in the API's own words")
    func unknown() async throws {
        try await RunningServer.with { server async throws in
            let answer = try await server.send("GET", "/v1/nothing", token: "admin")
            #expect(answer.status == 404)
            #expect(answer.body.contains("route.unknown"))
            let method = try await server.send("DELETE", "/v1/status", token: "admin")
            #expect(method.status == 404 || method.status == 405)
        }
    }

    @Test(
        "Bearer headers that are refused",
        arguments: [
            "Basic YTpi", "Bearer", "Bearer ", "bearer  admin", "Bearer " + String(repeating: "x", count: 5000),
        ])
    func bearer(header: String) async throws {
        try await RunningServer.with { server async throws in
            #expect(try await server.send("GET", "/v1/status", headers: ["authorization": header]).status == 401)
        }
    }

    @Test("Plain HTTP is for loopback addresses")
    func plainHTTP() {
        #expect { try FabricServer.sample(address: "0.0.0.0") } throws: { ($0 as? Problem)?.code == "server.insecure" }
    }
}
