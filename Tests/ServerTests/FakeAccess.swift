import ControlPlane
import Core
import Synchronization
import Wire

/// Tokens in memory: the secret of a role is its name, `other-ROLE` is for another fabric, and
/// `expired` is refused.
final class FakeAccess: AccessOperations {
    private let sessions = Mutex<[String: DashboardSession]>([:])
    private let oneTime = Mutex<Set<String>>(Set(["one-time"] + (0..<100).map { "one-time-\($0)" }))

    func authenticate(bearer secret: String) async -> Principal? {
        if let role = Role(rawValue: secret) {
            return Principal(label: secret, role: role, fabric: FabricName(checked: "prod"), tokenID: "t-\(secret)")
        }
        if secret.hasPrefix("other-"), let role = Role(rawValue: String(secret.dropFirst(6))) {
            return Principal(label: secret, role: role, fabric: FabricName(checked: "staging"), tokenID: "t-\(secret)")
        }
        if secret == "everywhere" { return Principal(label: secret, role: .admin, fabric: nil, tokenID: "t-all") }
        return nil
    }

    func tokens() async throws(Problem) -> [TokenView] {
        [TokenView(id: "t1", label: "ada", role: .admin, createdAt: SampleFabric.now, createdBy: "apus")]
    }
    func createToken(_ request: TokenRequest, by principal: Principal) async throws(Problem) -> IssuedTokenView {
        let token = TokenView(
            id: "t2", label: request.label, role: request.role, fabric: request.fabric, createdAt: SampleFabric.now,
            createdBy: principal.label)
        return IssuedTokenView(token: token, secret: "apus_secret")
    }
    func revokeToken(_ id: String, by principal: Principal) async throws(Problem) {
        guard id == "t1" else {
            throw Problem(
                "token.unknown", "There is no such token.", cause: "\(id) is not known.", remedy: "List them.")
        }
    }
    func createJoinToken(_ request: JoinTokenRequest, by principal: Principal) async throws(Problem) -> JoinTokenView {
        JoinTokenView(host: request.host, secret: "join", expiresAt: SampleFabric.now)
    }

    func revokeHost(_ host: HostName, by principal: Principal) async throws(Problem) {}

    func logIn(secret: String) async -> String? {
        let isOneTime = oneTime.withLock { $0.remove(secret) != nil }
        guard let principal = await authenticate(bearer: isOneTime ? "admin" : secret) else { return nil }
        let cookie = "cookie-\(secret)"
        sessions.withLock { $0[cookie] = DashboardSession(principal: principal, csrf: "csrf-\(secret)") }
        return cookie
    }
    func session(cookie: String) async -> DashboardSession? { sessions.withLock { $0[cookie] } }
    func logOut(cookie: String) async { _ = sessions.withLock { $0.removeValue(forKey: cookie) } }
}
