import ArgumentParser
import ConfigRepository
import ControlPlane
import Core
import Crypto
import FoundationEssentials
import Packages
import SystemPackage

/// What both halves need to know, in the same order each time: the fabric that the repository's
/// head declares, and which instance is on which host when all is as it should be.
struct CrowdFabric: Sendable {
    struct Options: ParsableArguments {
        @Option(help: "The configuration repository: a path.") var config: String
        @Option(help: "The fabric.") var fabric = "prod"
        @Option(help: "The server's folder for state.") var state: String
    }

    let configuration: FabricConfiguration
    let releases: [AppName: Release]
    let placed: [HostName: [InstanceID]]

    /// The fabric as `seed` has left it.
    init(_ options: Options) async throws {
        let configuration = try await Self.configuration(options)
        let data = try Data(contentsOf: URL(filePath: Self.releasesFile(options)))
        self.init(configuration, releases: try JSONDecoder().decode([AppName: Release].self, from: data))
    }

    /// Builds and releases every app with the server's own maker, as a server does that finds the
    /// commit: it has nothing to deploy when it starts.
    static func seeded(
        _ options: Options, store: any StateStore, releases: ReleaseStore
    ) async throws -> CrowdFabric {
        let configuration = try await configuration(options)
        let authority = try FabricAuthority.open(
            folder: FilePath(options.state).appending("authority").string, fabric: configuration.fabric, at: now())
        let maker = try ReleaseMaker(
            configuration: try GitRepository(path: FilePath(options.config)),
            work: FilePath(options.state).appending("work"),
            objects: try FolderObjectStore(root: FilePath(options.state).appending("objects")),
            signer: try PackageSigner(
                privateKeyBase64: authority.packageKey.rawRepresentation.base64EncodedString()),
            store: store, releases: releases)
        var made: [AppName: Release] = [:]
        for app in configuration.apps.values {
            made[app.name] = try await maker.make(app, in: configuration, ref: nil, by: "crowd") { _ in }
        }
        try JSONEncoder().encode(made).write(to: URL(filePath: releasesFile(options)))
        return CrowdFabric(configuration, releases: made)
    }

    private static func releasesFile(_ options: Options) -> String {
        FilePath(options.state).appending("crowd-releases.json").string
    }

    private static func configuration(_ options: Options) async throws -> FabricConfiguration {
        let repository = try GitRepository(path: FilePath(options.config))
        let commit = try await repository.resolve(try GitReference("HEAD"))
        return try await ConfigurationReader.read(repository, commit: commit)
            .configuration(of: try FabricName(options.fabric))
    }

    private init(_ configuration: FabricConfiguration, releases: [AppName: Release]) {
        self.configuration = configuration
        self.releases = releases
        let hosts = configuration.hosts.keys.sorted()
        var placed: [HostName: [InstanceID]] = [:]
        var next = 0
        for app in configuration.apps.values.sorted(by: { $0.name < $1.name }) {
            for process in app.processes.values.sorted(by: { $0.name < $1.name }) where process.instances > 0 {
                for slot in 1...process.instances {
                    let id = InstanceID(app: app.name, process: process.name, slot: slot, release: 1)
                    placed[hosts[next % hosts.count], default: []].append(id)
                    next += 1
                }
            }
        }
        self.placed = placed
    }

    /// What the host says when all is well.
    func report(of host: HostName, at now: Instant) -> HostReport {
        let instances = (placed[host] ?? []).enumerated().map { index, id in
            LiveInstance(
                id: id, releaseIdentity: releases[id.app]!.identity, state: .running,
                health: .healthy, port: 20_000 + index, processID: Int32(1000 + index), since: now)
        }
        let apps = Set((placed[host] ?? []).map(\.app))
        return HostReport(
            host: host, sequence: 1,
            facts: HostFacts(
                memory: .mebibytes(16_384), processors: 8, system: "Debian GNU/Linux 12", agentVersion: "crowd"),
            instances: instances,
            links: Dictionary(uniqueKeysWithValues: apps.map { ($0, ReleaseLinks(current: releases[$0]?.identity)) }))
    }

    static func now() -> Instant { Instant(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000)) }
}
