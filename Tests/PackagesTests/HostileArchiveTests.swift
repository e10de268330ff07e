import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing

@testable import Packages

@Suite("A hostile archive, though signed, is refused whole")
struct HostileArchiveTests {
    typealias Header = HostileArchive.Header
    let signer = PackageSigner()

    /// Tries to unpack, and checks that there is nothing afterwards but what was before.
    func code(
        _ stream: [UInt8], appending trailer: [UInt8] = [], limits: UnpackLimits = .standard
    ) async throws -> String? {
        try await withTemporaryFolder { folder in
            let archive = folder.appending("archive")
            let reference = try HostileArchive.write(stream, to: archive, signer: signer, appending: trailer)
            return try await code(archive, reference, in: folder, limits: limits)
        }
    }

    func code(
        _ archive: FilePath, _ reference: PackageReference, in folder: FilePath, limits: UnpackLimits = .standard
    ) async throws -> String? {
        try makeTree(["outside": .file("untouched"), "releases": .folder], at: folder)
        let before = try readTree(folder)
        let unpacker = PackageUnpacker(verifier: try signer.verifier, limits: limits)
        let code = await problemCode {
            try await unpacker.unpack(archive: archive, reference: reference, into: folder.appending("releases/one"))
        }
        if code != nil { #expect(try readTree(folder) == before) }
        return code
    }

    @Test("while a harmless one made the same way is taken")
    func harmless() async throws {
        let stream =
            HostileArchive.file("a", "1") + Header.folder("b").bytes + HostileArchive.file("b/c", "2")
            + Header.link("d", to: "b/c").bytes + HostileArchive.end
        #expect(try await code(stream) == nil)
    }

    @Test(
        "for names that leave it or hurt who reads them",
        arguments: [
            "../outside", "/etc/passwd", "a/../../outside", "..", ".", "", "a//b", "./a", "a/.", "new\nline",
            "bell\u{7}",
            "left\u{202E}right", String(repeating: "n", count: 256), String(repeating: "d/", count: 64) + "f",
        ])
    func names(_ name: String) async throws {
        let header = name.utf8.count <= 100 ? Header(name).bytes : []
        let record = " path=\(name)\n"
        let length = record.utf8.count + (record.utf8.count < 8 ? 1 : record.utf8.count < 98 ? 2 : 3)
        let pax = HostileArchive.pax("\(length)\(record)") + Header("short").bytes
        for stream in [header, pax] where !stream.isEmpty {
            let folders = name.hasPrefix("a/") ? Header.folder("a").bytes : []
            let code = try await code(folders + stream + HostileArchive.end)
            #expect(code == "package.path-invalid")
        }
    }

    @Test("for a name with NUL or that is not UTF-8")
    func rawNames() async throws {
        var header = Header("a")
        header.name = [0x61, 0, 0x62]
        #expect(try await code(header.bytes + HostileArchive.end) == "package.malformed")
        header.name = [0x61, 0xFF]
        #expect(try await code(header.bytes + HostileArchive.end) == "package.malformed")
        let pax = HostileArchive.pax("12 path=a\u{0}b\n")
        #expect(try await code(pax + Header("a").bytes + HostileArchive.end) == "package.path-invalid")
    }

    @Test(
        "for links that leave it",
        arguments: [
            "/etc", "../outside", "..", "b/../../outside", "b/..", "", "b//c", "./b", "b/", "new\nline",
        ])
    func links(_ target: String) async throws {
        let stream = Header.link("link", to: target).bytes + HostileArchive.end
        #expect(try await code(stream) == "package.link-unsafe")
    }

    @Test("for a link that leaves it by way of another link")
    func linkThroughLink() async throws {
        let stream =
            Header.folder("a").bytes + Header.link("a/up", to: "..").bytes + Header.link("out", to: "a/up/../x").bytes
            + HostileArchive.end
        #expect(try await code(stream) == "package.link-unsafe")
    }

    @Test("for writing through a link")
    func throughLink() async throws {
        let inside = Header.folder("a").bytes + Header.link("b", to: "a").bytes
        #expect(try await code(inside + HostileArchive.file("b/x", "evil") + HostileArchive.end) == "package.unsafe")
        let double = Header.link("a", to: "b").bytes + HostileArchive.file("a", "evil")
        #expect(try await code(double + HostileArchive.end) == "package.malformed")
    }

    @Test("for hard links, devices and pipes", arguments: ["1", "3", "4", "6"] as [Character])
    func kinds(_ kind: Character) async throws {
        let stream = HostileArchive.file("a", "1") + Header("b", kind: kind, link: "a").bytes + HostileArchive.end
        #expect(try await code(stream) == "package.unsafe")
    }

    @Test("for kinds that other programs write", arguments: ["7", "L", "K", "g", "S", "\0"] as [Character])
    func otherKinds(_ kind: Character) async throws {
        #expect(try await code(Header("b", kind: kind).bytes + HostileArchive.end) == "package.malformed")
    }

    @Test("for setuid, setgid and sticky bits", arguments: [0o4755, 0o2755, 0o1755])
    func modes(_ mode: Int) async throws {
        #expect(try await code(HostileArchive.file("a", "1", mode: mode) + HostileArchive.end) == "package.unsafe")
    }

    @Test("for other modes, owners and checksums")
    func spelling() async throws {
        #expect(try await code(HostileArchive.file("a", "1", mode: 0o777) + HostileArchive.end) == "package.malformed")
        #expect(try await code(Header("a", user: 1000).bytes + HostileArchive.end) == "package.malformed")
        var wrong = Header("a").bytes
        wrong[150] ^= 1
        #expect(try await code(wrong + HostileArchive.end) == "package.malformed")
        #expect(try await code(Header("a", kind: "5", mode: 0o755).bytes + HostileArchive.end) == "package.malformed")
        var hidden = HostileArchive.file("a", "1")
        hidden[513] = 0x21
        #expect(try await code(hidden + HostileArchive.end) == "package.malformed")
        let link = Header("a", kind: "2", mode: 0o777, size: 5, link: "b").bytes
        #expect(try await code(link + HostileArchive.end) == "package.malformed")
    }

    @Test("for double names, also as a file and a folder, and for wrong order")
    func doubleNames() async throws {
        let file = HostileArchive.file("a", "1")
        let folder = Header.folder("a").bytes
        let inside = HostileArchive.file("a/b", "2")
        for stream in [file + file, file + folder, folder + file, folder + folder, folder + inside + inside] {
            #expect(try await code(stream + HostileArchive.end) == "package.malformed")
        }
        #expect(try await code(HostileArchive.file("b", "") + file + HostileArchive.end) == "package.malformed")
        #expect(try await code(file + inside + HostileArchive.end) == "package.unsafe")
        #expect(try await code(inside + HostileArchive.end) == "package.unsafe")
    }

    @Test("for lying sizes and pax records")
    func lyingSizes() async throws {
        let body = HostileArchive.padded(Array("1".utf8))
        let streams = [
            Header("a", size: 4000).bytes + body + HostileArchive.end,
            Header("a", size: 0).bytes + body + HostileArchive.end,
            Header("a", size: 0o777_7777_7777).bytes + body + HostileArchive.end,
            HostileArchive.pax("10 size=1\n") + Header("a").bytes + body + HostileArchive.end,
            HostileArchive.pax("28 size=9223372036854775807\n") + Header("a").bytes + HostileArchive.end,
            HostileArchive.pax("11 size=-1\n") + Header("a").bytes + HostileArchive.end,
            HostileArchive.pax("99999 path=a\n") + Header("a").bytes + HostileArchive.end,
            HostileArchive.pax("10 path=a\n") + Header("a").bytes + HostileArchive.end,
            HostileArchive.pax("20 comment=nothing.\n") + Header("a").bytes + HostileArchive.end,
            HostileArchive.pax("13 path=a.b.\n") + HostileArchive.pax("10 path=c\n") + Header("a").bytes
                + HostileArchive.end,
            HostileArchive.pax(String(repeating: "x", count: 9000)) + Header("a").bytes + HostileArchive.end,
            HostileArchive.pax("1") + Header("a").bytes + HostileArchive.end,
        ]
        for (index, stream) in streams.enumerated() {
            #expect(try await code(stream) == "package.malformed", "stream \(index)")
        }
    }

    @Test("for a truncated stream, or anything after its end")
    func ends() async throws {
        let file = HostileArchive.file("a", "1")
        #expect(try await code([]) == "package.malformed")
        #expect(try await code(file) == "package.malformed")
        #expect(try await code(file + HostileArchive.end.dropLast(512)) == "package.malformed")
        #expect(try await code(file + HostileArchive.end.dropLast(1)) == "package.malformed")
        #expect(try await code(file + HostileArchive.end + [0]) == "package.malformed")
        #expect(try await code(file + HostileArchive.end + file + HostileArchive.end) == "package.malformed")
        #expect(try await code(file + HostileArchive.end, appending: [0]) == "package.malformed")
        #expect(try await code(Array(file.dropLast(500))) == "package.malformed")
    }

    @Test("for a cut, changed or foreign compression")
    func compression() async throws {
        try await withTemporaryFolder { folder in
            let whole = folder.appending("whole")
            let stream = HostileArchive.file("a", (0..<20_000).map(String.init).joined()) + HostileArchive.end
            _ = try HostileArchive.write(stream, to: whole, signer: signer)
            let bytes = try Data(contentsOf: URL(filePath: whole.string))
            var changed = bytes
            changed[changed.count / 2] ^= 0x55
            let second = bytes + bytes
            for (index, content) in [Data(), bytes.prefix(bytes.count / 2), bytes.dropLast(), second, Data(stream)]
                .enumerated()
            {
                let archive = folder.appending("archive-\(index)")
                try content.write(to: URL(filePath: archive.string))
                let reference = try HostileArchive.sign(archive, signer: signer)
                #expect(try await code(archive, reference, in: folder) == "package.malformed", "archive \(index)")
            }
        }
    }

    @Test("for a frame that asks for more memory than a package needs")
    func window() async throws {
        // A frame header that asks for a window of 2 GiB: magic, descriptor without single
        // segment, window descriptor with exponent 21, and an empty last block.
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 21 << 3, 0x01, 0x00, 0x00]
        try await withTemporaryFolder { folder in
            let archive = folder.appending("archive")
            try Data(frame).write(to: URL(filePath: archive.string))
            let reference = try HostileArchive.sign(archive, signer: signer)
            #expect(try await code(archive, reference, in: folder) == "package.malformed")
        }
    }

    @Test("for a bomb: bytes, ratio, entries")
    func bombs() async throws {
        let zeros = String(repeating: "\0", count: 1 << 20)
        let large = HostileArchive.file("a", zeros) + HostileArchive.end
        #expect(try await code(large, limits: UnpackLimits(unpackedBytesMax: 1 << 19)) == "package.limit-exceeded")
        let many = (0..<200).map { String(1000 + $0) }.flatMap { Header($0).bytes } + HostileArchive.end
        #expect(try await code(many, limits: UnpackLimits(entriesMax: 199)) == "package.limit-exceeded")
        #expect(try await code(many, limits: UnpackLimits(entriesMax: 200)) == nil)
    }

    @Test("for a bomb of 80 MiB in a few kilobytes, though its size is allowed")
    func ratio() async throws {
        try await withTemporaryFolder { folder in
            let archive = folder.appending("archive")
            let file = try OpenFile.making(archive)
            let compressed = CompressedFile(file)
            try Header("a", size: 80 << 20).bytes.withRawBytes { (bytes) throws(Problem) in try compressed.write(bytes)
            }
            let zeros = [UInt8](repeating: 0, count: 1 << 20)
            for _ in 0..<80 { try zeros.withRawBytes { (bytes) throws(Problem) in try compressed.write(bytes) } }
            try HostileArchive.end.withRawBytes { (bytes) throws(Problem) in try compressed.write(bytes) }
            _ = try compressed.finish()
            let reference = try HostileArchive.sign(archive, signer: signer)
            #expect(try await code(archive, reference, in: folder) == "package.limit-exceeded")
        }
    }
}
