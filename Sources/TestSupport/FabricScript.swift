import Core
import Simulation

/// A script that sets up a fabric, makes things happen in it, and shows what an operator would
/// see. What a command prints stands indented below it, so a script is its own expectation.
///
/// ```
/// host web-1 zone=a memory=2GiB              up
/// edge edge-1                                release shop 2 never-ready
/// app shop web=4,256MiB worker=2,in-place migrate=1,once batch=50% warm=10m after=db
/// app shop web=4 strategy=canary canary=1 traffic=10% hold=1m pause=canary settle=5s
/// load shop 100 for 60s r2-fails=5% r2-takes=20ms
/// deploy shop r1     rollback shop r1        plan deploy shop r2     steps deploy shop r2
/// carry out          tick 40s                kill shop.web.1.r1 on web-1
/// host web-2 silent|down|back                refuse web-1 packages|balancing|nothing
/// drain web-1        undrain web-1           scale shop.web 6        unscale shop.web
/// pause 1   resume 1   abort 1   retry 1     cancel 1 4              restart control plane
/// replace control plane 20s                  what is not done
/// delta     status     balancer edge-1       execution 1
/// ```
package struct FabricScript: Sendable {
    package enum Fault: Error, CustomStringConvertible {
        case unreadable(line: Int, String)

        package var description: String {
            switch self {
            case .unreadable(let line, let text): "line \(line): \(text) is no command"
            }
        }
    }

    private static let indent = "    "

    var configuration = SampleFabric.configuration()
    var fleet = SimulatedFleet(seed: 1, delays: .fixed)
    var commit = 1
    var shownEnds = 0
    var shownAnnouncements = 0
    /// Running totals of each server.
    var counted: [InstanceID: Traffic] = [:]

    package init() {}

    /// Runs a script.
    /// - Returns: the script with what its commands print now below each of them.
    package static func run(_ text: String) throws -> String {
        var script = FabricScript()
        var lines: [String] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix(indent) { continue }
            lines.append(String(line))
            let words = line.split(separator: " ").map(String.init)
            if words.isEmpty || words[0].hasPrefix("#") { continue }
            do {
                lines += try script.carryOut(words).map { indent + $0 }
            } catch let problem as Problem {
                lines.append(indent + "! \(problem)")
            } catch Unreadable.words {
                throw Fault.unreadable(line: number + 1, String(line))
            }
            if !script.fleet.violations.isEmpty { lines += script.fleet.violations.map { indent + "BROKEN: \($0)" } }
        }
        return lines.joined(separator: "\n")
    }

    enum Unreadable: Error { case words }

    private mutating func carryOut(_ words: [String]) throws -> [String] {
        switch (words[0], words.count) {
        case ("host", 3) where ["silent", "down", "back"].contains(words[2]): return try changeHost(words[1], words[2])
        case ("host", 2...), ("edge", 2), ("app", 3...): return try declare(words)
        case ("up", 1), ("commit", 1): return commitConfiguration()
        case ("release", 3...): return try addRelease(words)
        case ("deploy", 3...), ("rollback", 3): return try begin(words)
        case ("plan", 3...), ("steps", 3...): return try showPlan(words)
        case ("carry", 2): return carryOutAll()
        case ("tick", 2):
            fleet.run(for: try Interval(words[1]))
            return news()
        case ("kill", 4):
            fleet.kill(try InstanceID(words[1]), on: try HostName(words[3]))
            fleet.run(for: Interval(milliseconds: 20))
            return news()
        case ("refuse", 3):
            fleet.setRefusals(
                on: try HostName(words[1]), packages: words[2] == "packages", balancing: words[2] == "balancing")
            return []
        case ("drain", 2), ("undrain", 2), ("scale", 3), ("unscale", 2): return try changeOverrides(words)
        case ("pause", 2), ("resume", 2), ("abort", 2), ("retry", 2), ("cancel", 3): return try control(words)
        case ("restart", 3):
            fleet.restartControlPlane()
            return []
        // The one before sleeps for so long, and wakes with what it had in its hands.
        case ("replace", 4):
            fleet.supersede(sleeping: try Interval(words[3]))
            return []
        case ("what", 4): return fleet.isQuiet ? ["nothing"] : fleet.underWay
        case ("delta", 1): return delta()
        case ("status", 1): return status()
        case ("balancer", 2): return balancer(try HostName(words[1]))
        case ("load", 5...): return try load(words)
        case ("execution", 2): return execution(try number(words[1]))
        default: throw Unreadable.words
        }
    }

    // MARK: Declarations

    private mutating func declare(_ words: [String]) throws -> [String] {
        let settings = Self.settings(words.dropFirst(2))
        switch words[0] {
        case "host":
            let host = SampleFabric.host(
                words[1], zone: settings["zone"] ?? "a", memory: try settings["memory"].map { try ByteCount($0) },
                labels: settings["tag"].map { ["tag": $0] } ?? [:])
            configuration.hosts[host.name] = host
        case "edge":
            let host = SampleFabric.host(words[1])
            configuration.hosts[host.name] = host
            let balancer = BalancerSpec(
                name: SampleFabric.name("edge"), hosts: HostSelector(hosts: [host.name]), listeners: [.init(port: 80)])
            configuration.balancers[balancer.name] = balancer
        default:
            let app = try app(words[1], settings)
            configuration.apps[app.name] = app
        }
        return []
    }

    private static func settings(_ words: some Sequence<String>) -> [String: String] {
        Dictionary(
            words.compactMap { word in
                word.firstIndex(of: "=").map { (String(word[..<$0]), String(word[word.index(after: $0)...])) }
            }
        ) { _, last in last }
    }

    private static let rolloutKeys: Set<String> = [
        "batch", "warm", "goes-back", "strategy", "pause", "surge", "max-unavailable", "settle", "canary", "traffic",
        "hold", "after",
    ]

    private func app(_ name: String, _ settings: [String: String]) throws -> AppSpec {
        var rollout = RolloutPolicy(parallelMax: 4)
        if let batch = settings["batch"] { rollout.batch = try Share(batch) }
        if let strategy = settings["strategy"] {
            guard let strategy = RolloutPolicy.Strategy(rawValue: strategy) else { throw Unreadable.words }
            rollout.strategy = strategy
        }
        rollout.pause = settings["pause"].flatMap { RolloutPolicy.PausePoint(rawValue: $0) }
        if let surge = settings["surge"] { rollout.surge = try Allowance(surge) }
        if let missing = settings["max-unavailable"] { rollout.unavailableMax = try Allowance(missing) }
        rollout.settle = try settings["settle"].map { try Interval($0) } ?? .seconds(0)
        if let instances = settings["canary"] { rollout.canary.instances = try Share(instances) }
        if let traffic = settings["traffic"] { rollout.canary.traffic = try Percent(traffic) }
        if let hold = settings["hold"] { rollout.canary.hold = try Interval(hold) }
        if let warm = settings["warm"] { rollout.warm = try Interval(warm) }
        if settings["goes-back"] == "no" { rollout.automaticRollback = false }
        let after = settings["after"]?.split(separator: ",").map { AppName(checked: String($0)) } ?? []
        let processes = try settings.filter { !Self.rolloutKeys.contains($0.key) }.map { process, value in
            let parts = value.split(separator: ",").map(String.init)
            let pins = parts.filter { $0.hasPrefix("on:") }.map { HostName(checked: String($0.dropFirst(3))) }
            let memory = try parts.first { $0.hasSuffix("iB") }.map { try ByteCount($0) }
            return SampleFabric.process(
                process, instances: try number(parts.first ?? ""),
                replacement: parts.contains("once") ? .once : parts.contains("in-place") ? .inPlace : .beside,
                memory: memory, placement: HostSelector(hosts: pins))
        }
        var app = SampleFabric.app(
            name, processes: processes, rollout: rollout, routesTo: settings["web"] == nil ? nil : "web")
        app.after = after
        return app
    }

    private mutating func commitConfiguration() -> [String] {
        configuration.commit = String(SampleFabric.digest("commit", commit).hex.prefix(40))
        commit += 1
        fleet.configure(configuration)
        fleet.run(for: .seconds(1))
        return news()
    }

    private mutating func addRelease(_ words: [String]) throws -> [String] {
        guard let spec = configuration.apps[try AppName(words[1])] else { throw Unreadable.words }
        let kinds: [String: SimulatedAgent.Behaviour] = [
            "never-ready": .neverReady, "crashes": .crashes, "cannot-be-installed": .cannotBeInstalled,
            "sickens": .sickens,
        ]
        let number = Int(try number(words[2]))
        if words.count > 3 {
            guard let kind = kinds[words[3]] else { throw Unreadable.words }
            fleet.behaviours[spec.name, default: [:]][number] = kind
        }
        fleet.add(SampleFabric.release(spec, number, at: fleet.now))
        return []
    }

    // MARK: What people ask for

    private func request(_ words: [String]) throws -> Orchestrator.Request {
        guard let kind = Plan.Kind(rawValue: words[0]), words.count >= 2 else { throw Unreadable.words }
        let release = words.count > 2 ? try number(String(words[2].dropFirst())) : nil
        let isOdd = words.last == "odd"
        return Orchestrator.Request(
            app: try AppName(words[1]), kind: kind, release: release, requestedBy: "ana",
            filter: isOdd ? { @Sendable slot, _ in slot.number % 2 == 1 } : nil)
    }

    private mutating func begin(_ words: [String]) throws -> [String] {
        let id = try fleet.request(try request(words))
        return [id.map { "execution \($0)" } ?? "nothing to do"]
    }

    private func showPlan(_ words: [String]) throws -> [String] {
        let plan = try fleet.orchestrator.plan(try request(Array(words.dropFirst())), at: fleet.now)
        return words[0] == "plan" ? PlanText.changes(plan) : PlanText.steps(plan.root)
    }

    private mutating func carryOutAll() -> [String] {
        let end = fleet.now + .minutes(10)
        repeat { fleet.run(for: .seconds(2)) } while !fleet.orchestrator.executions.isEmpty && fleet.now < end
        return news()
    }

    private mutating func changeHost(_ name: String, _ change: String) throws -> [String] {
        let host = try HostName(name)
        switch change {
        case "silent": fleet.cut(host, for: nil)
        case "down": fleet.crashHost(host, for: nil)
        default: fleet.heal(host)
        }
        fleet.run(for: Interval(milliseconds: 20))
        return news()
    }

    private mutating func changeOverrides(_ words: [String]) throws -> [String] {
        if words[0].hasSuffix("drain") {
            let host = try HostName(words[1])
            fleet.override { if words[0] == "drain" { $0.drained.insert(host) } else { $0.drained.remove(host) } }
        } else {
            let parts = words[1].split(separator: ".").map(String.init)
            guard parts.count == 2 else { throw Unreadable.words }
            let app = try AppName(parts[0])
            let process = try ProcessName(parts[1])
            let count = words.count > 2 ? try number(words[2]) : nil
            fleet.override { $0.scale[app, default: [:]][process] = count }
        }
        return news()
    }

    private mutating func control(_ words: [String]) throws -> [String] {
        let id = Int64(try number(words[1]))
        switch words[0] {
        case "pause": try fleet.control(id, .pause)
        case "resume": try fleet.control(id, .resume)
        case "abort": try fleet.control(id, .abort)
        case "retry": try fleet.control(id, .retry)
        default: try fleet.control(id, .cancelStep(try number(words[2])))
        }
        return news()
    }

    private func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw Unreadable.words }
        return number
    }
}
