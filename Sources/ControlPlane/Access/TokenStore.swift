package import Core
import FoundationEssentials
package import Wire

/// What is known of an API token. Not the token: only its hash is kept.
package struct TokenRecord: Codable, Hashable, Sendable {
    /// Names the token in lists and to revoke it.
    package var id: String
    package var label: String
    package var role: Role
    package var fabric: FabricName
    package var createdAt: Instant
    package var createdBy: String
    /// nil: until it is revoked.
    package var expiresAt: Instant?
    /// To the hour.
    package var lastUsedAt: Instant?
}

/// API tokens, `apus_` and 43 characters of base64url.
package struct TokenStore: Sendable {
    package static let prefix = "apus_"
    private static let usePrecision = Interval.minutes(60)

    struct Stored: Codable, Sendable {
        var record: TokenRecord
        var hash: SecretHash
    }

    private let store: any StateStore
    private let fabric: FabricName
    private let now: @Sendable () -> Instant
    private let entropy: @Sendable (Int) -> [UInt8]

    package init(
        store: any StateStore, fabric: FabricName, now: @escaping @Sendable () -> Instant,
        entropy: @escaping @Sendable (Int) -> [UInt8] = systemEntropy
    ) {
        self.store = store
        self.fabric = fabric
        self.now = now
        self.entropy = entropy
    }

    /// - Returns: the record, and the token itself, which is shown once and never again.
    /// - Throws: `token.label-invalid`.
    package func create(
        label: String, role: Role, expiresAt: Instant? = nil, createdBy: String
    ) async throws(Problem) -> (record: TokenRecord, token: String) {
        try checkLabel(label)
        let secret = Secret(entropy: entropy)
        let record = TokenRecord(
            id: secret.hash.id, label: label, role: role, fabric: fabric, createdAt: now(), createdBy: createdBy,
            expiresAt: expiresAt)
        let isNew = try await store.replace(
            Self.key(record.id), readAt: nil, with: Stored(record: record, hash: secret.hash))
        guard isNew else {
            throw Problem(
                "token.collision", "The token was not made.", cause: "Its id \(record.id) is taken.",
                remedy: "Try again.")
        }
        return (record, Self.prefix + secret.text)
    }

    /// The oldest first.
    package func list() async throws(Problem) -> [TokenRecord] {
        var records = try await store.values(.prefix("tokens/"), as: Stored.self).map(\.record)
        for index in records.indices {
            records[index].lastUsedAt = try await store.get(try Self.useKey(records[index].id))?.value
        }
        return records.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }

    /// - Throws: `token.unknown`.
    package func revoke(_ id: String) async throws(Problem) {
        guard try await find(id) != nil else {
            throw Problem(
                "token.unknown", "No token was revoked.", cause: "\(quotedForMessage(id)) is the id of none.",
                remedy: "See the ids: apus token list.")
        }
        _ = try await store.transact(
            StateTransaction(success: [.delete(try Self.key(id).key), .delete(try Self.useKey(id).key)]))
    }

    /// - Returns: nil when there is no such token, or its time is over.
    func find(token text: String) async throws(Problem) -> TokenRecord? {
        guard text.hasPrefix(Self.prefix), let secret = Secret(text: text.dropFirst(Self.prefix.count)),
            let stored = try await find(secret.hash.id), stored.hash.isEqual(to: secret.hash)
        else { return nil }
        guard isValid(stored.record) else { return nil }
        await noteUse(of: stored.record.id)
        return stored.record
    }

    /// The token behind a session: nil when it was revoked or its time is over.
    func find(valid id: String) async throws(Problem) -> TokenRecord? {
        guard let stored = try await find(id), isValid(stored.record) else { return nil }
        return stored.record
    }

    private func isValid(_ record: TokenRecord) -> Bool {
        record.fabric == fabric && record.expiresAt.map { now() < $0 } ?? true
    }

    private func find(_ id: String) async throws(Problem) -> Stored? {
        guard id.utf8.count == 16, id.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else {
            return nil
        }
        return try await store.get(try Self.key(id))?.value
    }

    /// To the hour, so that not every request writes. A full disk must not lock people out.
    private func noteUse(of id: String) async {
        let now = now()
        guard let key = try? Self.useKey(id) else { return }
        let seen = try? await store.get(key)?.value
        if let seen, seen <= now, now - seen < Self.usePrecision { return }
        _ = try? await store.put(key, now)
    }

    private func checkLabel(_ label: String) throws(Problem) {
        let isPlain = label.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII ? (0x20...0x7E).contains(scalar.value) : scalar.properties.isAlphabetic
        }
        guard (1...100).contains(label.utf8.count), isPlain else {
            throw Problem(
                "token.label-invalid", "This is not a label for a token.",
                cause: "\(quotedForMessage(label)) was found.",
                remedy: "Use 1 to 100 bytes of letters, digits and punctuation: ci of shop.")
        }
    }

    private static func key(_ id: String) throws(Problem) -> TypedKey<Stored> { try TypedKey("tokens/\(id)") }
    private static func useKey(_ id: String) throws(Problem) -> TypedKey<Instant> { try TypedKey("token-uses/\(id)") }
}
