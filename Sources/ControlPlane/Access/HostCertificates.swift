package import Core

/// Which certificates of a host are good.
///
/// All that the authority signed are, until the host's are revoked. From then on only those are
/// that the host was given afterwards: by joining again, or by renewing such a one.
package struct HostCertificates: Sendable {
    private struct Revocation: Codable, Sendable {
        var revokedAt: Instant
        /// Serial numbers of the certificates given since, and when each expires.
        var good: [String: Instant] = [:]
    }

    private let store: any StateStore
    private let now: @Sendable () -> Instant

    package init(store: any StateStore, now: @escaping @Sendable () -> Instant) {
        self.store = store
        self.now = now
    }

    /// Makes every certificate that the host has useless.
    package func revoke(_ host: HostName) async throws(Problem) {
        try await store.put(try Self.key(host), Revocation(revokedAt: now()))
    }

    package func isGood(_ serial: String, of host: HostName) async throws(Problem) -> Bool {
        try await store.get(try Self.key(host)).map { $0.value.good[serial] != nil } ?? true
    }

    /// Notes a certificate before it is handed out.
    /// - Parameter presented: the certificate that is renewed by it; nil when the host has joined.
    /// - Throws: `agent.certificate-refused` when the one presented is no longer good.
    package func note(
        _ issued: IssuedCertificate, of host: HostName, renewing presented: String?
    ) async throws(Problem) {
        let now = now()
        try await store.update(try Self.key(host)) { found throws(Problem) in
            guard var found else { return nil }
            if let presented, found.good[presented] == nil { throw Self.refused(host, presented) }
            found.good = found.good.filter { $0.value > now }
            found.good[issued.serial] = issued.expiresAt
            return found
        }
    }

    static func refused(_ host: HostName, _ serial: String) -> Problem {
        Problem(
            "agent.certificate-refused", "The host \(host) was not let in.",
            cause: "Its certificate \(serial) has been revoked.",
            remedy: "If it may come back, let it join again: `apus token join \(host)`.")
    }

    private static func key(_ host: HostName) throws(Problem) -> TypedKey<Revocation> {
        try TypedKey("revocations/\(host)")
    }
}
