import ConfigRepository
import Core
import FoundationEssentials
import SystemPackage
import Testing

@Suite struct GitRepositoryTests {
    @Test("A commit is read while the work tree says something else")
    func commitBesideWorkTree() async throws {
        try await GitFixture.with { fixture in
            let first = try await fixture.commit(Sample.base)
            try fixture.write("fabric: broken [\n", to: "fabrics/prod.yaml")
            try await fixture.git("add", "--all")
            try fixture.write("fabric: worse {\n", to: "fabrics/prod.yaml")
            let status = try await fixture.git("status", "--porcelain")
            let repository = try fixture.repository()
            #expect(try await repository.head() == first)
            let reading = try await ConfigurationReader.read(repository, commit: first)
            #expect(reading.diagnostics.isEmpty, "\(reading.diagnostics)")
            #expect(try Sample.prod(reading).commit == first)
            let folder = ConfigurationReader.read(try FileTree(folder: FilePath(fixture.work)), commit: "")
            #expect(folder.errors.map(\.position.file).contains("fabrics/prod.yaml"))
            #expect(try await fixture.git("status", "--porcelain") == status)
        }
    }

    @Test("Branches, tags, short commits and commits before them resolve; others do not, with a hint")
    func resolve() async throws {
        try await GitFixture.with { fixture in
            let first = try await fixture.commit(["a": "1"])
            try await fixture.git("tag", "v1")
            let second = try await fixture.commit(["a": "2"])
            let repository = try fixture.repository()
            #expect(try await repository.resolve(GitReference("main")) == second)
            #expect(try await repository.resolve(GitReference("v1")) == first)
            #expect(try await repository.resolve(GitReference("main~1")) == first)
            #expect(try await repository.resolve(GitReference(String(second.prefix(8)))) == second)
            #expect(try await repository.resolve(GitReference("HEAD")) == second)
            let problem = await #expect(throws: Problem.self) { try await repository.resolve(GitReference("mian")) }
            #expect(problem?.code == "git.reference-unknown")
            #expect(problem?.remedy.contains("main") == true)
            for hostile in ["-main", "--all", "a..b", "a b", "main^{commit}", "main:path", "a\nb", "@{-1}", ""] {
                #expect(throws: Problem.self) { try GitReference(hostile) }
            }
        }
    }

    @Test("Commits have author, time and subject; a folder has the same tree id until it changes")
    func people() async throws {
        try await GitFixture.with { fixture in
            let first = try await fixture.commit(["src/a": "1", "other": "1"], "First \u{1B}[2Jline\n\nand more")
            let second = try await fixture.commit(["other": "2"], "Second")
            let repository = try fixture.repository()
            let log = try await repository.log(from: GitReference("main"), countMax: 10)
            #expect(log.map(\.id) == [second, first])
            #expect(log.map(\.subject) == ["Second", "First [2Jline"])
            #expect((log[0].author, log[0].email) == ("Ada", "ada@example.com"))
            #expect(log[0].at.milliseconds > 1_600_000_000_000)
            #expect(try await repository.commit(first) == log[1])
            let tree = try await repository.treeID(commit: first, path: "src")
            #expect(tree != nil)
            #expect(try await repository.treeID(commit: second, path: "src") == tree)
            #expect(try await repository.treeID(commit: second) != repository.treeID(commit: first))
            #expect(try await repository.treeID(commit: second, path: "src/a") == nil)
            #expect(try await repository.treeID(commit: second, path: "none") == nil)
        }
    }

    @Test("A remote repository is mirrored, follows pushes and removed branches, and knows its default branch")
    func mirror() async throws {
        try await GitFixture.with { fixture in
            let first = try await fixture.commit(Sample.base)
            try await fixture.git("branch", "old")
            let bare = fixture.root + "/bare.git"
            try await fixture.git("clone", "--quiet", "--bare", ".", bare)
            let mirror = try GitRepository(GitLocation("file://\(bare)"), cache: FilePath(fixture.root + "/cache"))
            try await mirror.fetch()
            #expect(try await mirror.head() == first)
            #expect(try await mirror.resolve(GitReference("old")) == first)
            let second = try await fixture.commit(["a": "b"])
            try await fixture.git("push", "--quiet", bare, "main", ":old")
            try await mirror.fetch()
            #expect(try await mirror.resolve(GitReference("main")) == second)
            await #expect(throws: Problem.self) { try await mirror.resolve(GitReference("old")) }
            #expect(try await ConfigurationReader.read(mirror, commit: second).isValid)
            let inPlace = try GitRepository(path: FilePath(bare))
            #expect(try await inPlace.head() == second)
        }
    }

    @Test("Two fetches at once both succeed")
    func concurrentFetches() async throws {
        try await GitFixture.with { fixture in
            try await fixture.commit(["a": "1"])
            let location = try GitLocation("file://\(fixture.work)")
            let cache = FilePath(fixture.root + "/cache")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { try await GitRepository(location, cache: cache).fetch() } }
                try await group.waitForAll()
            }
        }
    }

    @Test("A fetch that takes too long is ended")
    func timeout() async throws {
        try await GitFixture.with { fixture in
            try await fixture.commit(["a": "1"])
            let location = try GitLocation("file://\(fixture.work)")
            let repository = try GitRepository(location, cache: FilePath(fixture.root + "/cache"))
            let problem = await #expect(throws: Problem.self) {
                try await repository.fetch(timeout: .microseconds(100))
            }
            #expect(problem?.code == "git.timeout")
            try await repository.fetch()
        }
    }

    @Test("A repository that is not there is a problem with a cause")
    func missing() async throws {
        try await GitFixture.with { fixture in
            let repository = try GitRepository(
                GitLocation("file://\(fixture.root)/none"), cache: FilePath(fixture.root + "/cache"))
            let problem = await #expect(throws: Problem.self) { try await repository.fetch() }
            #expect(problem?.code == "git.fetch-failed")
            #expect(throws: Problem.self) { try GitRepository(path: FilePath(fixture.root)) }
            let empty = await #expect(throws: Problem.self) { try await fixture.repository().head() }
            #expect(empty?.code == "git.empty")
        }
    }

    @Test("A repository's own configuration runs nothing")
    func hostileConfiguration() async throws {
        try await GitFixture.with { fixture in
            let commit = try await fixture.commit(Sample.base.merging([".gitattributes": "* filter=evil\n"]) { $1 })
            let touch = "touch \(fixture.root)/ran"
            for key in [
                "core.fsmonitor", "core.sshCommand", "core.pager", "filter.evil.smudge", "filter.evil.clean",
                "core.gitProxy",
            ] {
                try await fixture.git("config", key, touch)
            }
            let repository = try fixture.repository()
            _ = try await ConfigurationReader.read(repository, commit: commit)
            _ = try await repository.log(from: GitReference("HEAD"), countMax: 5)
            try await repository.export(commit: commit, to: FilePath(fixture.root + "/out"))
            #expect(!FileManager.default.fileExists(atPath: fixture.root + "/ran"))
        }
    }

    @Test("A location shows no password")
    func password() throws {
        #expect("\(try GitLocation("https://bot:secret@git.example/a.git"))" == "https://bot@git.example/a.git")
        #expect("\(try GitLocation("git@git.example:a.git"))" == "git@git.example:a.git")
    }
}
