package import Core
import Glibc
import ServiceLifecycle
import Synchronization
package import SystemPackage
package import Wire

/// Holds the instances of a host: what they are, on disk; how they are, from their runners.
///
/// `load()` reads what an earlier agent left; `run()` then takes over the processes that still
/// live and starts those that should. When `run()` ends, instances go on running.
package actor InstanceKeeper {
    /// What the rest of the agent gives.
    package struct Setting: Sendable {
        package var host: HostName
        package var address: String
        package var root: FilePath
        /// The `apus` executable: shims and file servers are made of it.
        package var executable: FilePath
        package var ports = 20_000...29_999
        package var users = UserPolicy.caller
        package var resourceGroups = ResourceGroups.none
        package var clock = HostClock.system
        /// Brings a package onto this host's disk.
        package var fetch: @Sendable (PackageReference) async throws(Problem) -> FilePath
        /// Verifies an archive and unpacks it, with the config in it, into a folder that is not there yet.
        package var unpack:
            @Sendable (_ archive: FilePath, PackageReference, _ config: [String: String], _ target: FilePath)
                async throws(Problem) -> Void
        /// Variables that a package's processes need, by the release's folder.
        package var packageEnvironment: @Sendable (FilePath) -> [String: String]
        /// Variables that only the host knows, such as where statsd listens.
        package var hostEnvironment: @Sendable () -> [String: String] = { [:] }
        package var event: @Sendable (AgentEvent.Kind, InstanceID?, String) -> Void

        package init(
            host: HostName, address: String, root: FilePath, executable: FilePath,
            fetch: @escaping @Sendable (PackageReference) async throws(Problem) -> FilePath,
            unpack:
                @escaping @Sendable (FilePath, PackageReference, [String: String], FilePath) async throws(Problem) ->
                Void,
            packageEnvironment: @escaping @Sendable (FilePath) -> [String: String],
            event: @escaping @Sendable (AgentEvent.Kind, InstanceID?, String) -> Void
        ) {
            self.host = host
            self.address = address
            self.root = root
            self.executable = executable
            self.fetch = fetch
            self.unpack = unpack
            self.packageEnvironment = packageEnvironment
            self.event = event
        }
    }

    struct Entry {
        var kept: KeptInstance
        var runner: InstanceRunner?
        var phaseFailure: String?
        var since: Instant
    }

    /// Fires when a report would say something new; several changes may be one firing.
    package nonisolated let changes: AsyncStream<Void>
    let setting: Setting
    let folders: HostFolders
    let store: ReleaseStore
    let instanceTurns = Turnstile<InstanceID>()
    var entries: [InstanceID: Entry] = [:]
    private var lastPort: Int?
    private let changed: AsyncStream<Void>.Continuation
    private let runners: AsyncStream<InstanceRunner>
    private let begin: AsyncStream<InstanceRunner>.Continuation

    package init(_ setting: Setting) {
        self.setting = setting
        folders = HostFolders(root: setting.root)
        store = ReleaseStore(folders: folders, fetch: setting.fetch, unpack: setting.unpack)
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (runners, begin) = AsyncStream.makeStream()
    }

    /// Reads what is on disk. A file that is damaged is said and left alone; the others go on.
    package func load() throws(Problem) {
        try Disk.makeFolder(folders.instances)
        try Disk.makeFolder(folders.apps)
        try setting.users.check(root: setting.root)
        for name in Disk.names(in: folders.instances) {
            guard let id = try? InstanceID(name) else { continue }
            let mountPoint = folders.mountPoint(id)
            do {
                // A mount point without a spec was never finished, and nothing runs in it.
                guard Disk.exists(mountPoint.spec) else {
                    try Disk.remove(mountPoint.folder)
                    continue
                }
                let kept = try KeptInstance(readFrom: mountPoint)
                entries[id] = Entry(kept: kept, runner: nil, since: setting.clock.wall())
                lastPort = max(lastPort ?? 0, kept.port ?? 0)
                if kept.state == .running { startRunner(id, takesOver: true) }
            } catch {
                setting.event(.instanceEnded, id, "\(error)")
            }
        }
    }

    /// For a `Service`: ends with a graceful shutdown or a cancelled task.
    package func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.store.attic.run() }
                for await runner in runners { group.addTask { await runner.run() } }
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            self.begin.finish()
        }
    }

    /// Ends when every process from before this start has been found or started again, or after
    /// three seconds. A report before that would call instances unready that serve.
    package func takenOver() async {
        let runners = entries.values.compactMap(\.runner)
        await withTaskGroup { group in
            group.addTask { try? await Task.sleep(for: .seconds(3)) }
            group.addTask {
                for runner in runners {
                    for await status in runner.statuses() where status.processID != nil || status.failure != nil {
                        break
                    }
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    package func liveInstances() -> [LiveInstance] {
        entries.keys.sorted().compactMap { id in
            guard let entry = entries[id] else { return nil }
            let kept = entry.kept
            var live = LiveInstance(
                id: id, releaseIdentity: kept.spec.releaseIdentity, state: kept.state,
                health: kept.state == .running ? .starting : .unchecked, port: kept.port,
                failure: entry.phaseFailure, since: entry.since)
            if kept.state == .running, let status = entry.runner?.status {
                live.health = status.health
                live.processID = status.processID
                live.restarts = status.restarts
                live.failure = status.failure
                live.since = max(status.since, entry.since)
            }
            return live
        }
    }

    package func links() -> [AppName: ReleaseLinks] { store.links() }

    /// Makes the release the app's `current`, and what was current its `previous`.
    package func link(app: AppName, releaseIdentity: Digest) throws(Problem) {
        try store.link(app, releaseIdentity)
        changed.yield()
    }

    /// Gets a package before it is needed.
    package func prefetch(_ reference: PackageReference) async throws(Problem) {
        _ = try await store.package(reference)
    }

    /// Stops every instance that runs, in parallel; for a fleet that ends. They stay installed.
    package func stopEverything() async {
        let running = entries.values.filter { $0.kept.state == .running }.map(\.kept.spec)
        await withTaskGroup { group in
            for spec in running { group.addTask { try? await self.perform(.stop, spec) { _ in } } }
        }
        setting.resourceGroups.removeAll()
    }

    /// An instance's output: its last lines and, with `follow`, those to come, until `yield`
    /// answers false or the task is cancelled. Reading waits for `yield`, so memory stays small.
    package nonisolated func outputLines(
        _ id: InstanceID, last: Int, follow: Bool, yield: (String) async -> Bool
    ) async throws(Problem) {
        let mountPoint = folders.mountPoint(id)
        guard Disk.exists(mountPoint.spec) else { throw Self.unknown(id) }
        await OutputReader(path: mountPoint.output).read(last: min(max(last, 0), 10_000), follow: follow, yield: yield)
    }

    static func unknown(_ id: InstanceID) -> Problem {
        Problem(
            "instance.unknown", "There is no such instance on this host.", cause: "\(id) is not installed here.",
            remedy: "See `apus instances` for where it is.")
    }

    func choosePort() throws(Problem) -> Int {
        let taken = Set(entries.values.compactMap(\.kept.port))
        let port = try PortRange.choose(from: setting.ports, after: lastPort, taken: taken, address: setting.address)
        lastPort = port
        return port
    }

    func chooseUser(for app: AppName) -> UInt32? {
        var taken: [AppName: UInt32] = [:]
        for (id, entry) in entries { taken[id.app] = entry.kept.user }
        return setting.users.user(of: app, taken: taken)
    }

    /// Remembers the instance, on disk first.
    func keep(_ kept: KeptInstance) throws(Problem) {
        let id = kept.spec.id
        try kept.write(to: folders.mountPoint(id))
        if entries[id]?.kept.state != kept.state { entries[id]?.since = setting.clock.wall() }
        entries[id, default: Entry(kept: kept, runner: nil, since: setting.clock.wall())].kept = kept
        changed.yield()
    }

    func forget(_ id: InstanceID) {
        entries[id] = nil
        changed.yield()
    }

    func phaseFailed(_ id: InstanceID, _ text: String?) {
        guard entries[id] != nil, entries[id]?.phaseFailure != text else { return }
        entries[id]?.phaseFailure = text
        changed.yield()
    }

    @discardableResult
    func startRunner(_ id: InstanceID, takesOver: Bool = false) -> InstanceRunner? {
        guard let kept = entries[id]?.kept else { return nil }
        let plan = LaunchPlan(kept: kept, setting: setting, folders: folders)
        let (setting, changed) = (setting, changed)
        let lastHealth = Mutex(kept.health)
        let runner = InstanceRunner(
            InstanceRunner.Setting(
                kept: kept, mountPoint: folders.mountPoint(id), takesOver: takesOver,
                request: { () throws(Problem) in try plan.request() },
                shim: setting.executable, probe: { await plan.check()?.run() },
                outOfMemoryKills: { setting.resourceGroups.outOfMemoryKills(id) }, clock: setting.clock,
                report: { setting.event($0, id, $1) },
                changed: { status in
                    changed.yield()
                    let isNew = lastHealth.withLock { last in
                        defer { last = status.health }
                        return last != status.health
                    }
                    guard isNew else { return }
                    var now = kept
                    now.health = status.health
                    // Only a hint for the next agent: without room for it nothing is lost.
                    try? now.write(to: plan.mountPoint)
                }))
        entries[id]?.runner = runner
        begin.yield(runner)
        return runner
    }
}
