import Core
import Glibc
import SystemPackage

@testable import Packages

/// Makes archives as an attacker would who has the fabric's key: signed, and with anything in
/// them.
struct HostileArchive {
    /// A header as any tar program could write it.
    struct Header {
        var name: [UInt8]
        var kind: Character = "0"
        var mode = 0o644
        var user = 0
        var size: Int64 = 0
        var link: [UInt8] = []

        init(
            _ name: String, kind: Character = "0", mode: Int = 0o644, user: Int = 0, size: Int64 = 0, link: String = ""
        ) {
            self.name = Array(name.utf8)
            self.kind = kind
            self.mode = mode
            self.user = user
            self.size = size
            self.link = Array(link.utf8)
        }

        static func folder(_ name: String) -> Header { Header(name + "/", kind: "5", mode: 0o755) }
        static func link(_ name: String, to target: String) -> Header {
            Header(name, kind: "2", mode: 0o777, link: target)
        }

        var bytes: [UInt8] {
            var block = [UInt8](repeating: 0, count: 512)
            func put(_ bytes: [UInt8], at offset: Int) {
                block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            }
            func octal(_ number: Int64, _ digits: Int) -> [UInt8] {
                let text = String(number, radix: 8)
                return Array((String(repeating: "0", count: digits - text.count) + text).utf8)
            }
            put(Array(name.prefix(100)), at: 0)
            put(octal(Int64(mode), 7), at: 100)
            put(octal(Int64(user), 7), at: 108)
            put(octal(0, 7), at: 116)
            put(octal(size, 11), at: 124)
            put(octal(0, 11), at: 136)
            put(Array("        ".utf8), at: 148)
            put(Array(String(kind).utf8), at: 156)
            put(Array(link.prefix(100)), at: 157)
            put(Array("ustar\u{0}00".utf8), at: 257)
            put(octal(0, 7), at: 329)
            put(octal(0, 7), at: 337)
            put(octal(block.reduce(0) { $0 + Int64($1) }, 6) + [0, 0x20], at: 148)
            return block
        }
    }

    static func file(_ name: String, _ contents: String, mode: Int = 0o644) -> [UInt8] {
        let bytes = Array(contents.utf8)
        return Header(name, mode: mode, size: Int64(bytes.count)).bytes + padded(bytes)
    }

    /// A pax header with these records, whatever they say.
    static func pax(_ records: String) -> [UInt8] {
        let bytes = Array(records.utf8)
        return Header("././@PaxHeader", kind: "x", size: Int64(bytes.count)).bytes + padded(bytes)
    }

    static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    static let end = [UInt8](repeating: 0, count: 1024)

    /// Compresses and signs the stream.
    static func write(
        _ stream: [UInt8], to path: FilePath, signer: PackageSigner, appending trailer: [UInt8] = []
    ) throws(Problem) -> PackageReference {
        let file = try OpenFile.making(path)
        let compressed = CompressedFile(file)
        try stream.withRawBytes { (bytes) throws(Problem) in try compressed.write(bytes) }
        _ = try compressed.finish()
        try file.write(trailer)
        return try sign(path, signer: signer)
    }

    static func sign(_ path: FilePath, signer: PackageSigner) throws(Problem) -> PackageReference {
        var hash = DigestBuilder()
        let file = try OpenFile.reading(path)
        try file.readAll { (chunk) throws(Problem) in hash.update(chunk) }
        let size = Int64(try file.status().st_size)
        return try signer.sign(app: AppName("shop"), version: "1", digest: hash.finish(), size: size)
    }
}
