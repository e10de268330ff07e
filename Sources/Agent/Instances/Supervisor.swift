package import Core
package import Wire

/// Keeps one instance running: what happens to its process comes in as events, what to do about
/// it goes out as actions. A value without a clock, so that a year can be tried in a second.
///
/// Instants are of a clock that only goes forward; they are compared, never shown.
package struct Supervisor: Sendable {
    package struct Policy: Sendable {
        package var probe: HealthProbe?
        package var stop: StopSpec
        /// Whether its process is to end by itself, with 0, and is then not started again.
        package var runsOnce = false
        package var backoffMin = Interval(milliseconds: 100)
        package var backoffMax = Interval.seconds(30)
        /// How long a process has to run until its earlier ends are forgotten.
        package var stable = Interval.seconds(60)
        package var crashLoopEnds = 5
        package var crashLoopWindow = Interval.seconds(60)
        /// Without a probe, how long a process has to run until it counts as started.
        package var settle = Interval.seconds(1)
        /// How long a killed process may take to end before it is killed again.
        package var killAgain = Interval.seconds(2)
        /// The longest and shortest pause between two probes of an instance that starts: a deploy
        /// waits for this.
        package var startupProbeMin = Interval(milliseconds: 10)
        package var startupProbeMax = Interval(milliseconds: 200)

        package init(probe: HealthProbe?, stop: StopSpec, runsOnce: Bool = false) {
            self.probe = probe
            self.stop = stop
            self.runsOnce = runsOnce
        }
    }

    /// How a process ended.
    package enum End: Codable, Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
        /// Killed by the kernel for using more memory than its limit.
        case outOfMemory
        /// It never ran: the step that failed and why.
        case notStarted(String)
        /// The shim was killed, and the process with it.
        case unknown

        package var text: String {
            switch self {
            case .exited(let code): "exited \(code)"
            case .signalled(let signal): "ended by signal \(signal)"
            case .outOfMemory: "killed for using more memory than its limit"
            case .notStarted(let reason): "could not be started (\(reason))"
            case .unknown: "ended together with its shim"
            }
        }
    }

    package enum Timer: Hashable, Sendable { case restart, probe, startup, settle, stop, kill }

    package enum Event: Sendable {
        case startRequested
        case stopRequested
        case started(processID: Int32)
        /// A process from before this agent's start was found alive.
        case adopted(processID: Int32, health: Health)
        case ended(End)
        /// nil: it succeeded.
        case probeEnded(generation: Int, failure: String?)
        case timerFired(Timer, generation: Int)
    }

    package enum Action: Equatable, Sendable {
        case spawn
        case signal(StopSpec.Signal)
        case kill
        case setTimer(Timer, generation: Int, Interval)
        case probe(generation: Int)
        case report(AgentEvent.Kind, String)
    }

    private enum Phase: Equatable {
        case idle
        case spawning
        case running(since: Instant)
        case waiting
        case stopping
        /// It ran once, to its end.
        case done
    }

    package private(set) var health: Health
    package private(set) var processID: Int32?
    package private(set) var restarts = 0
    package private(set) var failure: String?
    package private(set) var isCrashLooping = false
    /// Whether nothing runs and nothing is wanted.
    package var isIdle: Bool { phase == .idle && !isWanted }
    package var isReady: Bool {
        if phase == .done { return failure == nil }
        guard case .running = phase, !policy.runsOnce else { return false }
        return isWanted && failure == nil && (health == .healthy || health == .unchecked)
    }

    private let policy: Policy
    private var isWanted = false
    private var phase = Phase.idle
    /// Grows with each process, so that a timer or probe of the one before says nothing.
    private var generation = 0
    private var ends: [Instant] = []
    private var backoff: Interval
    private var probeFailures = 0
    private var lastProbeFailure: String?

    package init(policy: Policy) {
        self.policy = policy
        backoff = policy.backoffMin
        health = .starting
    }

    package mutating func receive(_ event: Event, at now: Instant) -> [Action] {
        switch event {
        case .startRequested: startRequested()
        case .stopRequested: stopRequested()
        case .started(let processID): began(processID, health: .starting, at: now)
        case .adopted(let processID, let health): began(processID, health: health, at: now)
        case .ended(let end): ended(end, at: now)
        case .probeEnded(let generation, let failure): probeEnded(generation, failure, at: now)
        case .timerFired(let timer, let generation):
            generation == self.generation ? timerFired(timer, at: now) : []
        }
    }

    private mutating func startRequested() -> [Action] {
        isWanted = true
        guard phase == .idle else { return [] }
        phase = .spawning
        return [.spawn]
    }

    private mutating func stopRequested() -> [Action] {
        isWanted = false
        switch phase {
        case .idle, .spawning, .stopping: return []
        case .waiting, .done:
            phase = .idle
            generation += 1
            return []
        case .running: return beginStop()
        }
    }

    private mutating func beginStop() -> [Action] {
        phase = .stopping
        return [.signal(policy.stop.signal), .setTimer(.stop, generation: generation, policy.stop.timeout)]
    }

    private mutating func began(_ processID: Int32, health: Health, at now: Instant) -> [Action] {
        generation += 1
        self.processID = processID
        self.health = health
        probeFailures = 0
        lastProbeFailure = nil
        phase = .running(since: now)
        guard isWanted else { return beginStop() }
        if policy.runsOnce { return [] }
        guard let probe = policy.probe else {
            if health == .unchecked { return [] }
            self.health = .starting
            return [.setTimer(.settle, generation: generation, policy.settle)]
        }
        if health == .unchecked { self.health = .starting }
        return [.probe(generation: generation), .setTimer(.startup, generation: generation, probe.startup)]
    }

    private mutating func ended(_ end: End, at now: Instant) -> [Action] {
        let wasStopping = phase == .stopping
        if case .running(let since) = phase, now - since >= policy.stable { forgetEnds() }
        generation += 1
        processID = nil
        health = .starting
        guard isWanted else {
            phase = .idle
            return []
        }
        if policy.runsOnce { return endedForGood(end) }
        ends.append(now)
        ends.removeAll { now - $0 > policy.crashLoopWindow }
        // What was stopped for its health keeps that as its failure: the signal says nothing.
        if !wasStopping || failure == nil { failure = end.text }
        var actions: [Action] = [.report(.instanceEnded, failure ?? end.text)]
        if ends.count >= policy.crashLoopEnds {
            if !isCrashLooping { actions.append(.report(.crashLoop, end.text)) }
            isCrashLooping = true
        }
        if isCrashLooping {
            let window = policy.crashLoopWindow
            failure = "crash loop: \(end.text), \(policy.crashLoopEnds) times in \(window.milliseconds / 1000) s"
            backoff = policy.backoffMax
        }
        phase = .waiting
        actions.append(.setTimer(.restart, generation: generation, backoff))
        backoff = min(Interval(milliseconds: backoff.milliseconds * 2), policy.backoffMax)
        return actions
    }

    private mutating func endedForGood(_ end: End) -> [Action] {
        phase = .done
        guard end != .exited(0) else {
            health = .healthy
            return []
        }
        failure = end.text
        health = .unhealthy
        return [.report(.instanceEnded, end.text)]
    }

    private mutating func forgetEnds() {
        ends = []
        backoff = policy.backoffMin
        isCrashLooping = false
    }

    private mutating func timerFired(_ timer: Timer, at now: Instant) -> [Action] {
        switch (timer, phase) {
        case (.restart, .waiting):
            phase = .spawning
            restarts += 1
            return [.spawn, .report(.instanceRestarted, failure ?? "")]
        case (.probe, .running): return [.probe(generation: generation)]
        case (.settle, .running):
            health = .unchecked
            failure = nil
            return []
        case (.startup, .running) where health == .starting:
            let limit = policy.probe?.startup ?? policy.settle
            failure = "not healthy \(limit) after its start: \(lastProbeFailure ?? "the probe has not answered")"
            health = .unhealthy
            return [.report(.instanceUnhealthy, failure ?? "")] + beginStop()
        case (.stop, .stopping), (.kill, .stopping):
            return [.kill, .setTimer(.kill, generation: generation, policy.killAgain)]
        default: return []
        }
    }

    /// In proportion to the time since the start: an instance is found ready at most an eighth of
    /// its own start too late, and one that takes long is not asked all the time.
    private func startupPause(_ elapsed: Interval) -> Interval {
        let eighth = Interval(milliseconds: elapsed.milliseconds / 8)
        return min(max(eighth, policy.startupProbeMin), policy.startupProbeMax)
    }

    private mutating func probeEnded(_ generation: Int, _ fault: String?, at now: Instant) -> [Action] {
        guard generation == self.generation, case .running(let since) = phase, let probe = policy.probe else {
            return []
        }
        var actions: [Action] = []
        lastProbeFailure = fault
        if let fault {
            probeFailures += 1
            // An instance that never gets better is started again, after as long again thrice.
            if health == .unhealthy && probeFailures >= 4 * probe.failuresMax { return beginStop() }
            if health == .healthy && probeFailures >= probe.failuresMax {
                health = .unhealthy
                failure = "unhealthy: \(fault)"
                actions.append(.report(.instanceUnhealthy, fault))
            } else if health == .unhealthy {
                failure = "unhealthy: \(fault)"
            }
        } else {
            probeFailures = 0
            if health != .healthy { actions.append(.report(.instanceHealthy, "")) }
            health = .healthy
            failure = nil
            if now - since >= policy.stable { forgetEnds() }
        }
        let interval = health == .starting ? min(startupPause(now - since), probe.interval) : probe.interval
        return actions + [.setTimer(.probe, generation: generation, interval)]
    }
}
