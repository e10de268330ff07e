/// The SHA-256 of a package's bytes, as 64 lower-case hexadecimal digits.
package struct Digest: Codable, Hashable, Comparable, Sendable, CustomStringConvertible, CodingKeyRepresentable {
    package let hex: String

    /// - Throws: `digest.invalid` unless the text is 64 lower-case hexadecimal digits.
    package init(_ hex: String) throws(Problem) {
        let isHex = hex.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
        guard hex.utf8.count == 64, isHex else {
            throw Problem(
                "digest.invalid", "This is not a SHA-256.", cause: "\(quotedForMessage(hex)) was found.",
                remedy: "Give 64 lower-case hexadecimal digits.")
        }
        self.hex = hex
    }

    /// - Parameter bytes: the 32 bytes of the hash.
    package init(bytes: some Sequence<UInt8>) {
        hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The first twelve digits, for people and folder names.
    package var short: String { String(hex.prefix(12)) }
    package var description: String { hex }
    package static func < (left: Digest, right: Digest) -> Bool { left.hex < right.hex }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
    package var codingKey: any CodingKey { TextKey(hex) }
    package init?<Key: CodingKey>(codingKey: Key) { try? self.init(codingKey.stringValue) }
}

/// A package as a release refers to it.
package struct PackageReference: Codable, Hashable, Sendable {
    package var app: AppName
    /// What the package was built from, for people: a short commit.
    package var version: String
    package var digest: Digest
    /// Bytes of the compressed tarball.
    package var size: Int64
    /// Ed25519 signature over the digest by the fabric's package key, base64.
    package var signature: String

    package init(app: AppName, version: String, digest: Digest, size: Int64, signature: String) {
        self.app = app
        self.version = version
        self.digest = digest
        self.size = size
        self.signature = signature
    }
}

/// What instances of an app run: package and rendered config. Numbered per app and fabric, and
/// never changed once made.
package struct Release: Codable, Hashable, Sendable {
    package var app: AppName
    package var number: Int
    package var package: PackageReference
    /// Rendered config files by path in the package's folder.
    package var config: [String: String]
    package var environment: [String: String]
    package var processes: [ProcessName: ProcessSpec]
    /// The commit of the app's source.
    package var sourceCommit: String
    /// The commit of the configuration repository.
    package var configCommit: String
    package var createdAt: Instant
    package var createdBy: String
    /// SHA-256 over everything above that makes a difference to an instance. Two releases with
    /// one identity run the same.
    package var identity: Digest

    package init(
        app: AppName, number: Int, package: PackageReference, config: [String: String], environment: [String: String],
        processes: [ProcessName: ProcessSpec], sourceCommit: String, configCommit: String, createdAt: Instant,
        createdBy: String, identity: Digest
    ) {
        self.app = app
        self.number = number
        self.package = package
        self.config = config
        self.environment = environment
        self.processes = processes
        self.sourceCommit = sourceCommit
        self.configCommit = configCommit
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.identity = identity
    }

    package var label: String { "\(app) r\(number)" }
}
