import Core
import FoundationEssentials
import Glibc
import SystemPackage

/// The three ways to a new configuration: start, tell about servers, read the file again. Each
/// leaves the files equal to what runs, and what ran before when it fails.
extension NginxDriver {
    private static let startSecondsMax = 10
    private static let reloadSecondsMax = 15
    /// How long clients are told to come back on another connection before the workers change, so
    /// that no connection on which a request may be on its way is closed.
    private static let closingTime = Duration.seconds(1)

    private var serversFile: FilePath { folder.path.appending("servers.txt") }

    func startFirst(_ rendering: Rendering) async throws(Problem) {
        try folder.create()
        await executable.endOrphans()
        let before = (folder.text(folder.configuration), folder.text(serversFile))
        try await install(rendering, inPlaceOf: nil)
        do {
            let process = try await executable.start()
            try await awaitWorkers(of: process, serving: rendering, except: [])
            try record(rendering, process)
        } catch {
            try folder.restore(folder.configuration, to: before.0)
            try folder.restore(serversFile, to: before.1)
            throw error
        }
        folder.keepOnly(certificates: rendering.certificates.values)
    }

    func switchServers(to rendering: Rendering, from running: RunningBalancer) async throws(Problem) {
        // All is on the disk before anything changes: a full disk changes nothing.
        let file = try folder.prepare(rendering.servers.utf8, for: serversFile)
        let state: BalancerFolder.Pending
        let next = RunningBalancer(
            configuration: rendering.configuration, digest: rendering.digest, process: running.process)
        do throws(Problem) { state = try folder.prepare(next) } catch {
            folder.discard(file)
            throw error
        }
        do throws(Problem) { try await control.set(servers: rendering.servers) } catch {
            folder.discard(file)
            folder.discard(state)
            throw error
        }
        try folder.commit(file)
        try folder.commit(state)
        self.running = next
    }

    func reload(to rendering: Rendering, from running: RunningBalancer) async throws(Problem) {
        let before = (folder.text(folder.configuration), folder.text(serversFile))
        try await install(rendering, inPlaceOf: running.configuration)
        do throws(Problem) {
            try await reloadWorkers(running.process, serving: rendering)
        } catch {
            try folder.restore(folder.configuration, to: before.0)
            try folder.restore(serversFile, to: before.1)
            // The workers of before never stopped; the list may have been read already.
            if let servers = before.1 { try? await control.set(servers: servers) }
            throw error
        }
        try record(rendering, running.process)
        folder.keepOnly(certificates: rendering.certificates.values)
    }

    // MARK: Steps

    /// Puts the files in their places if nginx accepts them and the ports that are new are free.
    private func install(
        _ rendering: Rendering, inPlaceOf old: BalancerConfiguration?
    ) async throws(Problem) {
        try folder.store(certificatesOf: rendering.configuration, rendering.certificates)
        for (name, text) in NginxScript.files {
            let script = folder.path.appending(name)
            if folder.text(script) != text { try folder.replace(script, by: text) }
        }
        let file = try folder.prepare(try text(of: rendering).utf8, for: folder.configuration)
        let servers: BalancerFolder.Pending
        do throws(Problem) { servers = try folder.prepare(rendering.servers.utf8, for: serversFile) } catch {
            folder.discard(file)
            throw error
        }
        do {
            try await executable.check(file.temporary)
            try ListenerProbe.check(rendering.configuration, inPlaceOf: old)
            try folder.commit(file)
            try folder.commit(servers)
        } catch {
            folder.discard(file)
            folder.discard(servers)
            throw error
        }
    }

    private func record(_ rendering: Rendering, _ process: ProcessIdentity) throws(Problem) {
        let next = RunningBalancer(configuration: rendering.configuration, digest: rendering.digest, process: process)
        try folder.commit(try folder.prepare(next))
        running = next
    }

    private func reloadWorkers(_ master: ProcessIdentity, serving rendering: Rendering) async throws(Problem) {
        let before = NginxExecutable.workers(of: master)
        try await control.setClosing(true)
        try? await Task.sleep(for: Self.closingTime)
        kill(master.processID, SIGHUP)
        var problem: Problem?
        do throws(Problem) {
            try await awaitWorkers(of: master, serving: rendering, except: before)
        } catch {
            problem = error
        }
        try? await control.setClosing(false)
        if let problem { throw problem }
    }

    /// Waits until workers have read the file and none of the others listens any more.
    private func awaitWorkers(
        of master: ProcessIdentity, serving rendering: Rendering, except before: Set<Int32>
    ) async throws(Problem) {
        let generation = Digest.sha256(of: rendering.text).short
        let clock = ContinuousClock()
        let end = clock.now + .seconds(before.isEmpty ? Self.startSecondsMax : Self.reloadSecondsMax)
        while clock.now < end, master.isAlive {
            if NginxExecutable.workers(of: master).isDisjoint(with: before),
                let state = try? await control.state(), state.generation == generation
            {
                return
            }
            try? await Task.sleep(for: .milliseconds(5), clock: clock)
        }
        throw Problem(
            "balancer.reload-failed", "nginx did not take the configuration; the one before still serves.",
            cause: "Its new workers did not start: \(executable.lastErrors())",
            remedy: "See whether the listeners' ports and addresses are free.")
    }
}
