import Core

/// How an app's releases take over.
extension SchemaReader {
    static let rolloutKeys: Set<String> = [
        "strategy", "batch", "max-unavailable", "surge", "pause", "settle", "canary", "parallel", "warm",
        "automatic-rollback", "packages-kept", "drain",
    ]
    static let canaryKeys: Set<String> = [
        "instances", "traffic", "hold", "errors-max", "slowdown-max", "requests-min",
    ]
    private static let day = Interval.minutes(24 * 60)

    func rollout(_ reader: MappingReader) -> RolloutPolicy {
        var policy = RolloutPolicy()
        guard reader.has("rollout"),
            let rollout = reader.mapping("rollout", noun: "a rollout", keys: Self.rolloutKeys)
        else { return policy }
        if let strategy = rollout.choice("strategy", of: RolloutPolicy.Strategy.self) {
            policy.strategy = strategy.value
        }
        if let batch = rollout.parse("batch", { text throws(Problem) in try Share(text) }) {
            policy.batch = batch.value
        }
        policy.unavailableMax = rollout.parse("max-unavailable") { text throws(Problem) in try Allowance(text) }?.value
        policy.surge = rollout.parse("surge") { text throws(Problem) in try Allowance(text) }?.value
        policy.pause = rollout.choice("pause", of: RolloutPolicy.PausePoint.self)?.value
        if let settle = rollout.interval("settle", in: .seconds(0)...Interval.minutes(60)) {
            policy.settle = settle.value
        }
        canary(rollout, &policy.canary)
        if let parallel = rollout.integer("parallel", in: 1...1000) { policy.parallelMax = parallel.value }
        if let warm = rollout.interval("warm", in: .seconds(0)...Interval(milliseconds: 7 * 86_400_000)) {
            policy.warm = warm.value
        }
        if let automatic = rollout.flag("automatic-rollback") { policy.automaticRollback = automatic.value }
        if let drain = rollout.interval("drain", in: .seconds(0)...Interval.minutes(60)) { policy.drain = drain.value }
        if let kept = rollout.integer("packages-kept", in: 1...100) { policy.packagesKept = kept.value }
        check(policy, rollout)
        return policy
    }

    private func canary(_ rollout: MappingReader, _ policy: inout CanaryPolicy) {
        guard rollout.has("canary"),
            let canary = rollout.mapping("canary", noun: "a canary", keys: Self.canaryKeys)
        else { return }
        if let instances = canary.parse("instances", { text throws(Problem) in try Share(text) }) {
            policy.instances = instances.value
        }
        let whole = Percent(hundredths: Percent.whole)
        let some = Percent(hundredths: 10)
        if let traffic = percent("traffic", in: canary, some...Percent(hundredths: 9900)) { policy.traffic = traffic }
        if let hold = canary.interval("hold", in: .seconds(1)...Self.day) { policy.hold = hold.value }
        if let errors = percent("errors-max", in: canary, Percent(hundredths: 0)...whole) {
            policy.judgement.errorsMax = errors
        }
        if let slowdown = percent("slowdown-max", in: canary, Percent(hundredths: 0)...Percent(hundredths: 1_000_000)) {
            policy.judgement.slowdownMax = slowdown
        }
        if let requests = canary.integer("requests-min", in: 1...1_000_000) {
            policy.judgement.requestsMin = requests.value
        }
    }

    private func percent(_ key: String, in reader: MappingReader, _ range: ClosedRange<Percent>) -> Percent? {
        guard let percent = reader.parse(key, { text throws(Problem) in try Percent(text) }) else { return nil }
        guard range.contains(percent.value) else {
            log.error(
                "value.range", at: percent.position,
                "`\(key)` must be from \(range.lowerBound) to \(range.upperBound).")
            return nil
        }
        return percent.value
    }

    /// What no strategy can do, and what this one does not look at.
    private func check(_ policy: RolloutPolicy, _ rollout: MappingReader) {
        do throws(Problem) {
            try policy.check()
        } catch {
            let key = ["rollout.pause": "pause", "rollout.surge": "surge"][error.code] ?? "max-unavailable"
            log.report(error, at: rollout.keyPosition(key))
        }
        let unread: [(key: String, strategies: [RolloutPolicy.Strategy])] = [
            ("batch", [.rolling, .canary]), ("surge", [.rolling, .canary]), ("canary", [.canary]),
        ]
        for (key, strategies) in unread where rollout.has(key) && !strategies.contains(policy.strategy) {
            // One batch of everything is what all at once means.
            if key == "batch" && policy.batch == .percent(100) { continue }
            if key == "surge" && policy.strategy == .blueGreen { continue }
            log.error(
                "rollout.unread", at: rollout.keyPosition(key),
                "The strategy \(policy.strategy.rawValue) does not look at `\(key)`.",
                hint: "remove `\(key)`, or write `strategy: \(strategies[0].rawValue)`")
        }
    }
}
