import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing

@testable import Packages

@Suite("A folder, packed and unpacked")
struct RoundTripTests {
    let signer = PackageSigner()

    @Test("comes back with its names, contents, links and executable bits")
    func roundTrip() async throws {
        let long = String(repeating: "long-folder-name/", count: 12) + "file"
        let items: [String: Item] = [
            "app.py": .file("print(1)\n"), "bin": .folder, "bin/start": .file("#!/bin/sh\n", isExecutable: true),
            "empty": .folder, "empty.txt": .file(""), "static": .folder, "static/é ü.txt": .file("umlaut"),
            "static-old": .folder, "static-old/x": .file(String(repeating: "x", count: 700_001)),
            "current": .link("static/é ü.txt"), "bin/up": .link("../app.py"),
            "far": .link(String(repeating: "n/", count: 60) + "end"),
            "block": .file(String(repeating: "b", count: 512)),
        ]
        try await withTemporaryFolder { folder in
            try makeTree(items.merging([long: .file("deep")]) { $1 }, at: folder.appending("tree"))
            let packed = try await PackagePacker().pack(folder.appending("tree"), to: folder.appending("package"))
            let target = folder.appending("release")
            try await signer.unpacker.unpack(archive: packed.path, reference: signer.sign(packed), into: target)
            let found = try readTree(target)
            #expect(try found == readTree(folder.appending("tree")))
            #expect(found["static/é ü.txt"] == .file("umlaut"))
            #expect(found[long] == .file("deep"))
            #expect(found.count == packed.entries)
            #expect(try names(in: folder) == ["package", "release", "tree"])
        }
    }

    @Test("has modes 0644 and 0755 whatever the umask and the source's modes")
    func modes() async throws {
        try await withTemporaryFolder { folder in
            let tree = folder.appending("tree")
            try makeTree(["private": .file("x"), "run": .file("x", isExecutable: true), "in": .folder], at: tree)
            chmod(tree.appending("private").string, 0o600)
            chmod(tree.appending("run").string, 0o711)
            chmod(tree.appending("in").string, 0o700)
            let packed = try await PackagePacker().pack(tree, to: folder.appending("package"))
            let target = folder.appending("release")
            try await signer.unpacker.unpack(archive: packed.path, reference: signer.sign(packed), into: target)
            func mode(_ path: FilePath) -> mode_t {
                var status = stat()
                return stat(path.string, &status) == 0 ? status.st_mode & 0o7777 : 0
            }
            #expect(mode(target) == 0o755)
            #expect(mode(target.appending("private")) == 0o644)
            #expect(mode(target.appending("run")) == 0o755)
            #expect(mode(target.appending("in")) == 0o755)
        }
    }

    @Test("is the same bytes at another place, another time, for another owner")
    func deterministic() async throws {
        let items: [String: Item] = [
            "a": .folder, "a/1": .file("one"), "a-b": .file("two"), "a.c": .link("a/1"),
            "z": .file(String(repeating: "bytes ", count: 100_000), isExecutable: true),
        ]
        try await withTemporaryFolder { folder in
            let first = folder.appending("first")
            let second = folder.appending("elsewhere/second")
            try makeTree(items, at: first)
            try makeTree(items, at: second)
            chmod(second.appending("z").string, 0o700)
            chmod(second.appending("a/1").string, 0o400)
            var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
            utimes(second.appending("a-b").string, &times)
            let one = try await PackagePacker().pack(first, to: folder.appending("one"))
            let two = try await PackagePacker().pack(second, to: folder.appending("two"))
            #expect(one.digest == two.digest)
            let bytes = try Data(contentsOf: URL(filePath: one.path.string))
            #expect(one.digest == digest(of: Array(bytes)))
            #expect(one.size == Int64(bytes.count))
            chmod(second.appending("a-b").string, 0o755)
            let three = try await PackagePacker().pack(second, to: folder.appending("three"))
            #expect(three.digest != one.digest)
        }
    }

    @Test("cannot be packed with what a package may not hold, and leaves no file")
    func refusedSources() async throws {
        let sources: [(String, [String: Item])] = [
            ("package.link-unsafe", ["link": .link("/etc/passwd")]),
            ("package.link-unsafe", ["link": .link("../outside")]),
            ("package.link-unsafe", ["a": .folder, "a/link": .link("b/../../..")]),
            ("package.path-invalid", ["new\nline": .file("")]),
            ("package.path-invalid", ["left\u{202E}right": .file("")]),
        ]
        for (code, items) in sources {
            try await withTemporaryFolder { folder in
                try makeTree(items, at: folder.appending("tree"))
                let found = await problemCode {
                    _ = try await PackagePacker().pack(folder.appending("tree"), to: folder.appending("package"))
                }
                #expect(found == code, "\(items)")
                #expect(try names(in: folder) == ["tree"])
            }
        }
    }

    @Test("cannot be packed with pipes, sockets, setuid files or names that are not UTF-8")
    func specialSources() async throws {
        try await withTemporaryFolder { folder in
            let tree = folder.appending("tree")
            func code() async -> String? {
                await problemCode { _ = try await PackagePacker().pack(tree, to: folder.appending("package")) }
            }
            try makeTree([:], at: tree)
            mkfifo(tree.appending("pipe").string, 0o600)
            #expect(await code() == "package.special-file")
            unlink(tree.appending("pipe").string)
            try makeTree(["root": .file("", isExecutable: true)], at: tree)
            chmod(tree.appending("root").string, 0o4755)
            #expect(await code() == "package.special-file")
            unlink(tree.appending("root").string)
            let raw = Array(tree.string.utf8CString.dropLast()) + [0x2F, CChar(bitPattern: 0xFF), 0]
            close(open(raw, O_CREAT | O_WRONLY, 0o600))
            #expect(await code() == "package.path-invalid")
            unlink(raw)
            #expect(await code() == nil)
        }
    }

    @Test("is refused while packing when it could not be unpacked within the limits")
    func limits() async throws {
        try await withTemporaryFolder { folder in
            let tree = folder.appending("tree")
            try makeTree(["a": .file("1"), "b": .file(String(repeating: "0", count: 100_000))], at: tree)
            for limits in [UnpackLimits(unpackedBytesMax: 50_000), UnpackLimits(entriesMax: 1)] {
                let code = await problemCode {
                    _ = try await PackagePacker(limits: limits).pack(tree, to: folder.appending("package"))
                }
                #expect(code == "package.limit-exceeded")
            }
        }
    }

    @Test("reads as an ordinary tar stream: 512-byte blocks, ustar, zeros for owners and time")
    func layout() throws {
        let header = TarFormat.header(
            of: TarEntry(path: try EntryPath("bin/run"), kind: .file(size: 5, isExecutable: true)))
        #expect(header.count == 512)
        #expect(String(decoding: header[0..<7], as: UTF8.self) == "bin/run")
        #expect(String(decoding: header[100..<107], as: UTF8.self) == "0000755")
        #expect(String(decoding: header[124..<135], as: UTF8.self) == "00000000005")
        #expect(String(decoding: header[257..<265], as: UTF8.self) == "ustar\u{0}00")
        let large = TarFormat.header(
            of: TarEntry(path: try EntryPath("x"), kind: .file(size: 1 << 40, isExecutable: false)))
        #expect(large.count == 3 * 512)
        #expect(String(decoding: large[512..<512 + 22], as: UTF8.self) == "22 size=1099511627776\n")
    }
}
