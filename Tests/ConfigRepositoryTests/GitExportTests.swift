import ConfigRepository
import Core
import FoundationEssentials
import SystemPackage
import Testing

@Suite struct GitExportTests {
    @Test("A folder of a commit is written as it is: files, executables, links, large files")
    func export() async throws {
        try await GitFixture.with { fixture in
            let large = String(repeating: "0123456789abcdef", count: 600_000)
            try fixture.write("#!/bin/sh\n", to: "src/bin/run")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: fixture.work + "/src/bin/run")
            try fixture.write("", to: "src/empty")
            try fixture.write("ü", to: "src/a b/ü -x")
            try fixture.link("src/a b/link", to: "../bin/run")
            let commit = try await fixture.commit(["src/large": large, "outside": "no"])
            try fixture.write("changed", to: "src/empty")
            let out = fixture.root + "/out"
            try await fixture.repository().export(commit: commit, path: "src", to: FilePath(out))
            #expect(fixture.text(out + "/bin/run") == "#!/bin/sh\n")
            #expect(FileManager.default.isExecutableFile(atPath: out + "/bin/run"))
            #expect(fixture.text(out + "/empty") == "")
            #expect(fixture.text(out + "/a b/ü -x") == "ü")
            #expect(fixture.text(out + "/a b/link") == "#!/bin/sh\n")
            #expect(fixture.text(out + "/large") == large)
            #expect(try Set(FileManager.default.contentsOfDirectory(atPath: out)) == ["bin", "empty", "a b", "large"])
            let problem = await #expect(throws: Problem.self) {
                try await fixture.repository().export(commit: commit, path: "src", to: FilePath(out))
            }
            #expect(problem?.code == "git.export-failed")
        }
    }

    @Test(
        "Links that lead out are refused, and nothing is written",
        arguments: ["/etc/passwd", "../secret", "../../x", "a/../../x", "b/../..", "a/.."])
    func links(target: String) async throws {
        try await GitFixture.with { fixture in
            try fixture.write("x", to: "a/file")
            try fixture.link("link", to: target)
            let commit = try await fixture.commit()
            let problem = await #expect(throws: Problem.self) {
                try await fixture.repository().export(commit: commit, to: FilePath(fixture.root + "/out"))
            }
            #expect(problem?.code == "git.export-link")
            #expect(!FileManager.default.fileExists(atPath: fixture.root + "/out"))
        }
    }

    @Test(
        "Names that lead out, which only a hand-made tree can have, are refused",
        arguments: ["..", ".git", ".GIT", "."])
    func names(name: String) async throws {
        try await GitFixture.with { fixture in
            let blob = try await fixture.git("hash-object", "-w", "--stdin", input: "evil")
            let tree = try await fixture.git("mktree", input: "100644 blob \(blob)\tfile\n")
            // git itself makes no such tree, so its bytes are written.
            var object = Array("40000 \(name)\0".utf8)
            object += stride(from: 0, to: 40, by: 2).map { UInt8(tree.dropFirst($0).prefix(2), radix: 16) ?? 0 }
            let file = fixture.root + "/tree"
            try Data(object).write(to: URL(filePath: file))
            let outer = try await fixture.git("hash-object", "-t", "tree", "-w", "--literally", file)
            let commit = try await fixture.git("commit-tree", outer, "-m", "evil")
            let problem = await #expect(throws: Problem.self) {
                try await fixture.repository().export(commit: commit, to: FilePath(fixture.root + "/out"))
            }
            #expect(problem?.code == "git.export-path")
            #expect(!FileManager.default.fileExists(atPath: fixture.root + "/out"))
        }
    }

    @Test("A submodule is refused, not fetched")
    func submodule() async throws {
        try await GitFixture.with { fixture in
            let first = try await fixture.commit(["a": "1"])
            try await fixture.git("update-index", "--add", "--cacheinfo", "160000,\(first),vendor/lib")
            try await fixture.git("commit", "--quiet", "-m", "submodule")
            let commit = try await fixture.git("rev-parse", "HEAD")
            let problem = await #expect(throws: Problem.self) {
                try await fixture.repository().export(commit: commit, to: FilePath(fixture.root + "/out"))
            }
            #expect(problem?.code == "git.export-submodule")
        }
    }

    @Test("A source that is too large is refused before it is written")
    func size() async throws {
        try await GitFixture.with { fixture in
            let commit = try await fixture.commit(["a": String(repeating: "x", count: 5000)])
            let problem = await #expect(throws: Problem.self) {
                try await fixture.repository().export(
                    commit: commit, to: FilePath(fixture.root + "/out"), limits: .init(bytesMax: 1000))
            }
            #expect(problem?.code == "git.export-size")
        }
    }

    @Test("A link in a folder that is read is an error of the configuration, not a way out")
    func linkedConfiguration() async throws {
        try await GitFixture.with { fixture in
            try fixture.write("fabric: dev\n", to: "fabrics/dev.yaml")
            try FileManager.default.createDirectory(atPath: fixture.work + "/apps", withIntermediateDirectories: true)
            try fixture.link("apps/shop.yaml", to: "/etc/passwd")
            let commit = try await fixture.commit()
            #expect(
                try await ConfigurationReader.read(fixture.repository(), commit: commit).errors.map(\.code) == [
                    "file.link"
                ])
            let folder = ConfigurationReader.read(try FileTree(folder: FilePath(fixture.work)), commit: "")
            #expect(folder.errors.map(\.code) == ["file.link"])
        }
    }
}
