import ControlPlane
import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Wire

/// Decides who is let in, by the route's policy.
///
/// A program shows a bearer token. A browser shows its session's cookie, which counts for reading
/// and for the dashboard's own forms alone: those carry the session's secret, and come from this
/// origin. So a page elsewhere can make a browser do nothing here.
struct Gate: Sendable {
    static let cookieName = "apus_session"

    struct Admission: Sendable {
        var principal: Principal?
        var session: DashboardSession?
    }

    let fabric: FabricName
    let access: any AccessOperations

    /// - Throws: one of `Refusal`.
    func admit(_ request: Request, _ route: Route) async throws(Problem) -> Admission {
        if Self.isUnsafe(route.method), Self.isCrossOrigin(request.head) { throw Refusal.crossOrigin }
        guard case .role(let role) = route.policy else { return Admission() }
        let admission = try await identify(request, route)
        guard let principal = admission.principal else { throw Refusal.missing }
        if let theirs = principal.fabric, theirs != fabric { throw Refusal.otherFabric(principal, fabric) }
        guard principal.role >= role else { throw Refusal.role(principal, needs: role) }
        return admission
    }

    /// Whether the session's secret came with the form.
    static func isGenuine(_ form: FormFields, _ session: DashboardSession) -> Bool {
        isEqual(form["csrf"] ?? "", session.csrf)
    }

    private func identify(_ request: Request, _ route: Route) async throws(Problem) -> Admission {
        if let header = request.headers[.authorization] {
            guard header.utf8.count <= 1200, let secret = Self.secret(in: header) else { throw Refusal.refused }
            guard let principal = try await access.authenticate(bearer: secret) else { throw Refusal.refused }
            return Admission(principal: principal)
        }
        // The API's own actions are for tokens alone.
        let takesCookie = !Self.isUnsafe(route.method) || !route.template.hasPrefix("/v1/")
        guard takesCookie, let cookie = request.cookies[Self.cookieName]?.value, cookie.utf8.count <= 600,
            let session = await access.session(cookie: cookie)
        else { return Admission() }
        return Admission(principal: session.principal, session: session)
    }

    /// The token: `Bearer TOKEN`, or the password of `Basic`, which is all that some programs can send.
    static func secret(in header: String) -> String? {
        let scheme = header.prefix { $0 != " " }.lowercased()
        let rest = header.dropFirst(scheme.count + 1)
        if scheme == "bearer" { return rest.utf8.count <= 600 ? String(rest) : nil }
        guard scheme == "basic", let decoded = Data(base64Encoded: String(rest)),
            let text = String(validating: decoded, as: UTF8.self), let colon = text.firstIndex(of: ":")
        else { return nil }
        return String(text[text.index(after: colon)...])
    }

    static func isUnsafe(_ method: HTTPRequest.Method) -> Bool { method != .get && method != .head }

    /// Browsers say where a request comes from; other programs say nothing, and carry no cookie.
    static func isCrossOrigin(_ head: HTTPRequest) -> Bool {
        if let site = head.headerFields[.fetchSite] { return site != "same-origin" && site != "none" }
        guard let origin = head.headerFields[.origin] else { return false }
        guard let authority = head.authority, let host = origin.split(separator: "/").last, origin.contains("://")
        else {
            return true
        }
        return host.lowercased() != authority.lowercased()
    }

    /// Takes as long for a wrong text as for the right one.
    private static func isEqual(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count, !right.isEmpty else { return false }
        return zip(left.utf8, right.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
