package import Core
package import Crypto
import FoundationEssentials
import SwiftASN1
import Wire
import X509

/// A fabric's own certificate authority, and the key that its packages are signed with.
///
/// Nobody outside the fabric trusts it and it trusts nobody: whoever has its file is the fabric.
/// It is made once, and lives as long as the fabric.
package struct FabricAuthority: Sendable {
    private static let fileName = "authority.json"
    private static let lifetime = Interval(milliseconds: 20 * 365 * 86_400_000)
    /// How far certificates reach into the past, for hosts whose clock is behind.
    static let backdating = Interval.minutes(60)

    /// What the file holds: keys and certificate together, so that they are never half there.
    private struct Record: Codable {
        var fabric: FabricName
        var certificate: String
        var key: String
        var packageKey: Data
    }

    package let fabric: FabricName
    /// The authority's own certificate, in PEM.
    package let certificatePEM: String
    /// SHA-256 of the certificate's DER: what join tokens carry.
    package let fingerprint: Core.Digest
    /// Ed25519: signs what the fabric's hosts unpack.
    package let packageKey: Curve25519.Signing.PrivateKey
    let certificate: Certificate
    let key: Certificate.PrivateKey

    /// The authority that lives in the folder; made there if there is none.
    /// - Throws: `authority.invalid`, `authority.other-fabric`, `file.failed`, `file.not-private`.
    package static func open(folder: String, fabric: FabricName, at now: Instant) throws(Problem) -> FabricAuthority {
        try PrivateFile.makeFolder(folder)
        let path = "\(folder)/\(fileName)"
        if let bytes = try PrivateFile.read(path) {
            let authority = try read(bytes, path: path)
            guard authority.fabric == fabric else {
                throw Problem(
                    "authority.other-fabric", "The fabric \(fabric) was not opened.",
                    cause: "The keys in \(quotedForMessage(path)) are those of the fabric \(authority.fabric).",
                    remedy: "Give each fabric a data folder of its own.")
            }
            return authority
        }
        let record = try make(fabric: fabric, at: now)
        let bytes = try wrap { try JSONEncoder().encode(record) }
        try PrivateFile.write(bytes, to: path)
        return try FabricAuthority(record)
    }

    /// The key that packages are verified with, base64.
    package var packageKeyBase64: String { packageKey.publicKey.rawRepresentation.base64EncodedString() }

    private init(_ record: Record) throws(Problem) {
        fabric = record.fabric
        certificatePEM = record.certificate
        (certificate, key, packageKey, fingerprint) = try Self.wrap {
            let certificate = try Certificate(pemEncoded: record.certificate)
            let key = try P256.Signing.PrivateKey(pemRepresentation: record.key)
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            guard certificate.publicKey == Certificate.PublicKey(key.publicKey) else {
                throw Self.invalid("The key is not the certificate's.")
            }
            return (
                certificate, Certificate.PrivateKey(key),
                try Curve25519.Signing.PrivateKey(rawRepresentation: record.packageKey),
                Core.Digest(bytes: SHA256.hash(data: serializer.serializedBytes))
            )
        }
    }

    private static func read(_ bytes: [UInt8], path: String) throws(Problem) -> FabricAuthority {
        try FabricAuthority(try wrap { try JSONDecoder().decode(Record.self, from: Data(bytes)) })
    }

    private static func make(fabric: FabricName, at now: Instant) throws(Problem) -> Record {
        try wrap {
            let key = P256.Signing.PrivateKey()
            let issuerKey = Certificate.PrivateKey(key)
            let name = try DistinguishedName { CommonName("Apus fabric \(fabric)") }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: issuerKey.publicKey,
                notValidBefore: (now + Interval(milliseconds: -backdating.milliseconds)).certificateDate,
                notValidAfter: (now + lifetime).certificateDate, issuer: name, subject: name,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: issuerKey.publicKey)
                },
                issuerPrivateKey: issuerKey)
            return Record(
                fabric: fabric, certificate: try certificate.serializeAsPEM().pemString, key: key.pemRepresentation,
                packageKey: Curve25519.Signing.PrivateKey().rawRepresentation)
        }
    }

    /// Turns what the libraries throw into a problem.
    static func wrap<Result>(_ body: () throws -> Result) throws(Problem) -> Result {
        do {
            return try body()
        } catch let problem as Problem {
            throw problem
        } catch {
            throw invalid("\(error)")
        }
    }

    private static func invalid(_ cause: String) -> Problem {
        Problem(
            "authority.invalid", "The fabric's certificate authority cannot be used.",
            cause: quotedForMessage(cause, lengthMax: 300),
            remedy: "Restore the file `\(fileName)` of the data folder from a backup.")
    }
}

extension Instant {
    /// As certificates are given it.
    var certificateDate: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
