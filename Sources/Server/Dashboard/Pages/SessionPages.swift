import ControlPlane
import Core
import HTTPTypes
import Hummingbird
import Wire

/// Coming in, going out, and the files that pages need.
///
/// A one-time secret in a link is not used by following the link, which previews and histories do
/// too: the link shows a form that carries it, and only sending the form uses it up.
struct SessionPages {
    let context: PageContext

    func register(on board: inout Switchboard) {
        let context = context
        board.on(PageRoutes.login) { call in
            .html(Self.login(token: call.query["token"] ?? "", next: call.query["next"], problem: nil))
        }
        board.on(PageRoutes.logIn) { call in try await Self.logIn(call, context) }
        board.on(PageRoutes.logOut) { call in
            _ = try await context.form(call)
            if let cookie = call.request.cookies[Gate.cookieName]?.value { await context.access.logOut(cookie: cookie) }
            var response = Response.redirect(to: "/login")
            response.headers[.setCookie] = Self.cookie("", isSecure: context.isSecure) + "; Max-Age=0"
            return response
        }
        board.on(PageRoutes.asset) { call in
            guard let asset = Assets.all[call.path["asset"] ?? ""] else {
                throw Problem(
                    "asset.unknown", "There is no such file.", cause: "It is not part of the dashboard.",
                    remedy: "Load the page again.")
            }
            var response = Response.text(asset.text, type: asset.type)
            response.headers[.cacheControl] = "public, max-age=31536000, immutable"
            return response
        }
    }

    private static func logIn(_ call: Call, _ context: PageContext) async throws -> Response {
        let form = try await call.form()
        let secret = (form["token"] ?? "").filter { !$0.isWhitespace }
        let next = localPath(form["next"])
        guard secret.utf8.count <= 600, let cookie = await context.access.logIn(secret: secret) else {
            return .html(login(token: "", next: next, problem: Refusal.refused), status: .unauthorized)
        }
        var response = Response.redirect(to: next)
        response.headers[.setCookie] = Self.cookie(cookie, isSecure: context.isSecure)
        return response
    }

    private static func cookie(_ value: String, isSecure: Bool) -> String {
        "\(Gate.cookieName)=\(value); Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
    }

    /// The path, if it is one of this server's; else the overview. `//host` and `/\host` lead
    /// elsewhere.
    static func localPath(_ text: String?) -> String {
        guard let text, text.first == "/", text.utf8.count <= 500, !text.hasPrefix("//"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return "/" }
        return text
    }

    private static func login(token: String, next: String?, problem: Problem?) -> HTML {
        Layout.bare(
            title: "Log in",
            body: """
                <section class="card login">
                  <h1>\(Layout.mark)Apus</h1>
                  \(html(problem, Controls.problem))
                  <form method="post" action="/login"\(token.isEmpty ? "" : " data-submit" as HTML)>
                    <input type="hidden" name="next" value="\(localPath(next))">
                    <label for="token">Token</label>
                    <input id="token" name="token" type="password" value="\(token)" required autocomplete="off" autofocus spellcheck="false">
                    <button class="primary">Log in</button>
                  </form>
                  <p class="muted">An admin makes tokens:<br><code>apus token create --label NAME --role viewer</code></p>
                </section>
                """)
    }
}
