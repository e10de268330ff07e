import ArgumentParser
import ConfigRepository
import Core
import FoundationEssentials
import Packages
import SystemPackage

struct BuildCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build an app's package on this machine, to try it out.",
        discussion: """
            Needs no server. It runs what the source brings, with your rights. A source that is a folder of the \
            configuration repository is built as it is, committed or not.
            """)

    private struct Result: Encodable {
        var app: AppName
        var source: String
        var digest: Digest
        var sizeBytes: Int64
        var unpackedBytes: Int64
        var entries: Int
        var path: String?
    }

    @Argument(help: "The app.") var app: String
    @Argument(help: "The configuration repository's folder.", completion: .directory) var path = "."
    @Option(help: "A branch, tag or commit of the source, in place of what git says.") var ref: String?
    @Option(help: "The fabric; not needed if the app is the same in all.") var fabric: String?
    @Option(name: .shortAndLong, help: "A folder to keep the package in.", completion: .directory) var keepIn: String?
    @OptionGroup var output: OutputOptions

    func run(_ console: Console) async throws {
        let spec = try self.spec(try AppName(app))
        let work = FilePath(FileManager.default.temporaryDirectory.path).appending("apus-build-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            atPath: work.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: work.string) }
        let (source, version) = try await source(of: spec, work: work)
        let (words, json) = (console.words, output.json)
        let packed = try await PackageBuilder().build(
            recipe: spec.build, source: source, app: spec.name, version: version, work: work
        ) { line in
            if !json { words.print(StyledText("  \(line)", .dim)) }
        }
        let kept = try keepIn.map { folder in try keep(packed.path, in: folder) }
        let result = Result(
            app: spec.name, source: version, digest: packed.digest, sizeBytes: packed.size,
            unpackedBytes: packed.unpackedBytes, entries: packed.entries, path: kept)
        try console.show(result, json: json) { result, _ in
            let entries = Words.count(result.entries, "entry", plural: "entries")
            let size =
                "\(ByteCount(bytes: result.sizeBytes).rough), unpacked \(ByteCount(bytes: result.unpackedBytes).rough) in \(entries)"
            var facts = [
                ("app", result.app.text), ("source", result.source), ("digest", result.digest.hex), ("size", size),
            ]
            if let path = result.path { facts.append(("kept", path)) }
            return facts.map { StyledText($0, .dim).padded(to: 8) + StyledText($1) }
        }
    }

    private func spec(_ name: AppName) throws(Problem) -> AppSpec {
        let reading = ConfigurationReader.read(try FileTree(folder: FilePath(path)), commit: "work tree")
        let wanted = try fabric.map { text throws(Problem) in [try FabricName(text)] } ?? reading.fabrics
        var known: Set<AppName> = []
        for fabric in wanted {
            let apps = try reading.configuration(of: fabric).apps
            if let app = apps[name] { return app }
            known.formUnion(apps.keys)
        }
        throw Problem(
            "app.unknown", "There is no such app.",
            cause: "\(path) has \(known.sorted().map(\.text).joined(separator: ", ")), not \(name).",
            remedy: "Write apps/\(name).yaml, or name one of them.")
    }

    private func source(of app: AppSpec, work: FilePath) async throws(Problem) -> (folder: FilePath, version: String) {
        switch app.source {
        case .folder(let folder): return (FilePath(path).appending(folder), "work tree")
        case .git(let url, let declared):
            let repository = try GitRepository(try GitLocation(url), cache: work.appending("mirrors"))
            try await repository.fetch()
            let commit = try await repository.resolve(try GitReference(ref ?? declared))
            let folder = work.appending("source")
            try await repository.export(commit: commit, to: folder)
            return (folder, Words.commit(commit))
        }
    }

    private func keep(_ package: FilePath, in folder: String) throws(Problem) -> String {
        let target = FilePath(folder).appending(package.lastComponent?.string ?? "package.tar.zst").string
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // The same package again is the same bytes.
            try? FileManager.default.removeItem(atPath: target)
            try FileManager.default.moveItem(atPath: package.string, toPath: target)
        } catch {
            throw Problem(
                "build.not-kept", "The package was built and not kept.", cause: "\(target): \(error).",
                remedy: "Name a folder that you may write to.")
        }
        return target
    }
}
