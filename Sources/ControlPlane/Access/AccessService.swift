package import Core
package import Wire

/// Who may come in: tokens, sessions and join tokens, each change in the audit log first.
package struct AccessService: AccessOperations {
    private static let joinTokenLifetime = Interval.minutes(60)
    private static let lifetimeSecondsMax: Int64 = 10 * 365 * 86_400

    private let fabric: FabricName
    private let store: TokenStore
    private let sessions: SessionStore
    private let control: AccessControl
    private let joins: JoinTokenStore
    private let hosts: Hosts
    private let audit: AuditLog
    private let authorityFingerprint: Digest
    private let now: @Sendable () -> Instant

    /// What revoking a host needs.
    package struct Hosts: Sendable {
        package var certificates: HostCertificates
        /// Whether the host was ever heard of: declared, or joined.
        package var isKnown: @Sendable (HostName) async -> Bool
        /// Ends the host's connection.
        package var disconnect: @Sendable (HostName, Problem) -> Void

        package init(
            certificates: HostCertificates, isKnown: @escaping @Sendable (HostName) async -> Bool,
            disconnect: @escaping @Sendable (HostName, Problem) -> Void
        ) {
            self.certificates = certificates
            self.isKnown = isKnown
            self.disconnect = disconnect
        }
    }

    package init(
        fabric: FabricName, tokens: TokenStore, sessions: SessionStore, joins: JoinTokenStore, hosts: Hosts,
        audit: AuditLog,
        authorityFingerprint: Digest, now: @escaping @Sendable () -> Instant
    ) {
        self.fabric = fabric
        store = tokens
        self.sessions = sessions
        control = AccessControl(tokens: tokens, sessions: sessions)
        self.joins = joins
        self.hosts = hosts
        self.audit = audit
        self.authorityFingerprint = authorityFingerprint
        self.now = now
    }

    package func authenticate(bearer secret: String) async throws(Problem) -> Principal? {
        do throws(Problem) {
            return try await control.authenticate(bearer: secret)
        } catch {
            // A disk that fails says nothing about the token.
            guard error.code == AccessControl.unauthenticated.code else { throw error }
            return nil
        }
    }

    package func tokens() async throws(Problem) -> [TokenView] { try await store.list().map { TokenView($0) } }

    package func createToken(_ request: TokenRequest, by principal: Principal) async throws(Problem) -> IssuedTokenView
    {
        if let other = request.fabric, other != fabric {
            throw Problem(
                "token.fabric", "The token cannot be made here.",
                cause: "This server looks after \(fabric), not \(other).",
                remedy: "Ask the server of \(other).")
        }
        let expiresAt = try expiry(request.expiresInSeconds)
        let (record, token) = try await audit.recording(action("token.create", request.label, by: principal)) {
            () throws(Problem) in
            try await store.create(
                label: request.label, role: request.role, expiresAt: expiresAt, createdBy: principal.label)
        }
        return IssuedTokenView(token: TokenView(record), secret: token)
    }

    package func revokeToken(_ id: String, by principal: Principal) async throws(Problem) {
        try await audit.recording(action("token.revoke", id, by: principal)) { () throws(Problem) in
            try await store.revoke(id)
        }
    }

    package func createJoinToken(
        _ request: JoinTokenRequest, by principal: Principal
    ) async throws(Problem) -> JoinTokenView {
        guard let host = request.host else {
            throw Problem(
                "join-token.host-missing", "Which host is to join?", cause: "The request names none.",
                remedy: "Give `host`: a token is for one host.")
        }
        let expiresAt = try expiry(request.expiresInSeconds) ?? now() + Self.joinTokenLifetime
        let token = try await audit.recording(action("token.join", host.text, by: principal)) { () throws(Problem) in
            try await joins.issue(
                for: host, timeToLive: expiresAt - now(), issuedBy: principal.label,
                authorityFingerprint: authorityFingerprint)
        }
        return JoinTokenView(host: host, secret: token, expiresAt: expiresAt)
    }

    package func revokeHost(_ host: HostName, by principal: Principal) async throws(Problem) {
        guard await hosts.isKnown(host) else { throw FabricService.unknown(host) }
        let action = AuditAction(
            who: principal.label, role: principal.role.rawValue, what: "host.revoke", subject: "host/\(host)")
        try await audit.recording(action) { () throws(Problem) in
            // Tokens first: none may let the host in again behind the revocation.
            try await joins.removeAll(of: host)
            try await hosts.certificates.revoke(host)
            hosts.disconnect(
                host,
                Problem(
                    "agent.certificate-refused", "The connection of \(host) was closed.",
                    cause: "\(principal.label) has revoked its certificates.",
                    remedy: "If it may come back, let it join again: `apus token join \(host)`."))
        }
    }

    package func logIn(secret: String) async -> String? { try? await sessions.logIn(token: secret).cookie }

    package func session(cookie: String) async -> DashboardSession? {
        guard let session = try? await sessions.find(cookie: cookie) else { return nil }
        return DashboardSession(principal: session.token.principal, csrf: session.crossSiteToken)
    }

    package func logOut(cookie: String) async { try? await sessions.logOut(cookie: cookie) }

    private func expiry(_ seconds: Int64?) throws(Problem) -> Instant? {
        guard let seconds else { return nil }
        guard (1...Self.lifetimeSecondsMax).contains(seconds) else {
            throw Problem(
                "token.invalid", "The token cannot live that long.", cause: "\(seconds) seconds were asked for.",
                remedy: "Give a number of seconds from 1 to \(Self.lifetimeSecondsMax), or none for no end.")
        }
        return now() + .seconds(seconds)
    }

    private func action(_ what: String, _ subject: String, by principal: Principal) -> AuditAction {
        AuditAction(
            who: principal.label, role: principal.role.rawValue, what: what, subject: "token/\(subject)", details: nil,
            commit: nil, execution: nil, address: nil)
    }
}

extension TokenView {
    init(_ record: TokenRecord) {
        self.init(
            id: record.id, label: record.label, role: record.role, fabric: record.fabric, createdAt: record.createdAt,
            createdBy: record.createdBy, expiresAt: record.expiresAt, lastUsedAt: record.lastUsedAt)
    }
}
