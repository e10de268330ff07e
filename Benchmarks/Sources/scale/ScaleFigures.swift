import Core
import FoundationEssentials

/// What is measured of the loop over one fabric.
struct ScaleFigures {
    private static let rounds = 5
    /// A rollout's events are measured until it has ended, or for so long.
    private static let rolloutMillisecondsMax = 20_000.0

    let fabric: ScaleFabric
    let wanted: Set<String>

    init(_ fabric: ScaleFabric, wanted: Set<String>) {
        self.fabric = fabric
        self.wanted = wanted
    }

    func measure() throws {
        if wants("from-nothing") { fromNothing() }
        var loop = ScaleLoop(fabric, isDeployed: true)
        var watch = Stopwatch()
        watch.measure { loop.start() }
        say("all-hosts-report", watch.total)
        nothing(&loop)
        events(&loop)
        if wants("delta") { delta(loop) }
        if wants("rollout") || wants("order-ended") { try rollout(&loop) }
        try changedApp(&loop)
        if wants("peak-mebibytes") { say("peak-mebibytes", Stopwatch.peakMemory) }
    }

    private func wants(_ name: String) -> Bool { wanted.isEmpty || wanted.contains(name) }

    private func say(_ name: String, _ milliseconds: Double) {
        guard wants(name) else { return }
        print("{\"name\": \"\(name)\", \"instances\": \(fabric.instances), \"milliseconds\": \(milliseconds)}")
    }

    /// The median, and the median of the time that passed.
    private func say(_ name: String, medianOf watch: Stopwatch) {
        guard wants(name) else { return }
        print(
            "{\"name\": \"\(name)\", \"instances\": \(fabric.instances), \"milliseconds\": \(watch.median), \"passed\": \(watch.medianPassed), \"runs\": \(watch.times.count)}"
        )
    }

    /// Every app is placed and planned, and its execution begins.
    private func fromNothing() {
        var watch = Stopwatch()
        for _ in 0..<Self.rounds {
            var loop = ScaleLoop(fabric, isDeployed: false)
            // All but one have reported: the last one settles the fabric.
            let last = loop.reports.keys.sorted().last
            for (host, report) in loop.reports where host != last { _ = loop.receive(.reported(report)) }
            guard let last, let report = loop.reports[last] else { return }
            _ = watch.measure { loop.receive(.reported(report)) }
            precondition(loop.orchestrator.executions.count == ScaleFabric.appCount)
        }
        say("from-nothing", medianOf: watch)
    }

    /// Everything is placed and looked at, and nothing is to be done; and a commit that says
    /// nothing new about any host or app.
    private func nothing(_ loop: inout ScaleLoop) {
        guard wants("no-op") || wants("no-op-commit") else { return }
        var everything = Stopwatch()
        var commits = Stopwatch()
        let empty = loop.reports.values.first { $0.instances.isEmpty }?.host
        for round in 0..<Self.rounds {
            // A host without instances is drained, and taken back: all places may differ then.
            var overrides = loop.orchestrator.desired?.overrides ?? Overrides()
            overrides.drained = round % 2 == 0 ? Set([empty].compactMap { $0 }) : []
            var actions = everything.measure { loop.receive(.overridden(overrides)) }
            var configuration = ScaleFabric(instances: fabric.instances).configuration
            configuration.commit = String(repeating: "\(round)", count: 40)
            actions += commits.measure { loop.receive(.configured(configuration)) }
            precondition(actions.count == 2 && loop.orchestrator.executions.isEmpty)
        }
        say("no-op", medianOf: everything)
        say("no-op-commit", medianOf: commits)
    }

    /// What happens all day: a heartbeat, a tick, an instance that was started again.
    private func events(_ loop: inout ScaleLoop) {
        let hosts = loop.reports.keys.sorted().filter { loop.reports[$0]?.instances.isEmpty == false }
        var heartbeats = Stopwatch()
        var ticks = Stopwatch()
        var restarts = Stopwatch()
        var ports = Stopwatch()
        for round in 0..<Self.rounds * 4 {
            let host = hosts[round * hosts.count / (Self.rounds * 4)]
            _ = heartbeats.measure { loop.receive(.heard(host)) }
            _ = ticks.measure { loop.receive(.timePassed) }
            guard let index = loop.reports[host]?.instances.firstIndex(where: { $0.id.process.text == "web" }) else {
                continue
            }
            loop.reports[host]?.instances[index].restarts += 1
            for health in [Health.starting, .healthy] {
                loop.reports[host]?.instances[index].health = health
                guard let report = loop.reports[host] else { continue }
                _ = restarts.measure { loop.receive(.reported(report)) }
            }
            loop.reports[host]?.instances[index].port = 40_000 + round
            guard let report = loop.reports[host] else { continue }
            let actions = ports.measure { loop.receive(.reported(report)) }
            precondition(actions.contains { if case .send = $0 { true } else { false } })
            for case .send(let order) in actions { _ = loop.receive(.orderEnded(order.id, nil)) }
        }
        say("heartbeat", heartbeats.mean)
        say("tick", ticks.mean)
        say("report", restarts.mean)
        say("report-new-port", ports.mean)
    }

    /// A release of one app is asked for: what differs is found, and planned, and begins.
    private func changedApp(_ loop: inout ScaleLoop) throws {
        guard wants("changed-app") || wants("encode-execution") else { return }
        var watch = Stopwatch()
        for round in 0..<Self.rounds {
            let request = Orchestrator.Request(
                app: ScaleFabric.appName(round), kind: .deploy, release: 2, requestedBy: "ana")
            let started = try watch.measure { try loop.orchestrator.begin(request, at: loop.now) }
            precondition(started.execution != nil)
        }
        say("changed-app", medianOf: watch)
        guard wants("encode-execution"), let execution = loop.orchestrator.executions[ScaleFabric.appName(0)] else {
            return
        }
        var encoding = Stopwatch()
        let data = try encoding.measure { try JSONEncoder().encode(execution) }
        var decoding = Stopwatch()
        _ = try decoding.measure { try JSONDecoder().decode(Execution.self, from: data) }
        say("encode-execution", encoding.total)
        say("decode-execution", decoding.total)
        say("execution-steps", Double(execution.machine.steps.count))
        say("execution-mebibytes", Double(data.count) / 1_048_576)
    }

    /// A whole rollout of one app, with every report and end of a step that comes with it.
    private func rollout(_ loop: inout ScaleLoop) throws {
        let app = ScaleFabric.appName(ScaleFabric.appCount - 1)
        let request = Orchestrator.Request(app: app, kind: .deploy, release: 2, requestedBy: "ana")
        var ends = Stopwatch()
        var reports = Stopwatch()
        var waiting = try loop.orchestrator.begin(request, at: loop.now).actions
        while !waiting.isEmpty, ends.total + reports.total < Self.rolloutMillisecondsMax {
            var next: [Orchestrator.Action] = []
            for case .send(let order) in waiting {
                if loop.carryOut(order), let report = loop.reports[order.host] {
                    next += reports.measure { loop.receive(.reported(report)) }
                }
                next += ends.measure { loop.receive(.orderEnded(order.id, nil)) }
            }
            waiting = next
        }
        say("order-ended", ends.mean)
        say("order-ended-longest", ends.longest)
        say("rollout-report", reports.mean)
        say("rollout-report-longest", reports.longest)
        say("rollout-events", Double(ends.times.count + reports.times.count))
        say("rollout", ends.total + reports.total)
        say("rollout-has-ended", loop.orchestrator.executions[app] == nil ? 1 : 0)
    }

    /// Every instance's delta, as pages show it.
    private func delta(_ loop: ScaleLoop) {
        guard let desired = loop.orchestrator.desired else { return }
        var watch = Stopwatch()
        for _ in 0..<Self.rounds {
            let live = loop.orchestrator.live(at: loop.now)
            watch.measure {
                guard let placement = loop.orchestrator.placed(at: loop.now)?.placement else { return }
                let deltas = Delta.all(
                    desired: desired, live: live, records: loop.orchestrator.records, placement: placement)
                precondition(deltas.count >= fabric.instances)
            }
        }
        say("delta", medianOf: watch)
    }
}
