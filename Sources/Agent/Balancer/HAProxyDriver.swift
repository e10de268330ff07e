package import Core
import FoundationEssentials
import Glibc
package import SystemPackage

/// One HAProxy of this host, with its files and its process.
///
/// HAProxy is a daemon of its own: it serves on while the agent is away. What the agent needs to
/// take it over again is in `state.json`, which is written last: if the file or
/// the servers that HAProxy shows differ from it, it wins.
package actor HAProxyDriver: BalancerDriver {
    /// A configuration, ready to be written.
    struct Rendering: Sendable {
        var configuration: BalancerConfiguration
        var text: String
        var digest: Digest
        var certificates: [Int: Digest]
    }

    package nonisolated let name: BalancerName
    nonisolated let folder: BalancerFolder
    nonisolated let executable: HAProxyExecutable
    nonisolated let socket: HAProxySocket
    nonisolated let account: String?

    var running: RunningBalancer?
    private var failure: Problem?
    /// Of changes, and of readings of counters: a change reads them too.
    private let turns = Turns()
    private let readings = Turns()
    /// HAProxy itself closes a command line that nobody used for 10 seconds.
    private static let lookAfterMax = Duration.seconds(9)
    /// Counters of workers that have ended, and what the others last showed.
    private var ended = BalancerCounters()
    private var lastSeen: [Int32: BalancerCounters] = [:]
    private var times = HAProxyTimes()

    /// - Parameter root: the folder of all balancers; this one's files are in a folder of its name.
    package init(name: BalancerName, root: FilePath, executable: FilePath = "/usr/sbin/haproxy") {
        self.name = name
        folder = BalancerFolder(path: root.appending(name.text))
        self.executable = HAProxyExecutable(path: executable, folder: folder)
        socket = HAProxySocket(folder: folder.run.string, name: "master.sock")
        account = geteuid() == 0 && getpwnam("haproxy") != nil ? "haproxy" : nil
    }

    @discardableResult
    package func apply(
        _ configuration: BalancerConfiguration, drained: [InstanceID], deadline: ContinuousClock.Instant
    ) async throws(Problem) -> Digest {
        // A change is carried through once it has begun: a command that is cancelled half-way (a
        // newer one has come) would leave a HAProxy that nobody knows, on the port of the next.
        let change = Task { () -> Result<Digest, Problem> in
            do throws(Problem) {
                return .success(try await self.change(to: configuration))
            } catch {
                return .failure(error)
            }
        }
        let digest = try await change.value.get()
        await DrainWait(configuration, drained, deadline: deadline).end(
            active: { () async throws(Problem) in try await active() },
            cut: { names throws(Problem) in try await cut(names, of: configuration) })
        return digest
    }

    package func adopt() async throws(Problem) {
        await turns.take()
        defer { turns.end() }
        guard running == nil, let state = folder.storedState else { return }
        running = state
        do {
            let rendering = try render(state.configuration)
            if !state.process.isAlive {
                try await startFirst(rendering)
            } else if try await !isRunning(rendering) {
                try await reload(to: rendering, from: state)
            }
            failure = nil
        } catch {
            failure = error
            throw error
        }
    }

    package func revive() async throws(Problem) -> Bool {
        guard let running, !running.process.isAlive else { return false }
        await turns.take()
        defer { turns.end() }
        guard let current = self.running, !current.process.isAlive else { return false }
        try await startFirst(try render(current.configuration))
        return true
    }

    package func live() -> LiveBalancer {
        LiveBalancer(
            name: name, applied: running?.digest, failure: failure, isRunning: running?.process.isAlive ?? false)
    }

    package func counters() async throws(Problem) -> BalancerCounters {
        await readings.take()
        defer { readings.end() }
        let processes = try await processes()
        let workers = processes.oldWorkers + (processes.worker.map { [$0] } ?? [])
        for worker in workers { noteCounters(of: worker, in: try await socket.worker(worker, [.showStatistics])) }
        var sum = ended
        for (worker, counters) in lastSeen {
            if workers.contains(worker) {
                sum.add(counters)
            } else {
                sum.add(counters.settled)
                ended.add(counters.settled)
                lastSeen[worker] = nil
            }
        }
        return sum
    }

    package func traffic() async throws(Problem) -> [ServerTraffic] {
        let counters = try await counters()
        let processes = try await processes()
        let workers = processes.oldWorkers + (processes.worker.map { [$0] } ?? [])
        for worker in workers { times.read(try await socket.worker(worker, [.showTimes]), worker: worker) }
        times.forget(exceptWorkers: workers)
        return counters.traffic(times.latencies)
    }

    /// Removes servers, with a last look at their counters when they have come to rest: those go with them.
    /// - Returns: what HAProxy answers to the removals, if they could be, and to `commands`.
    func tellAndCount(
        _ worker: Int32, _ removals: [BalancerLine], of servers: [ServerChange], _ commands: [BalancerLine]
    ) async throws(Problem) -> String {
        await readings.take()
        defer { readings.end() }
        let answer = try await socket.worker(worker, [.showStatistics])
        noteCounters(of: worker, in: answer)
        let counters = lastSeen[worker]?.servers ?? [:]
        let isBusy = servers.contains { counters[$0.backend]?[$0.server.name]?.sessions ?? 0 > 0 }
        return isBusy ? "" : try await socket.worker(worker, removals + commands)
    }

    /// Reads the counters of a worker that finishes what it has, until it holds no client.
    /// - Parameter hold: what keeps it from ending before it was looked at for the last time.
    func lookAfter(_ worker: Int32, while hold: LocalSocket.Connection) {
        let clock = ContinuousClock()
        let end = clock.now + Self.lookAfterMax
        Task {
            while clock.now < end {
                let information = (try? await self.socket.worker(worker, [.showInformation])) ?? ""
                // Its clients first: what is read after the last has gone is all.
                let isIdle = HAProxyStatistics.connections(information).map { $0 == 0 } ?? true
                _ = try? await self.counters()
                if isIdle { break }
                try? await Task.sleep(for: .milliseconds(200), clock: clock)
            }
            withExtendedLifetime(hold) {}
        }
    }

    /// A worker that ended in between answers nothing: what it showed last counts.
    private func noteCounters(of worker: Int32, in answer: String) {
        guard answer.contains("# pxname") else { return }
        let counters = HAProxyStatistics.counters(answer)
        if let before = lastSeen[worker] { ended.add(before.lost(in: counters)) }
        lastSeen[worker] = counters
    }

    package func stop() async throws(Problem) {
        await turns.take()
        defer { turns.end() }
        if let process = (running ?? folder.storedState)?.process { await process.end() }
        running = nil
        failure = nil
        ended = BalancerCounters()
        lastSeen = [:]
        times = HAProxyTimes()
        try folder.remove()
    }

    // MARK: Changing

    private func change(to configuration: BalancerConfiguration) async throws(Problem) -> Digest {
        await turns.take()
        defer { turns.end() }
        do {
            let rendering = try render(configuration)
            try await change(to: rendering)
            failure = nil
            return rendering.digest
        } catch {
            failure = error
            throw error
        }
    }

    private func change(to rendering: Rendering) async throws(Problem) {
        guard let running, running.process.isAlive else { return try await startFirst(rendering) }
        guard running.digest != rendering.digest else { return }
        if case .servers(let changes) = BalancerChange(from: running.configuration, to: rendering.configuration),
            try await switchServers(changes, to: rendering, from: running)
        {
            return
        }
        try await reload(to: rendering, from: running)
    }

    func render(_ configuration: BalancerConfiguration) throws(Problem) -> Rendering {
        var certificates: [Int: Digest] = [:]
        for listener in configuration.listeners {
            if let pem = listener.certificate { certificates[listener.port] = .sha256(of: pem) }
        }
        // A process that is to be started has the pipe.
        let hasLines = running.map { !$0.process.isAlive || folder.hasLines($0.process) } ?? true
        let file = try HAProxyConfiguration(
            configuration, in: .init(certificates: certificates, account: account, hasLines: hasLines))
        let digest = try configuration.digest { .sha256(of: $0) }
        return Rendering(configuration: configuration, text: file.text, digest: digest, certificates: certificates)
    }

    /// Whether the file is the rendering's and HAProxy shows its servers.
    private func isRunning(_ rendering: Rendering) async throws(Problem) -> Bool {
        guard folder.text(folder.configuration) == rendering.text, let worker = try await processes().worker else {
            return false
        }
        return HAProxyRuntime.serversState(
            try await socket.worker(worker, [.showServersState]), shows: rendering.configuration)
    }

    // MARK: Waiting

    private func active() async throws(Problem) -> [String: Int] {
        var active: [String: Int] = [:]
        for servers in try await counters().servers.values {
            for (name, figures) in servers { active[name, default: 0] += figures.sessions }
        }
        return active
    }

    /// Ends what these servers still answer, in workers of before too.
    private func cut(_ names: [String], of configuration: BalancerConfiguration) async throws(Problem) {
        var commands: [BalancerLine] = []
        for backend in configuration.backends {
            for server in backend.servers where names.contains(server.name) {
                commands += try HAProxyRuntime.shutdownSessions(of: server, in: backend.name)
            }
        }
        let processes = try await processes()
        for worker in processes.oldWorkers + (processes.worker.map { [$0] } ?? []) {
            _ = try await socket.worker(worker, commands)
        }
    }

    func processes() async throws(Problem) -> HAProxyStatistics.Processes {
        guard let processes = HAProxyStatistics.Processes(try await socket.master("show proc")) else {
            throw Problem(
                "balancer.unreachable", "HAProxy does not take commands.",
                cause: "Its master does not list its workers.",
                remedy: "See whether it runs; the agent starts it again if it ended.")
        }
        return processes
    }
}
