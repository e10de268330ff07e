import Core
import FoundationEssentials
import SystemPackage
import Testing

@testable import Packages

/// Numbers from a seed (SplitMix64, Steele and others 2014), so that a failure can be had again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("A package with one thing changed")
struct MutationTests {
    typealias Header = HostileArchive.Header
    let signer = PackageSigner()

    static let contents = "contents"

    /// A stream that the writer makes as well: with a folder, a link, a pax header and contents.
    static func stream() throws -> [UInt8] {
        let entries = try [
            TarEntry(path: EntryPath("a"), kind: .folder),
            TarEntry(path: EntryPath("a/l"), kind: .link(LinkTarget("../z", at: EntryPath("a/l")))),
            TarEntry(path: EntryPath("é"), kind: .file(size: Int64(contents.utf8.count), isExecutable: true)),
        ]
        return entries.flatMap(TarFormat.header) + HostileArchive.padded(Array(contents.utf8)) + HostileArchive.end
    }

    @Test(
        "is refused, or is another name, target or content, and never anything outside",
        arguments: [1, 2, 3] as [UInt64])
    func mutations(seed: UInt64) async throws {
        var generator = SeededGenerator(state: seed)
        let original = try Self.stream()
        for round in 0..<150 {
            var stream = original
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                stream[Int.random(in: stream.indices, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: stream.removeLast(Int.random(in: 1..<stream.count, using: &generator))
            case 2:
                let block = Int.random(in: 0..<stream.count / 512, using: &generator) * 512
                stream.insert(contentsOf: Array(stream[block..<block + 512]), at: block)
            default:
                let block = Int.random(in: 0..<stream.count / 512, using: &generator) * 512
                stream.removeSubrange(block..<block + 512)
            }
            try await withTemporaryFolder { folder in
                let archive = folder.appending("archive")
                let reference = try HostileArchive.write(stream, to: archive, signer: signer)
                let unpacker = try signer.unpacker
                let code = await problemCode {
                    try await unpacker.unpack(archive: archive, reference: reference, into: folder.appending("out"))
                }
                let left = try names(in: folder)
                #expect(left == (code == nil ? ["archive", "out"] : ["archive"]), "seed \(seed), round \(round)")
                if code == nil {
                    let packed = try await PackagePacker().pack(folder.appending("out"), to: folder.appending("again"))
                    #expect(packed.digest == reference.digest, "seed \(seed), round \(round)")
                } else {
                    #expect(code?.hasPrefix("package.") == true, "seed \(seed), round \(round)")
                }
            }
        }
    }

    @Test("is unchanged to begin with")
    func unchanged() async throws {
        try await withTemporaryFolder { folder in
            let reference = try HostileArchive.write(Self.stream(), to: folder.appending("archive"), signer: signer)
            let unpacker = try signer.unpacker
            try await unpacker.unpack(
                archive: folder.appending("archive"), reference: reference, into: folder.appending("out"))
            let found = try readTree(folder.appending("out"))
            #expect(found["é"] == .file(Self.contents, isExecutable: true))
        }
    }
}
