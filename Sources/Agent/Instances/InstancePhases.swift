package import Core
import Subprocess
import SystemPackage

extension InstanceKeeper {
    private static let phaseTimeout = Duration.seconds(600)

    /// Moves an instance through a phase. Already there: succeeds at once.
    ///
    /// - Parameter output: takes lines for whoever watches the step.
    /// - Throws: `instance.wrong-state` when the phase does not lead on from where the instance
    ///   is, or what went wrong in the phase; the instance then stays where it was.
    package func perform(
        _ phase: LifecyclePhase, _ spec: InstanceSpec, output: @escaping @Sendable (String) -> Void
    ) async throws(Problem) {
        try await instanceTurns.pass(spec.id) { () async throws(Problem) in
            try await self.performInTurn(phase, spec, output: output)
        }
    }

    private func performInTurn(
        _ phase: LifecyclePhase, _ spec: InstanceSpec, output: @escaping @Sendable (String) -> Void
    ) async throws(Problem) {
        let state = entries[spec.id]?.kept.state ?? .none
        if state == phase.to { return output("\(spec.id) is already \(state.rawValue)") }
        guard state == phase.from else {
            throw Problem(
                "instance.wrong-state", "The phase \(phase.rawValue) cannot be carried out.",
                cause: "\(spec.id) is \(state.rawValue), not \(phase.from.rawValue).",
                remedy: "Make a new plan from the host's present report.")
        }
        do {
            switch phase {
            case .install: try await install(spec, output)
            case .configure: try await configure(spec.id, output)
            case .start: try await start(spec.id, output)
            case .stop: try await stop(spec.id, output)
            case .unconfigure: try await unconfigure(spec.id, output)
            case .uninstall: try await uninstall(spec.id, output)
            }
            phaseFailed(spec.id, nil)
        } catch {
            phaseFailed(spec.id, "\(phase.rawValue): \(error.cause)")
            throw error
        }
    }

    /// Ends when the instance is ready.
    /// - Throws: `instance.not-ready` with what its process and probe said, as soon as it is clear
    ///   that it does not become ready by itself.
    package func awaitReady(_ id: InstanceID) async throws(Problem) {
        guard let runner = entries[id]?.runner, entries[id]?.kept.state == .running else {
            guard entries[id] != nil else { throw Self.unknown(id) }
            throw notReady(id, "It is \(entries[id]?.kept.state.rawValue ?? "none"), not running.")
        }
        for await status in runner.statuses() {
            if status.isReady { return }
            if status.isCrashLooping || status.health == .unhealthy {
                throw notReady(id, status.failure ?? "It is unhealthy.")
            }
        }
        throw notReady(id, Task.isCancelled ? "The wait was cancelled." : "It was stopped.")
    }

    private func notReady(_ id: InstanceID, _ cause: String) -> Problem {
        let lines = OutputReader(path: folders.mountPoint(id).output).last(10)
        let said = lines.isEmpty ? "" : " Its last output:\n" + lines.joined(separator: "\n")
        return Problem(
            "instance.not-ready", "\(id) did not become ready.", cause: cause + said,
            remedy: "Read its output with `apus logs \(id.app)`, correct the app, and deploy again.")
    }

    private func install(_ spec: InstanceSpec, _ output: @escaping @Sendable (String) -> Void) async throws(Problem) {
        let mountPoint = folders.mountPoint(spec.id)
        var kept = KeptInstance(spec: spec, state: .installed)
        kept.user = chooseUser(for: spec.id.app)
        try await store.install(spec, group: kept.user, output)
        for folder in [mountPoint.folder, mountPoint.run, mountPoint.logs, mountPoint.data] {
            try Disk.makeFolder(folder, mode: folder == mountPoint.folder ? 0o755 : 0o700)
        }
        if let user = kept.user { try Disk.own(mountPoint.data, user: user, group: user) }
        try await runCommand(.install, kept, output)
        try keep(kept)
    }

    private func configure(_ id: InstanceID, _ output: @escaping @Sendable (String) -> Void) async throws(Problem) {
        guard var kept = entries[id]?.kept else { throw Self.unknown(id) }
        if kept.port == nil { kept.port = try choosePort() }
        // The port is taken before anything waits, so that no other instance is given it.
        entries[id]?.kept.port = kept.port
        try await runCommand(.configure, kept, output)
        kept.state = .stopped
        try keep(kept)
        output("listens on \(setting.address):\(kept.port ?? 0)")
    }

    private func start(_ id: InstanceID, _ output: @escaping @Sendable (String) -> Void) async throws(Problem) {
        guard var kept = entries[id]?.kept else { throw Self.unknown(id) }
        try await runCommand(.start, kept, output)
        kept.state = .running
        kept.health = .starting
        try keep(kept)
        guard let runner = startRunner(id) else { throw Self.unknown(id) }
        var failure: String?
        for await status in runner.statuses() {
            failure = status.failure
            if let processID = status.processID { return output("started as process \(processID)") }
            if status.isReady { return output("started, and has ended already") }
            if failure != nil { break }
        }
        // A process that ran, however shortly, has started: it is the supervisor's from here.
        guard let failure, failure.hasPrefix("could not be started") || failure.hasPrefix("crash loop: could not")
        else { return }
        await end(runner)
        kept.state = .stopped
        entries[id]?.runner = nil
        try keep(kept)
        throw Problem(
            "instance.start-failed", "\(id) could not be started.", cause: failure,
            remedy: "Correct the process' `run` or its limits, and deploy again.")
    }

    private func stop(_ id: InstanceID, _ output: @escaping @Sendable (String) -> Void) async throws(Problem) {
        guard let entry = entries[id] else { throw Self.unknown(id) }
        try await runCommand(.stop, entry.kept, output)
        // Remembered only when it has ended: an agent that dies in between finds it again, and
        // the step is repeated.
        if let runner = entry.runner { await end(runner) }
        guard entry.runner == nil || entry.runner?.status.processID == nil else {
            throw Problem(
                "instance.stop-interrupted", "\(id) is still being stopped.", cause: "The command was cancelled.",
                remedy: "Repeat it.")
        }
        entries[id]?.runner = nil
        var kept = entry.kept
        kept.state = .stopped
        kept.health = .starting
        try keep(kept)
        setting.resourceGroups.remove(id)
        output("stopped")
    }

    private func end(_ runner: InstanceRunner) async {
        runner.requestStop()
        for await _ in runner.statuses() {}
    }

    private func unconfigure(_ id: InstanceID, _ output: @escaping @Sendable (String) -> Void) async throws(Problem) {
        guard var kept = entries[id]?.kept else { throw Self.unknown(id) }
        try await runCommand(.unconfigure, kept, output)
        kept.state = .installed
        kept.port = nil
        try keep(kept)
    }

    private func uninstall(_ id: InstanceID, _ output: @escaping @Sendable (String) -> Void) async throws(Problem) {
        guard let kept = entries[id]?.kept else { throw Self.unknown(id) }
        try await runCommand(.uninstall, kept, output)
        setting.resourceGroups.remove(id)
        // The spec goes first: a folder without one is only rubbish to the next start.
        let mountPoint = folders.mountPoint(id)
        try Disk.remove(mountPoint.spec)
        try Disk.remove(mountPoint.folder)
        forget(id)
        let used = Set(entries.values.filter { $0.kept.spec.id.app == id.app }.map(\.kept.spec.releaseIdentity))
        try await store.prune(id.app, used: used, packagesKept: kept.spec.packagesKept)
    }

    private func runCommand(
        _ phase: LifecyclePhase, _ kept: KeptInstance, _ output: @escaping @Sendable (String) -> Void
    ) async throws(Problem) {
        guard let command = LaunchPlan(kept: kept, setting: setting, folders: folders).command(for: phase) else {
            return
        }
        let cause: String
        do {
            let status = try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask {
                    let status = try await command.run(output: output)
                    return status.isSuccess ? nil : "\(status)"
                }
                group.addTask {
                    try await Task.sleep(for: Self.phaseTimeout)
                    return "it took longer than \(Self.phaseTimeout)"
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            guard let status else { return }
            cause = status
        } catch {
            cause = Task.isCancelled ? "it was cancelled" : "it cannot be run"
        }
        throw Problem(
            "instance.phase-failed", "The app's own \(phase.rawValue) of \(kept.spec.id) failed.",
            cause: "\(command.arguments[0]): \(cause).",
            remedy: "Read the step's output, correct the executable, and deploy again.")
    }
}
