package import Core
import Glibc
import NIOCore
import NIOPosix
import Subprocess
import Synchronization
import SystemPackage
import Wire

/// Feeds one instance's `Supervisor` and carries out what it says: through a shim for the
/// process, with sleeping tasks for timers, with probes for health.
actor InstanceRunner {
    struct Status: Equatable, Sendable {
        var health = Health.starting
        var processID: Int32?
        var restarts = 0
        var failure: String?
        var isReady = false
        var isCrashLooping = false
        var since: Instant
    }

    /// What the runner is given; none of it changes while it lives.
    struct Setting: Sendable {
        var kept: KeptInstance
        var mountPoint: MountPoint
        /// Whether an earlier agent has started it.
        var takesOver = false
        var request: @Sendable () throws(Problem) -> ShimFolder.Request
        var shim: FilePath
        var probe: @Sendable () async -> String?
        var outOfMemoryKills: @Sendable () -> Int
        var clock: HostClock
        var report: @Sendable (AgentEvent.Kind, String) -> Void
        var changed: @Sendable (Status) -> Void
    }

    nonisolated let id: InstanceID
    private let setting: Setting
    private let folder: ShimFolder
    private let events: AsyncStream<Supervisor.Event>
    private let inbox: AsyncStream<Supervisor.Event>.Continuation
    private let published: Mutex<Status>
    private let watchers = Mutex<(isEnded: Bool, streams: [AsyncStream<Status>.Continuation])>((false, []))
    private var supervisor: Supervisor
    private var channel: (any Channel)?

    init(_ setting: Setting) {
        self.setting = setting
        id = setting.kept.spec.id
        folder = ShimFolder(path: setting.mountPoint.run)
        let process = setting.kept.spec.process
        supervisor = Supervisor(
            policy: Supervisor.Policy(
                probe: process.health, stop: process.stop, runsOnce: process.replacement == .once))
        (events, inbox) = AsyncStream.makeStream()
        published = Mutex(Status(since: setting.clock.wall()))
        // First in line: a request to stop may come before `run` does.
        inbox.yield(.startRequested)
    }

    nonisolated var status: Status { published.withLock { $0 } }

    /// The status now and after each change; ends with the runner.
    nonisolated func statuses() -> AsyncStream<Status> {
        let (stream, continuation) = AsyncStream.makeStream(of: Status.self, bufferingPolicy: .bufferingNewest(1))
        continuation.yield(status)
        let isEnded = watchers.withLock { watchers in
            if !watchers.isEnded { watchers.streams.append(continuation) }
            return watchers.isEnded
        }
        if isEnded { continuation.finish() }
        return stream
    }

    nonisolated func requestStop() { inbox.yield(.stopRequested) }

    /// Starts the instance, or takes over the process that an earlier agent started, and keeps
    /// it running until it is asked to stop. A cancelled runner leaves the process as it is.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await event in events {
                for action in supervisor.receive(event, at: setting.clock.monotonic()) { carryOut(action, in: &group) }
                publish()
                if supervisor.isIdle { break }
            }
            group.cancelAll()
        }
        // The process has ended; its shim still kills what it left behind and writes the end down.
        if supervisor.isIdle { _ = await waitUntil { !folder.isHeld } }
        let streams = watchers.withLock { watchers in
            watchers.isEnded = true
            return watchers.streams
        }
        for stream in streams { stream.finish() }
    }

    private func publish() {
        let now = setting.clock.wall()
        let new: Status? = published.withLock { status in
            var new = Status(
                health: supervisor.health, processID: supervisor.processID, restarts: supervisor.restarts,
                failure: supervisor.failure, isReady: supervisor.isReady, isCrashLooping: supervisor.isCrashLooping,
                since: status.since)
            guard new != status else { return nil }
            if new.health != status.health || new.failure != status.failure || new.isReady != status.isReady {
                new.since = now
            }
            status = new
            return new
        }
        guard let new else { return }
        setting.changed(new)
        for stream in watchers.withLock({ $0.streams }) { stream.yield(new) }
    }

    private func carryOut(_ action: Supervisor.Action, in group: inout DiscardingTaskGroup) {
        switch action {
        case .spawn: group.addTask { await self.hold() }
        case .signal(let signal): send("signal \(signal.rawValue)\n")
        case .kill: send("kill\n")
        case .setTimer(let timer, let generation, let interval):
            let inbox = inbox
            group.addTask {
                guard (try? await Task.sleep(for: .milliseconds(interval.milliseconds))) != nil else { return }
                inbox.yield(.timerFired(timer, generation: generation))
            }
        case .probe(let generation):
            let (inbox, probe) = (inbox, setting.probe)
            group.addTask {
                let failure = await probe()
                if !Task.isCancelled { inbox.yield(.probeEnded(generation: generation, failure: failure)) }
            }
        case .report(let kind, let text): setting.report(kind, text)
        }
    }

    private func send(_ line: String) {
        channel?.writeAndFlush(ByteBuffer(string: line), promise: nil)
    }

    /// From the start of a process, or from finding one, to its end.
    private func hold() async {
        let kills = setting.outOfMemoryKills()
        var isAdopted = folder.isHeld
        if isAdopted, folder.started == nil {
            // A shim that is still starting, or whose start an agent did not live to see.
            isAdopted = await waitUntil { self.folder.started != nil || !self.folder.isHeld } && folder.isHeld
        }
        // What ran once, and ended while no agent was there, is not run again.
        if !isAdopted, setting.takesOver, setting.kept.spec.process.replacement == .once, folder.started != nil {
            return ended(folder.end ?? .unknown)
        }
        if !isAdopted {
            guard await waitUntil({ !self.folder.isHeld }) else {
                return ended(.notStarted("the shim before still holds the folder"))
            }
            if folder.wasUsed { ProcessTable.killLeftovers(of: setting.mountPoint.folder) }
            if let problem = await launch() { return ended(.notStarted(problem)) }
        }
        while !Task.isCancelled {
            let end = await watch(adopted: isAdopted)
            if Task.isCancelled { return }
            if let end { return ended(outOfMemory(end, kills)) }
            isAdopted = true
        }
    }

    private func outOfMemory(_ end: Supervisor.End, _ killsBefore: Int) -> Supervisor.End {
        end == .signalled(SIGKILL) && setting.outOfMemoryKills() > killsBefore ? .outOfMemory : end
    }

    private func ended(_ end: Supervisor.End) {
        channel = nil
        inbox.yield(.ended(end))
    }

    /// Returns why the process does not run, or nil.
    private func launch() async -> String? {
        folder.clear()
        do {
            try folder.write(try setting.request())
            let result = try await Subprocess.run(
                .path(setting.shim), arguments: ["shim", folder.path.string],
                environment: .custom(["PATH": "/usr/bin:/bin"]),
                output: .discarded, error: .string(limit: 4096))
            if result.terminationStatus.isSuccess { return nil }
            let text = result.standardError.split(separator: "\n").first.map(String.init)
            return text ?? "the shim said nothing and ended: \(result.terminationStatus)"
        } catch let problem as Problem {
            return problem.cause
        } catch {
            return "the shim \(setting.shim) cannot be run"
        }
    }

    /// Listens to the shim until the process ends. nil: the connection broke, and the shim lives.
    private func watch(adopted: Bool) async -> Supervisor.End? {
        var end: Supervisor.End?
        if let descriptor = connectToShim() {
            end = try? await listen(descriptor, adopted: adopted)
        }
        if let end { return end }
        if Task.isCancelled { return nil }
        if folder.isHeld {
            try? await Task.sleep(for: .milliseconds(20))
            return nil
        }
        ProcessTable.killLeftovers(of: setting.mountPoint.folder)
        return folder.end ?? .unknown
    }

    private func listen(_ descriptor: Int32, adopted: Bool) async throws -> Supervisor.End? {
        let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .withConnectedSocket(descriptor) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, _ in
            channel = connection.channel
            var text = ""
            for try await buffer in inbound {
                text += String(buffer: buffer)
                while let newline = text.firstIndex(of: "\n") {
                    let line = text[..<newline]
                    if let end = ShimFolder.end(line) { return end }
                    if let started = ShimFolder.started(line) { begin(started, adopted: adopted) }
                    text = String(text[text.index(after: newline)...])
                }
                // A shim says a few dozen bytes; anything else is not one.
                if text.utf8.count > 4096 { return nil }
            }
            return nil
        }
    }

    private func begin(_ started: ShimFolder.Started, adopted: Bool) {
        guard supervisor.processID != started.processID else { return }
        inbox.yield(
            adopted
                ? .adopted(processID: started.processID, health: setting.kept.health)
                : .started(processID: started.processID))
    }

    /// A socket's path may have 107 bytes, and a mount point's is often longer: the folder is
    /// named by its descriptor.
    private func connectToShim() -> Int32? {
        let directory = open(folder.path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return nil }
        defer { close(directory) }
        guard let address = try? SocketAddress(unixDomainSocketPath: "/proc/self/fd/\(directory)/shim.sock") else {
            return nil
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        guard address.withSockAddr({ connect(descriptor, $0, socklen_t($1)) }) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// A shim that has told the end still writes it down: milliseconds, or seconds on a slow disk.
    private func waitUntil(_ isDone: () -> Bool) async -> Bool {
        for _ in 0..<1000 {
            if isDone() { return true }
            guard (try? await Task.sleep(for: .milliseconds(10))) != nil else { return false }
        }
        return isDone()
    }
}

/// The two clocks of a host, given to what needs them.
package struct HostClock: Sendable {
    package var wall: @Sendable () -> Instant
    /// Goes on while the machine is up, whatever happens to the wall clock.
    package var monotonic: @Sendable () -> Instant

    package static let system = HostClock(
        wall: { read(CLOCK_REALTIME) }, monotonic: { read(CLOCK_MONOTONIC) })

    private static func read(_ clock: clockid_t) -> Instant {
        var time = timespec()
        clock_gettime(clock, &time)
        return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
