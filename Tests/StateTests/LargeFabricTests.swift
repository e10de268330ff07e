@testable import ControlPlane
import Core
import Logging
import Testing
import Wire

@Suite("A fabric whose plans are larger than a value of the store is kept, and comes back")
struct LargeFabricTests {
    private static let hostCount = 500
    private static let instanceCount = 8000

    private let folder = TemporaryFolder()
    private let app = AppName(checked: "an-app-with-a-name-that-is-as-long-as-names-of-apps-may-be-here")
    private let process = ProcessSpec(
        name: ProcessName(checked: "a-process-that-is-long-too"), run: .files(folder: "site"), instances: instanceCount,
        replacement: .beside)

    /// Nobody is at the other end.
    private struct NoLink: HostLink {
        func send(_ command: AgentCommand, to host: HostName) {}
        func withdraw(_ command: CommandID, from host: HostName) {}
        func refusals(since instant: Instant) -> [AgentRefusal] { [] }
        func tail(
            _ instance: InstanceID, on host: HostName, lines: Int, follow: Bool
        ) -> AsyncThrowingStream<[String], any Error> { AsyncThrowingStream { $0.finish() } }
    }

    /// A control plane that begins with what the database has.
    private func start(on database: StateDatabase) async throws -> (
        service: OrchestratorService, releases: ReleaseStore
    ) {
        let now: @Sendable () -> Instant = { Instant(milliseconds: 1000) }
        let store = try SQLiteStateStore(database: database, now: now)
        let releases = ReleaseStore(store: store, now: now)
        let service = try await OrchestratorService(
            store: store, releases: releases, audit: AuditLog(database: database, now: now), link: NoLink(), now: now,
            logger: Logger(label: "test"))
        return (service, releases)
    }

    private var configuration: FabricConfiguration {
        var configuration = FabricConfiguration(
            fabric: FabricName(checked: "prod"), commit: String(repeating: "a", count: 40))
        for number in 1...Self.hostCount {
            let host = HostSpec(
                name: HostName(checked: "host-\(number).with.a.name.in.a.domain.that.is.long.example.com"),
                address: "10.0.\(number / 250).\(number % 250)", region: RegionName(checked: "eu"),
                zone: ZoneName(checked: "eu-\(number % 3 + 1)"), labels: ["rack": "\(number / 20)"])
            configuration.hosts[host.name] = host
        }
        configuration.apps[app] = AppSpec(
            name: app, source: .folder(path: "app"), build: .files, processes: [process.name: process],
            rollout: RolloutPolicy(parallelMax: 100))
        return configuration
    }

    private func draft() throws -> ReleaseDraft {
        ReleaseDraft(
            app: app,
            package: PackageReference(
                app: app, version: "v1", digest: try Digest(String(repeating: "ab", count: 32)), size: 1, signature: ""),
            config: [:], environment: [:], processes: [process.name: process], sourceCommit: "s", configCommit: "c")
    }

    @Test("A restart in the middle of a large rollout goes on with it") func restart() async throws {
        let database = try StateDatabase(path: folder.file("state.db"))
        let (service, releases) = try await start(on: database)
        let configuration = configuration
        await service.receive { $0.receive(.configured(configuration), at: $1) }
        let release = try await releases.record(draft(), createdBy: "ann").release
        await service.receive { $0.receive(.releaseAdded(release), at: $1) }
        for host in configuration.hosts.keys.sorted() {
            let facts = HostFacts(memory: .mebibytes(65_536), processors: 8, system: "Debian", agentVersion: "1")
            await service.observe(.report(HostReport(host: host, sequence: 1, facts: facts)))
        }
        let request = Orchestrator.Request(app: app, kind: .deploy, release: 1, requestedBy: "ann")
        let begun = try await service.perform { (loop, now) throws(Problem) in
            let begun = try loop.begin(request, at: now)
            return (begun.execution, begun.actions)
        }
        let id = try #require(begun)
        #expect(await service.stateProblem == nil)
        let before = await service.snapshot
        let steps = try #require(before.executions[app]?.machine.steps)
        #expect(steps.count > 2 * Self.instanceCount)

        // The step that hands traffic over names every instance: alone it is more than a value may be.
        var handover = try #require(steps.first { if case .traffic = $0.step.action { true } else { false } })
        #expect(try StateJSON.encode(handover.step).count > StateLimits.valueBytesMax)
        handover.state = .running
        handover.attempt = 1
        try await service.store.save([.saveStep(execution: id, handover)], before: before.desired)

        let after = await (try start(on: database)).service.snapshot
        #expect(after.desired == before.desired)
        #expect(after.records.values.count == before.records.values.count)
        var expected = steps
        expected[handover.step.id - 1] = handover
        #expect(after.executions[app]?.machine.steps == expected)
        #expect(try await service.store.executionNumbers(limit: 10) == [id])
    }
}
