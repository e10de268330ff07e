import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing

@testable import Packages

@Suite("Unpacking")
struct UnpackTests {
    let signer = PackageSigner()

    /// Packs a small tree, and gives the folder, the package and its reference.
    func withPackage(
        _ items: [String: Item] = ["app.py": .file("print(1)\n"), "conf": .folder, "conf/old.json": .file("{}")],
        _ body: (FilePath, FilePath, PackageReference) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try makeTree(items, at: folder.appending("tree"))
            let packed = try await PackagePacker().pack(folder.appending("tree"), to: folder.appending("package"))
            try await body(folder, packed.path, signer.sign(packed))
        }
    }

    @Test("refuses what the fabric's key has not signed")
    func signature() async throws {
        try await withPackage { folder, archive, reference in
            let other = try PackageSigner().unpacker
            let code = await problemCode {
                try await other.unpack(archive: archive, reference: reference, into: folder.appending("one"))
            }
            #expect(code == "package.signature-invalid")
            #expect(try names(in: folder) == ["package", "tree"])
        }
    }

    @Test("refuses a file of another size or another digest before reading it as an archive")
    func changedFile() async throws {
        try await withPackage { folder, archive, reference in
            let unpacker = try signer.unpacker
            var bytes = try Data(contentsOf: URL(filePath: archive.string))
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: URL(filePath: archive.string))
            let target = folder.appending("one")
            let changed = await problemCode {
                try await unpacker.unpack(archive: archive, reference: reference, into: target)
            }
            #expect(changed == "package.digest-mismatch")
            bytes.append(0)
            try bytes.write(to: URL(filePath: archive.string))
            let longer = await problemCode { try await unpacker.verify(archive: archive, reference: reference) }
            #expect(longer == "package.size-mismatch")
            #expect(try names(in: folder) == ["package", "tree"])
        }
    }

    @Test("writes config files into the package, over its own files and into new folders")
    func extraFiles() async throws {
        try await withPackage { folder, archive, reference in
            let target = folder.appending("one")
            try await signer.unpacker.unpack(
                archive: archive, reference: reference, into: target,
                extraFiles: ["conf/old.json": "{\"new\":1}", "conf/deep/er.ini": "[x]", "top.txt": "t"])
            let found = try readTree(target)
            #expect(found["conf/old.json"] == .file("{\"new\":1}"))
            #expect(found["conf/deep/er.ini"] == .file("[x]"))
            #expect(found["top.txt"] == .file("t"))
            #expect(found["app.py"] == .file("print(1)\n"))
        }
    }

    @Test("never writes a config file outside, over a folder, or through a link")
    func hostileExtraFiles() async throws {
        let items: [String: Item] = ["d": .folder, "d/f": .file("x"), "l": .link("d"), "lf": .link("d/f")]
        let cases = [
            "../outside": "package.path-invalid", "/tmp/outside": "package.path-invalid",
            "d": "package.config-path", "l/f": "package.config-path", "lf": "package.config-path",
            "l": "package.config-path", "d/f/g": "package.config-path", "a\nb": "package.path-invalid",
        ]
        try await withPackage(items) { folder, archive, reference in
            for (path, expected) in cases {
                let code = await problemCode {
                    try await signer.unpacker.unpack(
                        archive: archive, reference: reference, into: folder.appending("one"),
                        extraFiles: [path: "evil"])
                }
                #expect(code == expected, "\(path)")
                let left = try names(in: folder)
                #expect(left == ["package", "tree"])
            }
        }
    }

    @Test("leaves what is at the target alone")
    func targetExists() async throws {
        try await withPackage { folder, archive, reference in
            try makeTree(["one/mine": .file("kept"), "file": .file("kept"), "link": .link("one")], at: folder)
            for name in ["one", "file", "link"] {
                let code = await problemCode {
                    try await signer.unpacker.unpack(
                        archive: archive, reference: reference, into: folder.appending(name))
                }
                #expect(code == "package.target-exists")
            }
            #expect(try readTree(folder.appending("one")) == ["mine": .file("kept")])
            #expect(try names(in: folder) == ["file", "link", "one", "package", "tree"])
        }
    }

    @Test("is undone whole, folders without write permission and links included")
    func removal() async throws {
        try await withTemporaryFolder { folder in
            try makeTree(["one/x/y": .file("1"), "one/out": .link("../kept"), "kept/z": .file("2")], at: folder)
            chmod(folder.appending("one/x").string, 0o500)
            try await PackageUnpacker.remove(folder.appending("one"))
            try await PackageUnpacker.remove(folder.appending("one"))
            let left = try readTree(folder)
            #expect(left == ["kept": .folder, "kept/z": .file("2")])
        }
    }

    @Test("of a package into one place at once happens once")
    func race() async throws {
        try await withPackage { folder, archive, reference in
            let unpacker = try signer.unpacker
            let target = folder.appending("one")
            let codes = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        await problemCode {
                            try await unpacker.unpack(archive: archive, reference: reference, into: target)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.filter { $0 == nil }.count == 1)
            #expect(codes.filter { $0 == "package.target-exists" }.count == 3)
            #expect(try names(in: folder) == ["one", "package", "tree"])
        }
    }

    @Test("clears what a crash has left, and nothing else")
    func leftovers() async throws {
        try await withTemporaryFolder { folder in
            try makeTree([".unpack-abc123/x/y": .file("half"), "release/z": .file("whole")], at: folder)
            chmod(folder.appending(".unpack-abc123/x").string, 0o500)
            try PackageUnpacker.removeLeftovers(in: folder)
            #expect(try names(in: folder) == ["release"])
        }
    }
}

@Suite("A package's signature")
struct SignatureTests {
    let signer = PackageSigner()

    @Test("covers app, version, digest and size")
    func covered() throws {
        let reference = try signer.sign(app: AppName("shop"), version: "3f2c1a0", digest: digest(of: [1]), size: 10)
        let verifier = try signer.verifier
        try verifier.verify(reference)
        var changed = [reference, reference, reference, reference, reference]
        changed[0].app = try AppName("shopx")
        changed[1].version = "3f2c1a1"
        changed[2].digest = digest(of: [2])
        changed[3].size = 11
        changed[4].signature = ""
        for reference in changed { #expect(throws: Problem.self) { try verifier.verify(reference) } }
    }

    @Test("is over a text that says what it is")
    func message() throws {
        let reference = try signer.sign(app: AppName("shop"), version: "1.0-rc+2", digest: digest(of: []), size: 7)
        let text = String(decoding: try SignedMessage(reference).bytes, as: UTF8.self)
        #expect(text == "apus.package.v1\nshop\n1.0-rc+2\n\(digest(of: []))\n7\n")
    }

    @Test(
        "is not made for a version that could be taken for something else",
        arguments: [
            "", "a\nb", "a b", "../x", String(repeating: "1", count: 129), "é",
        ])
    func versions(_ version: String) throws {
        #expect(throws: Problem.self) {
            try signer.sign(app: AppName("shop"), version: version, digest: digest(of: []), size: 7)
        }
    }

    @Test("is made again by a signer from a stored key; other keys are refused")
    func keys() throws {
        let restored = try PackageSigner(privateKeyBase64: signer.privateKeyBase64)
        #expect(restored.publicKeyBase64 == signer.publicKeyBase64)
        for text in ["", "AAAA", "not base64!", signer.publicKeyBase64 + "AA=="] {
            #expect(throws: Problem.self) { try PackageVerifier(publicKeyBase64: text) }
            #expect(throws: Problem.self) { try PackageSigner(privateKeyBase64: text) }
        }
    }
}
