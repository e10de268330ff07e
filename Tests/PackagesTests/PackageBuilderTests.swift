import Core
import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Packages

/// Keeps the lines of a build.
final class BuildLog: Sendable {
    private let kept = Mutex<[String]>([])
    var lines: [String] { kept.withLock { $0 } }
    func add(_ line: String) { kept.withLock { $0.append(line) } }
}

@Suite("A build")
struct PackageBuilderTests {
    let signer = PackageSigner()
    let log = BuildLog()

    func build(
        _ recipe: BuildRecipe, _ source: FilePath, work: FilePath, limits: BuildLimits = .standard
    ) async throws(Problem) -> PackedTarball {
        try await PackageBuilder(limits: limits).build(
            recipe: recipe, source: source, app: try AppName("shop"), version: "v1", work: work, log: log.add)
    }

    /// Builds, checks that source and work folder are left as they were, and unpacks.
    func buildAndUnpack(_ recipe: BuildRecipe, _ items: [String: Item], in folder: FilePath) async throws -> [String:
        Item]
    {
        let source = folder.appending("source")
        let work = folder.appending("work")
        try makeTree(items.merging([".git/HEAD": .file("ref"), "sub/.git": .file("gitdir")]) { $1 }, at: source)
        try makeTree([:], at: work)
        let before = try readTree(source)
        let packed = try await build(recipe, source, work: work)
        let after = try readTree(source)
        let left = try names(in: work)
        #expect(after == before)
        #expect(left == [packed.path.lastComponent?.string])
        let target = folder.appending("release")
        try await signer.unpacker.unpack(archive: packed.path, reference: signer.sign(packed), into: target)
        return try readTree(target)
    }

    @Test("of files packs the source without .git")
    func files() async throws {
        try await withTemporaryFolder { folder in
            let found = try await buildAndUnpack(.files, ["index.html": .file("<p>"), "sub/x": .file("1")], in: folder)
            #expect(found == ["index.html": .file("<p>"), "sub": .folder, "sub/x": .file("1")])
        }
    }

    @Test("by a script packs what the script has written, and runs in a copy with little around it")
    func script() async throws {
        let script = """
            #!/bin/sh
            mkdir -p out/bin
            echo "$APUS_APP $APUS_VERSION $# ${APUS_TEST_SECRET-none}" > out/said
            cp run out/bin/run
            pwd > where
            echo working; echo to stderr >&2
            """
        let items: [String: Item] = [
            "make.sh": .file(script, isExecutable: true), "run": .file("#!/bin/sh\n", isExecutable: true),
        ]
        setenv("APUS_TEST_SECRET", "secret", 1)
        try await withTemporaryFolder { folder in
            let recipe = BuildRecipe.script(path: "make.sh", output: "out")
            let found = try await buildAndUnpack(recipe, items, in: folder)
            #expect(
                found == [
                    "bin": .folder, "bin/run": .file("#!/bin/sh\n", isExecutable: true),
                    "said": .file("shop v1 0 none\n"),
                ])
            #expect(log.lines.contains("working"))
            #expect(log.lines.contains("to stderr"))
        }
    }

    @Test("by a script fails with its last lines, and leaves nothing")
    func scriptFails() async throws {
        try await withTemporaryFolder { folder in
            try makeTree(
                ["make": .file("#!/bin/sh\necho first\necho cannot find it\nexit 3\n", isExecutable: true)],
                at: folder.appending("source"))
            try makeTree([:], at: folder.appending("work"))
            do throws(Problem) {
                _ = try await build(
                    .script(path: "make", output: nil), folder.appending("source"), work: folder.appending("work"))
                Issue.record("The build did not fail.")
            } catch {
                #expect(error.code == "build.failed")
                #expect(error.cause.contains("status 3"))
                #expect(error.cause.contains("cannot find it"))
            }
            #expect(try names(in: folder.appending("work")) == [])
        }
    }

    @Test("is ended with all that it has started when its time is up")
    func timeout() async throws {
        try await withTemporaryFolder { folder in
            let pid = folder.appending("pid").string
            let script = "#!/bin/sh\nsleep 600 &\necho $! > \(pid).new\nmv \(pid).new \(pid)\nwait\n"
            try makeTree(["make": .file(script, isExecutable: true)], at: folder.appending("source"))
            try makeTree([:], at: folder.appending("work"))
            let code = await problemCode {
                _ = try await build(
                    .script(path: "make", output: nil), folder.appending("source"), work: folder.appending("work"),
                    limits: BuildLimits(timeout: .seconds(2)))
            }
            #expect(code == "build.timeout")
            let text = try String(contentsOf: URL(filePath: pid), encoding: .utf8)
            let child = try #require(pid_t(text.filter(\.isNumber)))
            let deadline = ContinuousClock.now + .seconds(10)
            while kill(child, 0) == 0, ContinuousClock.now < deadline { await Task.yield() }
            #expect(kill(child, 0) != 0)
            #expect(try names(in: folder.appending("work")) == [])
        }
    }

    @Test(
        "by a script is refused for a path that is not in the source",
        arguments: [
            ("../make", nil, "package.path-invalid"), ("/bin/sh", nil, "package.path-invalid"),
            ("missing", nil, "build.script-invalid"), ("plain", nil, "build.script-invalid"),
            ("make", "../..", "package.path-invalid"), ("make", "nothing", "build.output-missing"),
            ("make", "away", "build.output-missing"),
        ] as [(String, String?, String)])
    func scriptPaths(path: String, output: String?, expected: String) async throws {
        try await withTemporaryFolder { folder in
            try makeTree(
                ["make": .file("#!/bin/sh\nln -s / away\n", isExecutable: true), "plain": .file("#!/bin/sh\n")],
                at: folder.appending("source"))
            try makeTree([:], at: folder.appending("work"))
            let code = await problemCode {
                _ = try await build(
                    .script(path: path, output: output), folder.appending("source"), work: folder.appending("work"))
            }
            #expect(code == expected)
        }
    }

    @Test("of Python packs the required packages and their programs, the same each time, to run anywhere")
    func python() async throws {
        try await withTemporaryFolder { folder in
            let items: [String: Item] = [
                "app.py": .file("import tiny\nprint(tiny.word)\n"), "requirements.txt": .file("./tiny\n"),
                "tiny/tiny.py": .file("word = 'swift'\ndef main(): print('hello from ' + word)\n"),
                "tiny/pyproject.toml": .file(Self.tinyProject), "tiny/backend.py": .file(Self.tinyBackend),
            ]
            let found = try await buildAndUnpack(.python, items, in: folder)
            #expect(found[".apus/environment"] == .file("PATH+=.apus/bin\nPYTHONPATH+=.apus/site-packages\n"))
            guard case .file(let program, let isExecutable)? = found[".apus/bin/tiny"] else {
                Issue.record("There is no program: \(found.keys.sorted())")
                return
            }
            #expect(program.hasPrefix("#!/usr/bin/env python3\n"))
            #expect(isExecutable)
            #expect(
                !found.values.contains {
                    if case .file(let text, _) = $0 { text.contains(folder.string) } else { false }
                })
            #expect(try await run("tiny", release: folder.appending("release")) == "hello from swift")

            let again = folder.appending("somewhere/else")
            try makeTree(items.merging(["sub": .folder]) { $1 }, at: again)
            try makeTree([:], at: folder.appending("work2"))
            _ = try await build(.python, again, work: folder.appending("work2"))
            #expect(try names(in: folder.appending("work")) == names(in: folder.appending("work2")))
        }
    }

    /// Runs a program of a package as an instance would, and gives the line that it prints.
    private func run(_ program: String, release: FilePath) async throws -> String? {
        let variables = try PackageEnvironment.read(packageRoot: release, over: ProcessInfo.processInfo.environment)
        let output = BuildLog()
        try await BuildProgram(
            label: program, program: .name(program), arguments: [],
            environment: variables, folder: release, limits: .standard, log: output.add
        ).run()
        return output.lines.first
    }

    @Test("of Python without requirements is the source")
    func pythonPlain() async throws {
        try await withTemporaryFolder { folder in
            let items: [String: Item] = ["app.py": .file("1"), "__pycache__/app.pyc": .file("stale")]
            let found = try await buildAndUnpack(.python, items, in: folder)
            #expect(found == ["app.py": .file("1"), "sub": .folder])
        }
    }

    @Test("of Python fails with what pip said")
    func pythonFails() async throws {
        try await withTemporaryFolder { folder in
            try makeTree(["requirements.txt": .file("./not-there\n")], at: folder.appending("source"))
            try makeTree([:], at: folder.appending("work"))
            let code = await problemCode {
                _ = try await build(.python, folder.appending("source"), work: folder.appending("work"))
            }
            #expect(code == "build.failed")
            #expect(log.lines.contains { $0.contains("not-there") })
        }
    }

    @Test("of Node without a lock file is the source")
    func nodePlain() async throws {
        try await withTemporaryFolder { folder in
            let found = try await buildAndUnpack(.node, ["server.js": .file("1")], in: folder)
            #expect(found == ["server.js": .file("1"), "sub": .folder])
        }
    }

    @Test("of Node packs the modules of the lock file and finds their programs", .enabled(if: Self.hasNode))
    func node() async throws {
        try await withTemporaryFolder { folder in
            let items: [String: Item] = [
                "package.json": .file(#"{"name":"shop","version":"1.0.0","dependencies":{"tiny":"file:tiny"}}"#),
                "package-lock.json": .file(Self.nodeLock),
                "tiny/package.json": .file(#"{"name":"tiny","version":"1.0.0","bin":{"tiny":"cli.js"}}"#),
                "tiny/cli.js": .file("#!/usr/bin/env node\nconsole.log('hello from node')\n", isExecutable: true),
            ]
            let found = try await buildAndUnpack(.node, items, in: folder)
            #expect(found[".apus/environment"] == .file("PATH+=node_modules/.bin\n"))
            #expect(found["node_modules/tiny"] == .link("../tiny"))
            #expect(try await run("tiny", release: folder.appending("release")) == "hello from node")
        }
    }

    @Test("of Node says that npm is missing where it is")
    func nodeMissing() async throws {
        try await withTemporaryFolder { folder in
            let program = BuildProgram(
                label: "npm ci", program: .name("npm"), arguments: [], environment: ["PATH": folder.string],
                folder: folder,
                limits: .standard, log: log.add)
            let code = await problemCode { try await program.run() }
            #expect(code == "build.tool-missing")
        }
    }

    @Test(
        "of a web server from a package index deploys and starts", .enabled(if: Self.mayUseNetwork))
    func gunicorn() async throws {
        try await withTemporaryFolder { folder in
            let items: [String: Item] = ["requirements.txt": .file("gunicorn==23.0.0\n")]
            let found = try await buildAndUnpack(.python, items, in: folder)
            #expect(found[".apus/bin/gunicorn"] != nil)
            let project = "[project]\nname = 'x'\nversion = '1'\ndependencies = ['gunicorn==23.0.0']\n"
            let source = folder.appending("project")
            try makeTree(["pyproject.toml": .file(project)], at: source)
            let packed = try await build(.python, source, work: folder)
            #expect(packed.entries > 50)
            try await BuildProgram(
                label: "gunicorn", program: .name("gunicorn"), arguments: ["--version"],
                environment: PackageEnvironment.read(
                    packageRoot: folder.appending("release"), over: ProcessInfo.processInfo.environment),
                folder: folder, limits: .standard, log: log.add
            ).run()
            #expect(log.lines.last?.contains("23.0.0") == true)
        }
    }

    @Test(
        "of Python or Node is refused for a source that has the build's own folder",
        arguments: [BuildRecipe.python, .node])
    func reserved(_ recipe: BuildRecipe) async throws {
        try await withTemporaryFolder { folder in
            try makeTree([".apus/environment": .file("PATH=x")], at: folder.appending("source"))
            try makeTree([:], at: folder.appending("work"))
            let code = await problemCode {
                _ = try await build(recipe, folder.appending("source"), work: folder.appending("work"))
            }
            #expect(code == "build.reserved-folder")
        }
    }

    private static let hasNode = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/npm")
    }

    /// Set for a run that may fetch from a package index.
    private static let mayUseNetwork = ProcessInfo.processInfo.environment["APUS_TEST_NETWORK"] != nil

    private static let nodeLock = """
        {"name":"shop","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
        "":{"name":"shop","version":"1.0.0","dependencies":{"tiny":"file:tiny"}},
        "node_modules/tiny":{"resolved":"tiny","link":true},
        "tiny":{"version":"1.0.0","bin":{"tiny":"cli.js"}}}}
        """

    private static let tinyProject = """
        [project]
        name = "tiny"
        version = "1.0"
        [build-system]
        requires = []
        build-backend = "backend"
        backend-path = ["."]
        """

    /// Makes a wheel with nothing but Python's own library, so that the test needs no network.
    private static let tinyBackend = """
        import zipfile
        def build_wheel(folder, config_settings=None, metadata_directory=None):
            name = "tiny-1.0-py3-none-any.whl"
            info = "tiny-1.0.dist-info/"
            files = {
                "tiny.py": open("tiny.py").read(),
                info + "METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n",
                info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: tiny\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
                info + "entry_points.txt": "[console_scripts]\\ntiny = tiny:main\\n",
            }
            files[info + "RECORD"] = "".join(path + ",,\\n" for path in files) + info + "RECORD,,\\n"
            with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
                for path, text in files.items():
                    wheel.writestr(path, text)
            return name
        """
}
