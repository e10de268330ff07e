package import Core
import FoundationEssentials

/// Sessions of the dashboard, begun with a token and named by a cookie.
///
/// The cookie is 256 random bits of which only the hash is kept, so there is nothing that a
/// signature would add. A session ends with its time, with a logout, and with its token.
package struct SessionStore: Sendable {
    package static let cookieName = "apus_session"
    package static let lifetime = Interval(milliseconds: 12 * 3_600_000)

    package struct Session: Hashable, Sendable {
        /// The cookie's value.
        package var cookie: String
        package var token: TokenRecord
        package var expiresAt: Instant
        /// What every form of the session carries in a hidden field. It follows from the cookie,
        /// which another site can neither read nor guess.
        package var crossSiteToken: String

        /// - Parameter isSecure: whether the dashboard is reached by TLS.
        package func setCookie(isSecure: Bool) -> String {
            "\(SessionStore.cookieName)=\(cookie); Path=/; HttpOnly; SameSite=Strict; "
                + "Max-Age=\(SessionStore.lifetime.milliseconds / 1000)\(isSecure ? "; Secure" : "")"
        }

        /// Whether a form was sent from a page of this session.
        package func accepts(crossSiteToken text: String) -> Bool { constantTimeEqual(crossSiteToken, text) }
    }

    package static let clearCookie = "\(cookieName)=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"

    private struct Stored: Codable, Sendable {
        var hash: SecretHash
        var token: String
        var expiresAt: Instant
    }

    private let store: any StateStore
    private let tokens: TokenStore
    private let now: @Sendable () -> Instant
    private let entropy: @Sendable (Int) -> [UInt8]

    package init(
        store: any StateStore, tokens: TokenStore, now: @escaping @Sendable () -> Instant,
        entropy: @escaping @Sendable (Int) -> [UInt8] = systemEntropy
    ) {
        self.store = store
        self.tokens = tokens
        self.now = now
        self.entropy = entropy
    }

    /// - Throws: `access.unauthenticated` for a token that is not valid.
    package func logIn(token text: String) async throws(Problem) -> Session {
        guard let token = try await tokens.find(token: text) else { throw AccessControl.unauthenticated }
        try await removeExpired()
        let secret = Secret(entropy: entropy)
        let expiresAt = min(now() + Self.lifetime, token.expiresAt ?? Instant(milliseconds: .max))
        try await store.put(
            try Self.key(secret), Stored(hash: secret.hash, token: token.id, expiresAt: expiresAt))
        return session(secret, token, expiresAt)
    }

    /// - Parameter cookie: the cookie's value.
    /// - Returns: nil when there is no such session any more.
    package func find(cookie: String) async throws(Problem) -> Session? {
        guard let secret = Secret(text: cookie), let stored = try await store.get(try Self.key(secret))?.value,
            stored.hash.isEqual(to: secret.hash), now() < stored.expiresAt,
            let token = try await tokens.find(valid: stored.token)
        else { return nil }
        return session(secret, token, stored.expiresAt)
    }

    package func logOut(cookie: String) async throws(Problem) {
        guard let secret = Secret(text: cookie) else { return }
        try await store.delete(try Self.key(secret).key)
    }

    private func removeExpired() async throws(Problem) {
        for entry in try await store.range(.prefix("sessions/"), limit: nil).entries {
            let stored = try StateJSON.decode(Stored.self, from: entry.value, at: entry.key)
            if stored.expiresAt <= now() { try await store.delete(entry.key) }
        }
    }

    private func session(_ secret: Secret, _ token: TokenRecord, _ expiresAt: Instant) -> Session {
        Session(
            cookie: secret.text, token: token, expiresAt: expiresAt,
            crossSiteToken: secret.derived(for: "apus cross-site token"))
    }

    private static func key(_ secret: Secret) throws(Problem) -> TypedKey<Stored> {
        try TypedKey("sessions/\(secret.hash.id)")
    }
}
