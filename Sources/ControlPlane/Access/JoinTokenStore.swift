package import Core
import FoundationEssentials

/// One-time tokens that let a host's agent ask for its certificate.
///
/// The text is `apus-join-SECRET.FINGERPRINT`: the secret shows the server who asks, and the
/// fingerprint of the fabric's authority shows the agent whom it asks.
package struct JoinTokenStore: Sendable {
    package static let prefix = "apus-join-"

    private struct Stored: Codable, Sendable {
        var hash: SecretHash
        var host: HostName
        var issuedBy: String
        var expiresAt: Instant
    }

    private let store: any StateStore
    private let now: @Sendable () -> Instant
    private let entropy: @Sendable (Int) -> [UInt8]

    package init(
        store: any StateStore, now: @escaping @Sendable () -> Instant,
        entropy: @escaping @Sendable (Int) -> [UInt8] = systemEntropy
    ) {
        self.store = store
        self.now = now
        self.entropy = entropy
    }

    /// - Parameter authorityFingerprint: SHA-256 of the authority's certificate (DER).
    /// - Returns: the token, which is shown once and never again.
    package func issue(
        for host: HostName, timeToLive: Interval = .minutes(60), issuedBy: String, authorityFingerprint: Digest
    ) async throws(Problem) -> String {
        try await removeExpired()
        let secret = Secret(entropy: entropy)
        let stored = Stored(hash: secret.hash, host: host, issuedBy: issuedBy, expiresAt: now() + timeToLive)
        try await store.put(try Self.key(secret), stored)
        return Self.prefix + secret.text + "." + authorityFingerprint.hex
    }

    /// Takes the token out of use. Of two that come with one token, one succeeds.
    /// - Parameter token: the whole text; its fingerprint may be left out.
    /// - Throws: `join.refused`.
    package func redeem(_ token: String, by host: HostName) async throws(Problem) {
        guard let secret = Self.secret(of: token) else { throw refused("The text is not a join token.") }
        let key = try Self.key(secret)
        guard let found = try await store.get(key), found.value.hash.isEqual(to: secret.hash) else {
            throw refused("The token is not known, or was used already.")
        }
        guard found.value.host == host else { throw refused("The token was issued for another host.") }
        guard now() < found.value.expiresAt else { throw refused("The token's time is over.") }
        let result = try await store.transact(
            StateTransaction(compare: [.modRevision(key.key, found.modRevision)], success: [.delete(key.key)]))
        guard result.succeeded else { throw refused("The token is not known, or was used already.") }
    }

    /// Takes every token of a host out of use.
    package func removeAll(of host: HostName) async throws(Problem) {
        for entry in try await store.range(.prefix("join-tokens/"), limit: nil).entries {
            let stored = try StateJSON.decode(Stored.self, from: entry.value, at: entry.key)
            if stored.host == host { try await store.delete(entry.key) }
        }
    }

    /// The authority's fingerprint in a token's text, for the agent.
    /// - Throws: `join.refused` when the text is no join token.
    package static func authorityFingerprint(of token: String) throws(Problem) -> Digest {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, secret(of: token) != nil, let digest = try? Digest(String(parts[1])) else {
            throw refused("The text is not a join token.")
        }
        return digest
    }

    private static func secret(of token: String) -> Secret? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts[0].hasPrefix(prefix) else { return nil }
        return Secret(text: parts[0].dropFirst(prefix.count))
    }

    private func removeExpired() async throws(Problem) {
        for entry in try await store.range(.prefix("join-tokens/"), limit: nil).entries {
            let stored = try StateJSON.decode(Stored.self, from: entry.value, at: entry.key)
            if stored.expiresAt <= now() { try await store.delete(entry.key) }
        }
    }

    private func refused(_ cause: String) -> Problem { Self.refused(cause) }

    private static func refused(_ cause: String) -> Problem {
        Problem(
            "join.refused", "The host may not join.", cause: cause,
            remedy: "Make a new token for this host: `apus token join HOST`.")
    }

    private static func key(_ secret: Secret) throws(Problem) -> TypedKey<Stored> {
        try TypedKey("join-tokens/\(secret.hash.id)")
    }
}
