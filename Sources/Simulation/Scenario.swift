package import Core

/// A fabric, and what is done to it: a run that can be repeated, shortened and shown.
package struct Scenario: Sendable {
    package var seed: UInt64
    package var weather: Weather
    package var configuration: FabricConfiguration
    package var acts: [TimedAct]
    /// The place of each act in what the seed draws, from 1.
    package var numbers: [Int]

    /// - Parameter pace: the longest time between two acts.
    package init(
        seed: UInt64, weather: Weather, configuration: FabricConfiguration, count: Int, pace: Interval = .seconds(12)
    ) {
        self.seed = seed
        self.weather = weather
        self.configuration = configuration
        acts = Act.drawn(seed: seed, count: count, weather: weather, pace: pace)
        numbers = Array(1...max(1, count)).prefix(count).map(\.self)
    }

    /// With only some of the acts; time passes as if the others were there.
    package func keeping(_ kept: [Int]) -> Scenario {
        var scenario = self
        scenario.acts = []
        scenario.numbers = []
        var passed = Interval(milliseconds: 0)
        for (number, act) in zip(numbers, acts) {
            passed = passed + act.after
            guard kept.contains(number) else { continue }
            scenario.acts.append(TimedAct(after: passed, act: act.act))
            scenario.numbers.append(number)
            passed = Interval(milliseconds: 0)
        }
        return scenario
    }

    package struct Outcome: Sendable {
        /// Empty when all went well.
        package var broken: [BrokenRule]
        package var exercise: FleetExercise
    }

    package func run(remembering isRemembering: Bool = false) -> Outcome {
        var exercise = FleetExercise(scenario: self, isRemembering: isRemembering)
        let broken = exercise.run()
        return Outcome(broken: broken, exercise: exercise)
    }

    /// The shortest scenario found that still breaks its rule: delta debugging (Zeller and
    /// Hildebrandt, "Simplifying and isolating failure-inducing input", 2002) over the acts.
    /// What it broke first is what the shortest breaks first, too: another rule is another defect.
    /// - Parameter runsMax: how many runs it may cost.
    package func shrunk(runsMax: Int = 300) -> Scenario {
        let rule = run().broken.first?.rule
        var smallest = self
        var parts = 2
        var runs = 0
        while smallest.numbers.count > 1, runs < runsMax {
            let size = max(1, smallest.numbers.count / parts)
            var found: Scenario?
            for start in stride(from: 0, to: smallest.numbers.count, by: size) where runs < runsMax {
                var kept = smallest.numbers
                kept.removeSubrange(start..<min(start + size, kept.count))
                let candidate = keeping(kept)
                runs += 1
                if let first = candidate.run().broken.first, first.rule == rule {
                    found = candidate
                    break
                }
            }
            if let found {
                smallest = found
                parts = max(2, parts - 1)
            } else if size == 1 {
                break
            } else {
                parts = min(smallest.numbers.count, parts * 2)
            }
        }
        return smallest
    }
}

extension Scenario {
    private static let actsPerRun = 60

    /// A small fabric with everything in it that makes rollouts hard, drawn from a seed.
    package static func drawn(seed: UInt64, weather: Weather, count: Int = actsPerRun) -> Scenario {
        var random = SeededRandom(seed: SeededRandom.scattered(seed))
        var configuration = SampleFabric.configuration()
        configuration.policy.lostHostGrace = .seconds(20)
        let hostCount = Int.random(in: 4...8, using: &random)
        for number in 1...hostCount {
            let host = SampleFabric.host("web-\(number)", zone: ["a", "b", "c"][number % 3], memory: .mebibytes(2048))
            configuration.hosts[host.name] = host
        }
        let edges = random.chance(oneIn: 3) ? 2 : 1
        let names: [HostName] = (1...edges).map { SampleFabric.name("edge-\($0)") }
        for name in names { configuration.hosts[name] = SampleFabric.host(name.text) }
        let balancer = BalancerSpec(
            name: BalancerName(checked: "edge"), hosts: HostSelector(hosts: names), listeners: [.init(port: 80)])
        configuration.balancers[balancer.name] = balancer
        // Blue and green are refused where memory lacks for both.
        let strategies = RolloutPolicy.Strategy.allCases.filter { $0 != .blueGreen || weather == .calm }
        let rollout = RolloutPolicy(
            strategy: random.chance(oneIn: 2) ? .rolling : random.pick(strategies) ?? .rolling,
            batch: [.percent(25), .percent(50), .count(1)][Int.random(in: 0...2, using: &random)],
            settle: .seconds(2), canary: CanaryPolicy(instances: .count(1), hold: .seconds(20)),
            parallelMax: [1, 4, 20][Int.random(in: 0...2, using: &random)], warm: .seconds(60))
        // In a storm some hosts have no room for both releases of an instance.
        let memory: Int64 = weather == .calm ? 128 : [128, 256, 700][Int.random(in: 0...2, using: &random)]
        let shop = SampleFabric.app(
            "shop",
            processes: [
                SampleFabric.process("web", instances: 4, memory: .mebibytes(memory)),
                SampleFabric.process("worker", instances: 2, replacement: .inPlace, memory: .mebibytes(128)),
            ], rollout: rollout, routesTo: "web")
        let api = SampleFabric.app(
            "api", processes: [SampleFabric.process("web", instances: 2, memory: .mebibytes(64))], rollout: rollout,
            routesTo: "web")
        for app in [shop, api] { configuration.apps[app.name] = app }
        return Scenario(seed: seed, weather: weather, configuration: configuration, count: count)
    }
}
