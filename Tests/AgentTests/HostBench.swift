import Core
import Glibc
import Synchronization
import SystemPackage
import Testing
import Wire

@testable import Agent

/// A host with a root folder of its own, and stand-ins for packages: a package's content is the
/// config that is given with it.
final class HostBench: Sendable {
    let root: FilePath
    let keeperSetting: InstanceKeeper.Setting

    private static let count = Atomic<Int>(0)
    static let executable: FilePath = {
        let path = Disk.linkTarget("/proc/self/exe") ?? ""
        return FilePath(path).removingLastComponent().appending("apus")
    }()

    init(host: String = "web-1", users: UserPolicy = .caller, groups: ResourceGroups = .none) throws {
        let number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
        root = FilePath(
            "/tmp/apus-test-\(getpid())-\(number)-with-a-name-that-no-socket-address-has-room-for-\(String(repeating: "x", count: 60))"
        )
        let log = EventLog()
        var setting = InstanceKeeper.Setting(
            host: try HostName(host), address: "127.0.0.1", root: root, executable: Self.executable,
            fetch: { [root] (reference) throws(Problem) in
                let path = root.appending("fetched-\(reference.digest.short)")
                try Disk.write(Array("archive".utf8), to: path)
                return path
            },
            unpack: { (_, _, config, target) throws(Problem) in
                try Disk.makeFolder(target)
                for (name, text) in config { try Disk.write(Array(text.utf8), to: target.appending(name), mode: 0o755) }
            },
            packageEnvironment: { _ in ["FROM_PACKAGE": "yes"] },
            event: { kind, _, text in log.lines.withLock { $0.append("\(kind) \(text)") } })
        setting.users = users
        setting.resourceGroups = groups
        setting.ports = 21_000 + number * 20...21_019 + number * 20
        keeperSetting = setting
        self.log = log
        try Disk.makeFolder(root)
    }

    final class EventLog: Sendable { let lines = Mutex<[String]>([]) }
    let log: EventLog

    /// Runs a keeper for the time of the body; then it is gone, and its instances go on.
    func withKeeper<Result: Sendable>(_ body: @Sendable (InstanceKeeper) async throws -> Result) async throws -> Result
    {
        let keeper = InstanceKeeper(keeperSetting)
        try await keeper.load()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keeper.run() }
            let result: Result
            do {
                result = try await body(keeper)
            } catch {
                await keeper.stopEverything()
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            return result
        }
    }

    /// Ends everything and removes the folder.
    func end() async throws {
        try await withKeeper { await $0.stopEverything() }
        #expect(marked(root, "") == [])
        try Disk.remove(root)
    }

    func spec(
        _ id: String = "shop.web.1.r1", script: String, health: HealthProbe? = nil,
        stop: StopSpec = StopSpec(timeout: .seconds(2)),
        limits: ResourceLimits = ResourceLimits(), environment: [String: String] = [:], run: RunSpec? = nil,
        phases: [LifecyclePhase: String] = [:], config: [String: String] = [:]
    ) throws -> InstanceSpec {
        let id = try InstanceID(id)
        let identity = Digest(bytes: Array(repeating: UInt8(id.release), count: 32))
        let process = ProcessSpec(
            name: id.process, run: try run ?? .command(CommandTemplate("/bin/sh run.sh")), health: health,
            limits: limits, stop: stop,
            phases: phases)
        return InstanceSpec(
            id: id, fabric: try FabricName("dev"),
            package: PackageReference(app: id.app, version: "1", digest: identity, size: 1, signature: ""),
            releaseIdentity: identity, config: config.merging(["run.sh": script]) { $1 }, environment: environment,
            process: process,
            packagesKept: 1)
    }
}

extension InstanceKeeper {
    func bringUp(_ spec: InstanceSpec) async throws {
        for phase in [LifecyclePhase.install, .configure, .start] { try await perform(phase, spec) { _ in } }
    }

    func live(_ spec: InstanceSpec) throws -> LiveInstance { try #require(liveInstances().first { $0.id == spec.id }) }
}

/// Waits for a condition, for at most ten seconds.
func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ isTrue: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        if try await isTrue() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record(what, sourceLocation: sourceLocation)
}

func isAlive(_ processID: Int32) -> Bool { ProcessTable.startTime(processID) != nil }
