package import Core
import FoundationEssentials
import Glibc
package import SystemPackage

/// One nginx of this host, with its files and its process: as `HAProxyDriver`, for the other engine.
///
/// Servers are told to it while it runs. Listeners, routes and certificates are in its file, which it
/// reads again by HUP.
package actor NginxDriver: BalancerDriver {
    /// A configuration, ready to be written.
    struct Rendering: Sendable {
        var configuration: BalancerConfiguration
        var text: String
        var servers: String
        var digest: Digest
        var certificates: [Int: Digest]
    }

    package nonisolated let name: BalancerName
    nonisolated let folder: BalancerFolder
    nonisolated let executable: NginxExecutable
    nonisolated let control: NginxControl
    nonisolated let account: String?

    var running: RunningBalancer?
    private var failure: Problem?
    private let turns = Turns()
    private let readings = Turns()
    /// What processes that have ended and servers that have gone had counted, and what the process
    /// that runs has shown last.
    private var ended = NginxCounts()
    private var lastSeen: (process: ProcessIdentity, counts: NginxCounts)?

    /// - Parameter root: the folder of all balancers; this one's files are in a folder of its name.
    package init(name: BalancerName, root: FilePath, executable: FilePath = "/usr/sbin/nginx") {
        self.name = name
        folder = BalancerFolder(path: root.appending(name.text), configurationName: "nginx.conf")
        self.executable = NginxExecutable(path: executable, folder: folder)
        control = NginxControl(folder: folder.run.string)
        account = geteuid() == 0 && getpwnam("www-data") != nil ? "www-data" : nil
    }

    @discardableResult
    package func apply(
        _ configuration: BalancerConfiguration, drained: [InstanceID], deadline: ContinuousClock.Instant
    ) async throws(Problem) -> Digest {
        // As with HAProxy, a change that has begun is carried through.
        let change = Task { () -> Result<Digest, Problem> in
            do throws(Problem) {
                return .success(try await self.change(to: configuration))
            } catch {
                return .failure(error)
            }
        }
        let digest = try await change.value.get()
        await DrainWait(configuration, drained, deadline: deadline).end(
            active: { () async throws(Problem) in try await control.active() },
            cut: { names throws(Problem) in try await control.cut(names) })
        return digest
    }

    package func adopt() async throws(Problem) {
        await turns.take()
        defer { turns.end() }
        guard running == nil, let state = folder.storedState else { return }
        running = state
        do {
            let rendering = try render(state.configuration)
            guard state.process.isAlive else {
                try await startFirst(rendering)
                failure = nil
                return
            }
            let shown = try await control.state()
            if try folder.text(folder.configuration) != text(of: rendering)
                || shown.generation != Digest.sha256(of: rendering.text).short
            {
                try await reload(to: rendering, from: state)
            } else if shown.servers != rendering.servers {
                try await control.set(servers: rendering.servers)
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
        let counts = try await counts()
        let active = try await control.active()
        var counters = BalancerCounters()
        for (name, traffic) in counts.servers {
            guard let instance = InstanceID(ofServer: name) else { continue }
            var figures = BalancerCounters.Figures()
            figures.requests = Int(traffic.requests)
            figures.answers[5] = Int(traffic.failed)
            figures.answers[2] = Int(traffic.requests - traffic.failed)
            figures.sessions = active[name] ?? 0
            let backend = "\(instance.app).\(instance.process)"
            counters.servers[backend, default: [:]][name] = figures
            counters.backends[backend] = (counters.backends[backend] ?? .init()).adding(figures)
        }
        for (name, sessions) in active where counts.servers[name] == nil {
            guard let instance = InstanceID(ofServer: name) else { continue }
            counters.servers["\(instance.app).\(instance.process)", default: [:]][name, default: .init()].sessions =
                sessions
        }
        for (backend, count) in counts.unserved {
            counters.backends[backend, default: .init()].requests += Int(count)
            counters.backends[backend, default: .init()].answers[5] += Int(count)
        }
        return counters
    }

    package func traffic() async throws(Problem) -> [ServerTraffic] {
        try await counts().servers.sorted { $0.key < $1.key }.compactMap { name, traffic in
            InstanceID(ofServer: name).map { ServerTraffic(instance: $0, traffic: traffic) }
        }
    }

    package func stop() async throws(Problem) {
        await turns.take()
        defer { turns.end() }
        await executable.endEverything((running ?? folder.storedState)?.process)
        running = nil
        failure = nil
        ended = NginxCounts()
        lastSeen = nil
        try folder.remove()
    }

    // MARK: Counting

    /// Everything since the balancer's first start.
    private func counts() async throws(Problem) -> NginxCounts {
        await readings.take()
        defer { readings.end() }
        guard let running else { return ended }
        bankEnded(process: running.process)
        let counts = try await control.counts()
        lastSeen = (running.process, counts)
        var sum = ended
        sum.add(counts)
        await bankGone(counts, running)
        return sum
    }

    /// Takes the counters of servers that have gone out of nginx's memory, which is read as a whole
    /// every second.
    private func bankGone(_ counts: NginxCounts, _ running: RunningBalancer) async {
        let listed = Set(running.configuration.backends.flatMap { $0.servers.map(\.name) })
        let names = counts.servers.keys.filter { !listed.contains($0) }
        guard !names.isEmpty, let gone = try? await control.forget(names.sorted()) else { return }
        ended.add(gone)
        for name in gone.servers.keys { lastSeen?.counts.servers[name] = nil }
    }

    /// What a process had counted that is no more.
    private func bankEnded(process: ProcessIdentity) {
        guard let lastSeen, lastSeen.process != process else { return }
        ended.add(lastSeen.counts)
        self.lastSeen = nil
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
        if try render(running.configuration).text == rendering.text {
            try await switchServers(to: rendering, from: running)
        } else {
            try await reload(to: rendering, from: running)
        }
    }

    func render(_ configuration: BalancerConfiguration) throws(Problem) -> Rendering {
        var certificates: [Int: Digest] = [:]
        for listener in configuration.listeners {
            if let pem = listener.certificate { certificates[listener.port] = .sha256(of: pem) }
        }
        let file = try NginxConfiguration(configuration, in: .init(certificates: certificates, account: account))
        return Rendering(
            configuration: configuration, text: file.text, servers: file.servers,
            digest: try configuration.digest { .sha256(of: $0) }, certificates: certificates)
    }

    /// The file, with the name of its generation.
    func text(of rendering: Rendering) throws(Problem) -> String {
        try NginxConfiguration(
            rendering.configuration,
            in: .init(
                certificates: rendering.certificates, account: account, generation: .sha256(of: rendering.text))
        ).text
    }
}

extension InstanceID {
    /// - Parameter ofServer: `INSTANCE:HOST`, or the instance alone.
    init?(ofServer name: String) {
        guard let text = name.split(separator: ":").first else { return nil }
        try? self.init(String(text))
    }
}
