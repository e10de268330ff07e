import Core
import FoundationEssentials
import Testing
import Wire

@testable import Commands

/// Commands that need no server.
@Suite struct LocalCommandTests {
    /// Runs `body` with a folder that is gone afterwards.
    static func inFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-commands-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let result: Result<Value, any Error>
        do { result = .success(try await body(folder.path)) } catch { result = .failure(error) }
        try FileManager.default.removeItem(at: folder)
        return try result.get()
    }

    @Test("What init writes is valid, can be shown, and its app builds to the same package twice")
    func starter() async throws {
        try await Self.inFolder { folder in
            let path = "\(folder)/infra"
            let dry = await CommandLineRun(["init", path, "-n"])
            #expect(
                dry.code == 0 && dry.data.contains("apps/hello.yaml") && !FileManager.default.fileExists(atPath: path))
            #expect(await CommandLineRun(["init", path]).code == 0)
            let again = await CommandLineRun(["init", path])
            #expect(again.code == 1 && again.words.contains("init.not-empty"))
            #expect(await CommandLineRun(["validate", path, "--fabric", "dev"]).code == 0)
            #expect(
                await CommandLineRun(["validate", path, "--fabric", "prod"]).words.contains("config.fabric-unknown"))
            let shown = await CommandLineRun(["show", path])
            #expect(shown.code == 0 && shown.data.contains("apps.hello.processes.web.instances: 3\n"))
            let json = await CommandLineRun(["show", path, "--json"])
            let configuration = try JSONDecoder().decode(FabricConfiguration.self, from: Data(json.data.utf8))
            #expect(configuration.apps.count == 1)
            let first = await CommandLineRun(["build", "hello", path, "--json", "--keep-in", "\(folder)/kept"])
            let second = await CommandLineRun(["build", "hello", path, "--json", "--keep-in", "\(folder)/kept"])
            #expect(first.code == 0 && first.data == second.data)
            let kept = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/kept")
            #expect(kept.count == 1)
            #expect(await CommandLineRun(["build", "nix", path]).words.contains("app.unknown"))
        }
    }

    @Test("Mistakes are shown with file, line and hint, and end with 1")
    func mistakes() async throws {
        try await Self.inFolder { path in
            #expect(await CommandLineRun(["init", path]).code == 0)
            let file = "\(path)/apps/hello.yaml"
            let text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
            try text.replacing("instances:", with: "instance:").write(
                to: URL(filePath: file), atomically: true, encoding: .utf8)
            let run = await CommandLineRun(["validate", path])
            #expect(run.code == 1 && run.data.contains("apps/hello.yaml:9:5: error") && run.data.contains("instances"))
            let json = await CommandLineRun(["validate", path, "--json"])
            #expect(json.code == 1 && json.words.isEmpty && json.data.hasPrefix("[{"))
            #expect(await CommandLineRun(["show", path]).words.contains("config.invalid"))
        }
    }

    @Test("A login is kept for its user alone, and used")
    func login() async throws {
        try await Self.inFolder { folder in
            let stub = StubServer([
                "GET /v1/version": .json(VersionView(version: "0.1.0", fabric: FabricName(checked: "prod"), api: "v1")),
                "GET /v1/tokens": .json([TokenView]()),
            ])
            try await stub.serving { url in
                let environment = ["XDG_CONFIG_HOME": folder]
                #expect(
                    await CommandLineRun(["login", url], environment: environment).words.contains("login.no-token"))
                let login = await CommandLineRun(["login", url], environment: environment, answers: ["apus_secret"])
                #expect(login.code == 0 && !login.words.contains("apus_secret") && login.data.isEmpty)
                let file = "\(folder)/apus/context.json"
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                #expect(await CommandLineRun(["token", "list"], environment: environment).code == 0)
                #expect(
                    await CommandLineRun(["token", "list", "--fabric", "prod"], environment: environment).code == 0)
                let other = await CommandLineRun(["token", "list", "--fabric", "staging"], environment: environment)
                #expect(other.words.contains("context.fabric-unknown"))
                let wrong = await CommandLineRun(
                    ["token", "list", "--fabric", "staging", "--server", url], environment: environment)
                #expect(wrong.words.contains("fabric.other"))
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
                #expect(
                    await CommandLineRun(["token", "list"], environment: environment).words.contains("file.not-private")
                )
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
                #expect(await CommandLineRun(["logout"], environment: environment).code == 0)
            }
            #expect(stub.requests.allSatisfy { $0.authorization == "Bearer apus_secret" })
        }
    }

    @Test("A token is not sent over plain HTTP to another machine")
    func insecure() async {
        let run = await CommandLineRun(
            ["status"], environment: ["APUS_URL": "http://192.0.2.1:2787", "APUS_TOKEN": "apus_secret"])
        #expect(run.code == 1 && run.words.contains("server.insecure") && !run.words.contains("apus_secret"))
    }

    @Test("The doctor finds programs in PATH; one that only some uses need is a warning")
    func doctor() async throws {
        try await Self.inFolder { folder in
            for name in ["git", "haproxy"] {
                let made = FileManager.default.createFile(
                    atPath: "\(folder)/\(name)", contents: nil, attributes: [.posixPermissions: 0o755])
                #expect(made)
            }
            let environment = ["PATH": "/nowhere:\(folder)", "HOME": folder]
            let findings = LocalChecks(environment: environment).findings()
            #expect(findings.first { $0.name == "git" }?.sentence.hasPrefix("\(folder)/git") == true)
            #expect(findings.filter { $0.problem != nil }.allSatisfy { LocalChecks.isOptional($0.name) })
            try await StubServer(["GET /v1/doctor": .json([DoctorFinding(name: "state", sentence: "Good.")])]).serving {
                url in
                let run = await CommandLineRun(["doctor"], environment: environment.merging(["APUS_URL": url]) { $1 })
                #expect(run.code == 0 && run.data.contains("! node") && run.data.contains("✓ state"))
            }
            let alone = await CommandLineRun(
                ["doctor"], environment: environment.merging(["APUS_URL": "http://127.0.0.1:1"]) { $1 })
            #expect(alone.code == 1 && alone.data.contains("✗ server"))
        }
    }
}
