import Core
import FoundationEssentials
import Glibc
import SystemPackage

/// The three ways to a new configuration: start, tell about servers, read the file again. Each
/// leaves `haproxy.cfg` equal to what runs, and what ran before when it fails.
extension HAProxyDriver {
    private static let startSecondsMax = 10
    private static let reloadSecondsMax = 15
    private static let removalMillisecondsMax = 1000

    func startFirst(_ rendering: Rendering) async throws(Problem) {
        try folder.create()
        let before = folder.text(folder.configuration)
        try await install(rendering, inPlaceOf: nil)
        do {
            let process = try await start()
            try record(
                RunningBalancer(configuration: rendering.configuration, digest: rendering.digest, process: process))
        } catch {
            try folder.restore(folder.configuration, to: before)
            throw error
        }
        folder.keepOnly(certificates: rendering.certificates.values)
    }

    /// - Returns: false when HAProxy does not show what it was told: its file will have to do.
    func switchServers(
        _ changes: [ServerChange], to rendering: Rendering, from running: RunningBalancer
    ) async throws(Problem) -> Bool {
        let next = RunningBalancer(
            configuration: rendering.configuration, digest: rendering.digest, process: running.process)
        guard let worker = try await processes().worker else { return false }
        // Both files are on the disk before anything changes: a full disk changes nothing.
        let file = try folder.prepare(rendering.text.utf8, for: folder.configuration)
        let state: BalancerFolder.Pending
        do throws(Problem) { state = try folder.prepare(next) } catch {
            folder.discard(file)
            throw error
        }
        let isDone: Bool
        do {
            isDone = try await tell(worker, changes, until: rendering.configuration)
        } catch {
            folder.discard(file)
            folder.discard(state)
            throw error
        }
        guard isDone else {
            folder.discard(file)
            folder.discard(state)
            return false
        }
        try folder.commit(file)
        try folder.commit(state)
        self.running = next
        return true
    }

    /// Makes HAProxy read its file again, also when that is the same as before.
    func reload(to rendering: Rendering, from running: RunningBalancer) async throws(Problem) {
        let before = folder.text(folder.configuration)
        try await install(rendering, inPlaceOf: running.configuration)
        do {
            try await reloadWorker()
        } catch {
            try folder.restore(folder.configuration, to: before)
            // Brings the master back to normal on the file that it had; the worker never stopped.
            try? await reloadWorker()
            throw error
        }
        try record(
            RunningBalancer(configuration: rendering.configuration, digest: rendering.digest, process: running.process))
        folder.keepOnly(certificates: rendering.certificates.values)
    }

    // MARK: Steps

    /// The master executes itself once more when its worker serves, and takes no command until
    /// then.
    private func start() async throws(Problem) -> ProcessIdentity {
        let process = try await executable.start()
        let clock = ContinuousClock()
        let end = clock.now + .seconds(Self.startSecondsMax)
        while true {
            do {
                _ = try await processes()
                return process
            } catch {
                guard process.isAlive, clock.now < end else { throw error }
            }
            try? await Task.sleep(for: .milliseconds(5), clock: clock)
        }
    }

    /// Puts the file in its place if HAProxy accepts it and the ports that are new are free.
    private func install(_ rendering: Rendering, inPlaceOf old: BalancerConfiguration?) async throws(Problem) {
        try folder.store(certificatesOf: rendering.configuration, rendering.certificates)
        let file = try folder.prepare(rendering.text.utf8, for: folder.configuration)
        do {
            try await executable.check(file.temporary)
            try ListenerProbe.check(rendering.configuration, inPlaceOf: old)
            try folder.commit(file)
        } catch {
            folder.discard(file)
            throw error
        }
    }

    private func record(_ running: RunningBalancer) throws(Problem) {
        try folder.commit(try folder.prepare(running))
        self.running = running
    }

    /// - Returns: whether HAProxy shows the configuration's servers afterwards.
    private func tell(
        _ worker: Int32, _ changes: [ServerChange], until configuration: BalancerConfiguration
    ) async throws(Problem) -> Bool {
        let removals = try HAProxyRuntime.removals(for: changes)
        _ = try await socket.worker(worker, try HAProxyRuntime.commands(for: changes))
        let clock = ContinuousClock()
        let end = clock.now + .milliseconds(Self.removalMillisecondsMax)
        while true {
            let answer = try await tellAndCount(
                worker, removals, of: changes.filter { $0.kind == .remove }, [.showServersState])
            if HAProxyRuntime.serversState(answer, shows: configuration) { return true }
            // A server that still answers somebody cannot be removed yet.
            guard !removals.isEmpty, clock.now < end else { return false }
            try? await Task.sleep(for: .milliseconds(20), clock: clock)
        }
    }

    /// Makes the master start a new worker on the file, and waits until it serves.
    private func reloadWorker() async throws(Problem) {
        // A worker that a command line is open to does not end, so what it counts while it finishes is
        // seen.
        let hold = socket.hold(worker: "worker.sock")
        let before = try await processes()
        _ = try? await socket.master("reload")
        let clock = ContinuousClock()
        let end = clock.now + .seconds(Self.reloadSecondsMax)
        while clock.now < end {
            // While the master starts again its socket takes nothing.
            if let now = try? await processes(), now.reloads > before.reloads {
                if now.reloadsFailed == 0, now.worker != nil, now.worker != before.worker {
                    if let hold, let worker = before.worker { lookAfter(worker, while: hold) }
                    return
                }
                if now.reloadsFailed > 0 { break }
            }
            try? await Task.sleep(for: .milliseconds(5), clock: clock)
        }
        throw Problem(
            "balancer.reload-failed", "HAProxy did not take the configuration; the one before still serves.",
            cause: "Its new worker could not start.", remedy: "See whether the listeners' ports and addresses are free."
        )
    }
}
