import Core
import Testing

@testable import Agent

@Suite struct SupervisorTests {
    private let probe = HealthProbe(kind: .tcp)
    private func at(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

    @Test("An end is followed by a start after a pause that doubles up to half a minute")
    func backoff() {
        var supervisor = Supervisor(policy: .init(probe: nil, stop: StopSpec()))
        #expect(supervisor.receive(.startRequested, at: at(0)) == [.spawn])
        var pauses: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<12 {
            _ = supervisor.receive(.started(processID: 9), at: at(now))
            // Each lives long enough not to be a crash loop.
            now += 20_000
            for case .setTimer(.restart, let generation, let pause) in supervisor.receive(
                .ended(.exited(1)), at: at(now))
            {
                pauses.append(pause.milliseconds)
                now += pause.milliseconds
                #expect(supervisor.receive(.timerFired(.restart, generation: generation), at: at(now)).first == .spawn)
            }
        }
        #expect(pauses == [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000])
        #expect(supervisor.restarts == 12)
    }

    @Test("Five ends within a minute are a crash loop, and a minute of life ends it")
    func crashLoop() {
        var supervisor = Supervisor(policy: .init(probe: nil, stop: StopSpec()))
        _ = supervisor.receive(.startRequested, at: at(0))
        var generation = 0
        for second in 1...5 {
            _ = supervisor.receive(.started(processID: 9), at: at(Int64(second) * 1000))
            for case .setTimer(.restart, let number, _) in supervisor.receive(
                .ended(.exited(1)), at: at(Int64(second) * 1000 + 10))
            {
                generation = number
            }
            if second < 5 {
                _ = supervisor.receive(
                    .timerFired(.restart, generation: generation), at: at(Int64(second) * 1000 + 500))
            }
        }
        #expect(supervisor.failure == "crash loop: exited 1, 5 times in 60 s")
        _ = supervisor.receive(.timerFired(.restart, generation: generation), at: at(40_000))
        _ = supervisor.receive(.started(processID: 10), at: at(40_000))
        let actions = supervisor.receive(.ended(.exited(1)), at: at(110_000))
        #expect(!supervisor.isCrashLooping)
        #expect(
            actions.contains {
                if case .setTimer(.restart, _, Interval(milliseconds: 100)) = $0 { true } else { false }
            })
    }

    @Test("An instance that starts is asked again soon, and less often the longer it takes")
    func startupProbes() {
        var supervisor = Supervisor(policy: .init(probe: probe, stop: StopSpec()))
        _ = supervisor.receive(.startRequested, at: at(0))
        _ = supervisor.receive(.started(processID: 9), at: at(0))
        let pauses = [Int64(1), 40, 160, 800, 5000].map { now in
            supervisor.receive(.probeEnded(generation: 1, failure: "refused"), at: at(now)).compactMap {
                if case .setTimer(.probe, _, let pause) = $0 { pause.milliseconds } else { nil }
            }
        }
        #expect(pauses == [[10], [10], [20], [100], [200]])
    }

    @Test("An instance that does not become healthy in time is stopped and says what the probe said")
    func startupDeadline() {
        var supervisor = Supervisor(policy: .init(probe: probe, stop: StopSpec()))
        _ = supervisor.receive(.startRequested, at: at(0))
        _ = supervisor.receive(.started(processID: 9), at: at(0))
        _ = supervisor.receive(.probeEnded(generation: 1, failure: "refused"), at: at(1))
        let actions = supervisor.receive(.timerFired(.startup, generation: 1), at: at(60_000))
        #expect(actions.contains(.signal(.term)))
        #expect(supervisor.failure == "not healthy 1m after its start: refused")
        #expect(!supervisor.isReady)
    }

    @Test("Three failures in a row make it unhealthy, one success makes it well, and nine more start it again")
    func unhealthy() {
        var supervisor = Supervisor(policy: .init(probe: probe, stop: StopSpec()))
        _ = supervisor.receive(.startRequested, at: at(0))
        _ = supervisor.receive(.started(processID: 9), at: at(0))
        _ = supervisor.receive(.probeEnded(generation: 1, failure: nil), at: at(1))
        #expect(supervisor.isReady)
        for _ in 1...2 { _ = supervisor.receive(.probeEnded(generation: 1, failure: "500"), at: at(2)) }
        #expect(supervisor.isReady)
        _ = supervisor.receive(.probeEnded(generation: 1, failure: "500"), at: at(3))
        #expect(supervisor.health == .unhealthy)
        _ = supervisor.receive(.probeEnded(generation: 1, failure: nil), at: at(4))
        #expect(supervisor.isReady)
        var last: [Supervisor.Action] = []
        for _ in 1...12 { last = supervisor.receive(.probeEnded(generation: 1, failure: "500"), at: at(5)) }
        #expect(last.contains(.signal(.term)))
    }

    @Test("A process that ignores its signal is killed, again and again")
    func kill() {
        var supervisor = Supervisor(policy: .init(probe: nil, stop: StopSpec()))
        _ = supervisor.receive(.startRequested, at: at(0))
        _ = supervisor.receive(.started(processID: 9), at: at(0))
        #expect(supervisor.receive(.stopRequested, at: at(1)).first == .signal(.term))
        #expect(supervisor.receive(.timerFired(.stop, generation: 1), at: at(10_001)).first == .kill)
        #expect(supervisor.receive(.timerFired(.kill, generation: 1), at: at(12_001)).first == .kill)
        _ = supervisor.receive(.ended(.signalled(9)), at: at(12_002))
        #expect(supervisor.isIdle)
    }

    @Test("A simulated year: never two processes, never a start unasked, always running again", arguments: 1...8)
    func year(seed: UInt64) {
        var world = SimulatedProcess(seed: seed)
        world.run(until: at(365 * 86_400_000), stepsMax: 60_000)
        #expect(world.faults == [], "seed \(seed)")
        #expect(world.spawns > 100)
    }
}

/// A process that starts, fails, hangs and ends at random, and a person who starts and stops it.
private struct SimulatedProcess {
    private struct Pending {
        var at: Instant
        var event: Supervisor.Event
    }

    private(set) var faults: [String] = []
    private(set) var spawns = 0
    private var supervisor: Supervisor
    private var random: SeededRandom
    private var queue: [Pending] = []
    private var process: Int32?
    private var isWanted = false
    private var wantedSince = Instant(milliseconds: 0)

    init(seed: UInt64) {
        random = SeededRandom(state: seed)
        supervisor = Supervisor(
            policy: .init(probe: HealthProbe(kind: .tcp, interval: .seconds(600)), stop: StopSpec()))
    }

    mutating func run(until end: Instant, stepsMax: Int) {
        queue.append(Pending(at: Instant(milliseconds: 1), event: .startRequested))
        for _ in 0..<stepsMax {
            guard let index = queue.indices.min(by: { queue[$0].at < queue[$1].at }) else { break }
            let next = queue.remove(at: index)
            if next.at > end { break }
            deliver(next.event, at: next.at)
            if faults.count > 3 { return }
        }
    }

    private mutating func deliver(_ event: Supervisor.Event, at now: Instant) {
        switch event {
        case .ended: process = nil
        case .startRequested:
            isWanted = true
            later(.stopRequested, 1000...40_000_000, now)
        case .stopRequested:
            isWanted = false
            later(.startRequested, 60_000...4_000_000, now)
        default: break
        }
        for action in supervisor.receive(event, at: now) { carryOut(action, now) }
        if !isWanted && supervisor.isReady { faults.append("ready though not wanted") }
        if process == nil && supervisor.isReady { faults.append("ready without a process") }
        if isWanted && process == nil && queue.isEmpty { faults.append("stuck") }
    }

    private mutating func carryOut(_ action: Supervisor.Action, _ now: Instant) {
        switch action {
        case .spawn:
            if process != nil { faults.append("two processes") }
            if !isWanted { faults.append("a start unasked") }
            spawns += 1
            if random.next(10) == 0 {
                return queue.append(Pending(at: now + Interval(milliseconds: 5), event: .ended(.notStarted("exec"))))
            }
            process = Int32(spawns)
            queue.append(Pending(at: now + Interval(milliseconds: 3), event: .started(processID: Int32(spawns))))
            later(.ended(.exited(1)), 10...(random.next(3) == 0 ? 2000 : 20_000_000), now)
        case .signal:
            if process == nil { faults.append("a signal to nothing") }
            if random.next(3) > 0 { end(.exited(0), 1...9000, now) }
        case .kill:
            if process == nil { faults.append("a kill of nothing") }
            end(.signalled(9), 1...50, now)
        case .setTimer(let timer, let generation, let interval):
            queue.append(Pending(at: now + interval, event: .timerFired(timer, generation: generation)))
        case .probe(let generation):
            later(.probeEnded(generation: generation, failure: random.next(4) == 0 ? "500" : nil), 1...2000, now)
        case .report: break
        }
    }

    private mutating func end(_ end: Supervisor.End, _ range: ClosedRange<Int64>, _ now: Instant) {
        queue.removeAll { if case .ended = $0.event { true } else { false } }
        later(.ended(end), range, now)
    }

    private mutating func later(_ event: Supervisor.Event, _ range: ClosedRange<Int64>, _ now: Instant) {
        let delay = range.lowerBound + random.next(range.upperBound - range.lowerBound)
        queue.append(Pending(at: now + Interval(milliseconds: delay), event: event))
    }
}

private struct SeededRandom {
    var state: UInt64

    mutating func next(_ count: Int64) -> Int64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int64((state >> 33) % UInt64(max(count, 1)))
    }
}
