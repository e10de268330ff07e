import Core
import FoundationEssentials
import HTTPTypes
import NIOHTTP1
import Testing
import Wire

@testable import Server

@Suite("The dashboard")
struct DashboardTests {
    static let pages = [
        "/", "/?group=host", "/?group=zone&filter=app%3Dshop", "/?group=release", "/?filter=%28", "/apps/shop",
        "/apps/search",
        "/apps/fresh", "/apps/shop/diff?from=6&to=7", "/plans/p7", "/plans/p8", "/plans/p9", "/executions",
        "/executions/e12",
        "/executions/e11", "/builds/b3", "/hosts", "/hosts/web-6", "/hosts/web-5", "/hosts/edge-1", "/audit",
        "/doctor", "/commit", "/tokens",
        "/instances/search.web.2.r2", "/hosts?group=zone&filter=not+host%3Dweb-1", "/hosts?sort=-colour&offset=2",
        "/hosts?filter=%28", "/instances", "/instances?group=release", "/instances?filter=%22%3E%3Cscript%3E&group=app",
        "/instances?sort=host&offset=3&limit=2", "/instances?filter=app%3Dnone", "/?group=label.tier",
        "/graphs", "/graphs?target=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&from=-6h", "/graphs/fabric",
    ]

    /// A browser's headers, logged in as the role.
    static func browser(_ server: RunningServer, _ role: String) async throws -> [String: String] {
        let login = try await server.send(
            "POST", "/login", headers: ["content-type": "application/x-www-form-urlencoded"], body: "token=\(role)")
        let cookie = login.headers.first(name: "set-cookie") ?? ""
        return ["cookie": String(cookie.prefix { $0 != ";" }), "accept": "text/html"]
    }

    static func post(_ server: RunningServer, _ path: String, _ headers: [String: String], _ form: String) async throws
        -> RunningServer.Answer
    {
        try await server.send(
            "POST", path, headers: headers.merging(["content-type": "application/x-www-form-urlencoded"]) { $1 },
            body: form)
    }

    @Test("No page turns a name, a line or a problem into markup", arguments: pages)
    func escaping(path: String) async throws {
        try await RunningServer.with { server async throws in
            let page = try await server.send("GET", path, headers: try await Self.browser(server, "admin"))
            #expect(page.status == 200)
            #expect(page.body.hasPrefix("<!doctype html>"))
            // The only scripts are the dashboard's own, and nothing is inline.
            #expect(page.body.components(separatedBy: "<script").count == 3)
            #expect(
                !page.body.contains("style=") && !page.body.contains("onclick") && !page.body.contains("javascript:"))
            #expect(!page.body.contains("alert('"))
            #expect(page.body.components(separatedBy: "id=\"main\"").count == 2)
        }
    }

    @Test("A token is made and its secret shown in the answer alone; a commit is looked at and applied")
    func control() async throws {
        try await RunningServer.with { server async throws in
            let headers = try await Self.browser(server, "admin")
            let made = try await Self.post(
                server, "/tokens", headers, "csrf=csrf-admin&label=ci%3Cb%3E&role=deployer&days=30")
            #expect(made.status == 200 && made.body.contains("apus_secret") && made.body.contains("ci&lt;b&gt;"))
            let list = try await server.send("GET", "/tokens", headers: headers)
            #expect(!list.body.contains("apus_secret") && list.body.contains("/tokens/t1/revoke"))
            #expect(try await Self.post(server, "/tokens/t1/revoke", headers, "csrf=csrf-admin").status == 303)
            for form in ["label=x&role=king", "label=x&role=viewer&days=0", "label=x&role=viewer&days=9999999999"] {
                #expect(try await Self.post(server, "/tokens", headers, "csrf=csrf-admin&\(form)").status == 400)
            }
            #expect(try await Self.post(server, "/tokens", headers, "label=x&role=viewer").status == 403)
            let commit = try await server.send("GET", "/commit", headers: headers)
            #expect(commit.body.contains("apps.blog") && commit.body.contains(">Apply</button>"))
            let applied = try await Self.post(
                server, "/commit", headers, "csrf=csrf-admin&commit=\(SampleFabric.commit)")
            #expect(applied.status == 303)
            #expect(server.fabric.acted.contains("admin: apply \(SampleFabric.commit)"))
            let viewer = try await Self.browser(server, "viewer")
            #expect(try await server.send("GET", "/tokens", headers: viewer).status == 403)
            #expect(try await !server.send("GET", "/commit", headers: viewer).body.contains(">Apply</button>"))
        }
    }

    @Test("Pages say what they should")
    func contents() async throws {
        try await RunningServer.with { server async throws in
            let headers = try await Self.browser(server, "admin")
            func page(_ path: String) async throws -> String {
                try await server.send("GET", path, headers: headers).body
            }
            let overview = try await page("/")
            #expect(overview.contains("aria-label=\"shop.web.1.r8 on web-1: healthy\""))
            #expect(overview.contains("none of") == false)
            #expect(overview.contains("held at") == false)
            #expect(try await page("/apps/shop").contains("Roll back to r7"))
            #expect(try await page("/plans/p7").contains("-/+"))
            #expect(try await page("/plans/p7").contains("action=\"/plans/p7/approve\""))
            #expect(try await page("/plans/p9").contains("It is stale"))
            #expect(try await page("/plans/p9").contains("/approve\"") == false)
            #expect(try await page("/executions/e12").contains("&lt;script&gt;alert(&#39;output&#39;)"))
            #expect(try await page("/executions/e12").contains("\u{1B}") == false)
            #expect(try await page("/hosts/web-5").contains("Take instances again"))
            #expect(try await page("/?filter=%28").contains("At character 2"))
            #expect(try await page("/apps/shop/diff?from=6&to=7").contains("<td>+</td>"))
        }
    }

    @Test("A viewer sees no forms, and may send none", arguments: ["viewer", "deployer", "operator"])
    func roles(role: String) async throws {
        try await RunningServer.with { server async throws in
            let headers = try await Self.browser(server, role)
            let rank = try #require(Role(rawValue: role))
            let app = try await server.send("GET", "/apps/shop", headers: headers).body
            #expect(app.contains("/apps/shop/rollback") == (rank >= .deployer))
            let host = try await server.send("GET", "/hosts/web-1", headers: headers).body
            #expect(host.contains("/hosts/web-1/drain") == (rank >= .operator))
            let plan = try await server.send("GET", "/plans/p8", headers: headers).body
            #expect(plan.contains("/plans/p8/approve") == (rank >= .operator))
            for route in PageRoutes.all where route.method == .post {
                guard case .role(let needed) = route.policy, needed > rank else { continue }
                let path = AuthorizationMatrixTests.path(route)
                #expect(try await Self.post(server, path, headers, "csrf=csrf-\(role)").status == 403, "\(path)")
            }
            #expect(server.fabric.acted.isEmpty)
        }
    }

    @Test("Without a session every page leads to the login, and back")
    func login() async throws {
        try await RunningServer.with { server async throws in
            for route in PageRoutes.all {
                guard case .role = route.policy else { continue }
                let path = AuthorizationMatrixTests.path(route)
                let answer = try await server.send(route.method.rawValue, path, headers: ["accept": "text/html"])
                if route.method == .get {
                    #expect(answer.status == 303, "\(path)")
                    #expect(answer.headers.first(name: "location")?.hasPrefix("/login") == true)
                } else {
                    #expect(answer.status == 401, "\(path)")
                }
            }
            let back = try await Self.post(server, "/login", [:], "token=viewer&next=%2Fapps%2Fshop")
            #expect(back.headers.first(name: "location") == "/apps/shop")
            let wrong = try await Self.post(server, "/login", [:], "token=wrong")
            #expect(wrong.status == 401 && wrong.headers.first(name: "set-cookie") == nil)
        }
    }

    @Test(
        "The login leads nowhere else",
        arguments: [
            "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nSet-Cookie: x=1", "javascript:alert(1)",
            "", "/\u{202E}",
        ])
    func openRedirect(next: String) {
        #expect(SessionPages.localPath(next) == "/")
    }

    @Test("A one-time link is used by its form alone, and once")
    func oneTimeLink() async throws {
        try await RunningServer.with { server async throws in
            for _ in 1...2 {
                let page = try await server.send("GET", "/login?token=one-time")
                #expect(page.status == 200 && page.body.contains("data-submit"))
            }
            #expect(try await Self.post(server, "/login", [:], "token=one-time").status == 303)
            #expect(try await Self.post(server, "/login", [:], "token=one-time").status == 401)
        }
    }

    @Test("Forms need the session's secret, and then they act")
    func forms() async throws {
        try await RunningServer.with { server async throws in
            let headers = try await Self.browser(server, "admin")
            for form in ["", "csrf=", "csrf=wrong", "csrf=csrf-viewer"] {
                #expect(try await Self.post(server, "/apps/shop/rollback", headers, form).status == 403, "\(form)")
            }
            #expect(server.fabric.acted.isEmpty)
            let csrf = "csrf=csrf-admin"
            let deploy = try await Self.post(server, "/apps/shop/deploy", headers, csrf + "&ref=v2")
            #expect(deploy.headers.first(name: "location") == "/builds/b3")
            let rollback = try await Self.post(server, "/apps/shop/rollback", headers, csrf + "&release=7")
            #expect(rollback.headers.first(name: "location") == "/executions/e12")
            let plan = try await Self.post(server, "/apps/shop/plan", headers, csrf + "&ref=")
            #expect(plan.headers.first(name: "location") == "/plans/p7")
            _ = try await Self.post(server, "/apps/shop/scale", headers, csrf + "&process=web&count=")
            _ = try await Self.post(server, "/hosts/web-1/drain", headers, csrf)
            _ = try await Self.post(server, "/plans/p7/approve", headers, csrf)
            _ = try await Self.post(server, "/executions/e12/control", headers, csrf + "&action=cancelStep&step=13")
            #expect(
                server.fabric.acted == [
                    "admin: deploy shop v2", "admin: rollback shop r7", "admin: plan deploy shop",
                    "admin: scale shop.web git",
                    "admin: drain web-1", "admin: approve p7", "admin: cancelStep e12 step 13",
                ])
            let out = try await Self.post(server, "/logout", headers, csrf)
            #expect(out.status == 303)
            #expect(try await server.send("GET", "/", headers: headers).status == 303)
        }
    }
}

@Suite("Markup")
struct HTMLTests {
    @Test("Interpolated text is escaped scalar by scalar")
    func escaping() {
        let quote = "\"\u{301} onmouseover=alert(1) <\u{301}b>&'"
        let page: HTML = #"<p title="\#(quote)">\#("x" as HTML)</p>"#
        #expect(page.text == "<p title=\"&quot;\u{301} onmouseover=alert(1) &lt;\u{301}b&gt;&amp;&#39;\">x</p>")
        #expect(HTML.escape("a\u{202E}b\u{0}\r") == "a\\u{202e}b\\u{0}\\u{d}")
    }

    @Test("Times read as people read them")
    func times() {
        #expect(Clock.text(.init(milliseconds: 0)) == "1970-01-01 00:00:00Z")
        #expect(Clock.text(.init(milliseconds: 951_782_399_000)) == "2000-02-28 23:59:59Z")
        #expect(Clock.text(.init(milliseconds: 1_709_208_000_000)) == "2024-02-29 12:00:00Z")
        #expect(Clock.text(.init(milliseconds: -1000)) == "1969-12-31 23:59:59Z")
        #expect(Clock.ago(.init(milliseconds: 0), .init(milliseconds: 42_500)) == "42 s ago")
        #expect(Clock.ago(.init(milliseconds: 1_500_000), .init(milliseconds: 0)) == "in 25 min")
    }

    @Test("Output loses a terminal's colours, and keeps its text")
    func terminal() {
        #expect(Controls.plain("\u{1B}[1;31mred\u{1B}[0m \u{1B}]x") == "red x")
    }
}
