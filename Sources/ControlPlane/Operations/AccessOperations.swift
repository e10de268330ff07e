package import Core
package import Wire

/// A browser that has logged in.
package struct DashboardSession: Sendable {
    package var principal: Principal
    /// What every form of the session must send along: a page of another origin cannot know it.
    package var csrf: String

    package init(principal: Principal, csrf: String) {
        self.principal = principal
        self.csrf = csrf
    }
}

/// What the server asks about who may come in. Secrets are compared by their hashes, in constant
/// time; nothing here says why a secret is refused, so that guesses learn nothing.
package protocol AccessOperations: Sendable {
    /// - Returns: nil for a secret that is unknown, expired or revoked.
    /// - Throws: why it cannot be known: the state cannot be read.
    func authenticate(bearer secret: String) async throws(Problem) -> Principal?

    func tokens() async throws(Problem) -> [TokenView]
    /// - Throws: `token.invalid` for a label or lifetime that cannot be.
    func createToken(_ request: TokenRequest, by principal: Principal) async throws(Problem) -> IssuedTokenView
    /// - Throws: `token.unknown`.
    func revokeToken(_ id: String, by principal: Principal) async throws(Problem)
    /// Refuses every certificate and join token that a host has, and ends its connection.
    /// - Throws: `host.unknown`.
    func revokeHost(_ host: HostName, by principal: Principal) async throws(Problem)
    func createJoinToken(_ request: JoinTokenRequest, by principal: Principal) async throws(Problem) -> JoinTokenView

    /// Begins a session for a token, or for a one-time secret (which is used up by it).
    /// - Returns: the cookie's value; nil when the secret is refused.
    func logIn(secret: String) async -> String?
    /// - Returns: nil when the session is unknown, too old, or its token is expired or revoked.
    func session(cookie: String) async -> DashboardSession?
    func logOut(cookie: String) async
}
