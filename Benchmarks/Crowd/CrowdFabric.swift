import ArgumentParser
import ConfigRepository
import ControlPlane
import Core
import FoundationEssentials
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

    init(_ options: Options) async throws {
        let repository = try GitRepository(path: FilePath(options.config))
        let commit = try await repository.resolve(try GitReference("HEAD"))
        let reading = try await ConfigurationReader.read(repository, commit: commit)
        let configuration = try reading.configuration(of: try FabricName(options.fabric))
        self.configuration = configuration
        releases = try configuration.apps.mapValues { try Self.release(of: $0, configuration) }
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
                id: id, releaseIdentity: releases[id.app]?.identity ?? Self.digest(id.app), state: .running,
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

    private static func digest(_ app: AppName) -> Core.Digest {
        let seed = Array(app.text.utf8)
        return Core.Digest(bytes: (0..<32).map { seed[$0 % seed.count] &+ UInt8($0) })
    }

    private static func release(of app: AppSpec, _ configuration: FabricConfiguration) throws -> Release {
        let digest = digest(app.name)
        let identity = try ReleaseIdentity.digest(
            package: digest, config: [:], environment: app.environment, processes: app.processes)
        return Release(
            app: app.name, number: 1,
            package: PackageReference(app: app.name, version: "1", digest: digest, size: 1 << 20, signature: ""),
            config: [:], environment: app.environment, processes: app.processes,
            sourceCommit: configuration.commit, configCommit: configuration.commit, createdAt: now(),
            createdBy: "crowd", identity: identity)
    }
}
