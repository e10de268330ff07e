/// How a new release takes over.
package struct RolloutPolicy: Codable, Hashable, Sendable {
    package enum Strategy: String, Codable, Hashable, Sendable, CaseIterable {
        /// Batch by batch; each is complete, and serves, before the next begins.
        case rolling
        /// All instances of a process in one batch.
        case allAtOnce = "all-at-once"
        /// The whole new release stands ready beside the old one; one step gives it all traffic.
        case blueGreen = "blue-green"
        /// A few instances with a share of the requests are watched and judged before the rest.
        case canary
    }

    /// Where a deploy waits for a person.
    package enum PausePoint: String, Codable, Hashable, Sendable, CaseIterable {
        /// The canary was held, and has passed its judgement.
        case canary
        case firstBatch = "first-batch"
        /// After every batch but the last.
        case eachBatch = "each-batch"
        /// The new release is complete and ready, and has no traffic yet.
        case ready
        /// The new release has all traffic; the old one is warm.
        case `switch`

        package var strategy: Strategy {
            switch self {
            case .canary: .canary
            case .firstBatch, .eachBatch: .rolling
            case .ready, .switch: .blueGreen
            }
        }
    }

    package var strategy: Strategy
    /// How many instances of a process change at a time, when the strategy is rolling.
    package var batch: Share
    /// How many instances of a process may be missing at once. Nil: none, where a host has memory
    /// for old and new; elsewhere one.
    package var unavailableMax: Allowance?
    /// How many instances of a process may run in excess. Nil: as many as a batch has.
    package var surge: Allowance?
    package var pause: PausePoint?
    /// How long a deploy watches the whole new release before it has succeeded.
    package var settle: Interval
    package var canary: CanaryPolicy
    /// How many steps run at once.
    package var parallelMax: Int
    /// How long the release before stays warm beside the new one.
    package var warm: Interval
    /// Whether a rollout that fails goes back by itself.
    package var automaticRollback: Bool
    /// How many packages a host keeps for the app.
    package var packagesKept: Int
    /// How long connections to an instance that leaves may last before the balancer cuts them.
    package var drain: Interval

    package init(
        strategy: Strategy = .rolling, batch: Share = .percent(25), unavailableMax: Allowance? = nil,
        surge: Allowance? = nil, pause: PausePoint? = nil, settle: Interval = .seconds(5),
        canary: CanaryPolicy = CanaryPolicy(), parallelMax: Int = 20, warm: Interval = .minutes(30),
        automaticRollback: Bool = true, packagesKept: Int = 3,
        drain: Interval = .seconds(60)
    ) {
        self.strategy = strategy
        self.batch = batch
        self.unavailableMax = unavailableMax
        self.surge = surge
        self.pause = pause
        self.settle = settle
        self.canary = canary
        self.parallelMax = parallelMax
        self.warm = warm
        self.automaticRollback = automaticRollback
        self.packagesKept = packagesKept
        self.drain = drain
    }

    /// What was saved before a key was known has its default.
    package init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        strategy = try values.decodeIfPresent(Strategy.self, forKey: .strategy) ?? strategy
        batch = try values.decodeIfPresent(Share.self, forKey: .batch) ?? batch
        unavailableMax = try values.decodeIfPresent(Allowance.self, forKey: .unavailableMax)
        surge = try values.decodeIfPresent(Allowance.self, forKey: .surge)
        pause = try values.decodeIfPresent(PausePoint.self, forKey: .pause)
        settle = try values.decodeIfPresent(Interval.self, forKey: .settle) ?? settle
        canary = try values.decodeIfPresent(CanaryPolicy.self, forKey: .canary) ?? canary
        parallelMax = try values.decodeIfPresent(Int.self, forKey: .parallelMax) ?? parallelMax
        warm = try values.decodeIfPresent(Interval.self, forKey: .warm) ?? warm
        automaticRollback = try values.decodeIfPresent(Bool.self, forKey: .automaticRollback) ?? automaticRollback
        packagesKept = try values.decodeIfPresent(Int.self, forKey: .packagesKept) ?? packagesKept
        drain = try values.decodeIfPresent(Interval.self, forKey: .drain) ?? drain
    }
}

extension RolloutPolicy {
    /// What the strategy does, in words.
    package var summary: String {
        switch strategy {
        case .rolling: "\(batch) at a time"
        case .allAtOnce: "all at once"
        case .blueGreen: "complete beside the release before, then switched at once"
        case .canary: "\(canary.traffic) of the requests for \(canary.hold), then \(batch) at a time"
        }
    }

    /// - Throws: `rollout.stuck` when neither more nor fewer instances than wanted may run, and
    ///   `rollout.pause` for a pause at a point that the strategy does not come by.
    package func check() throws(Problem) {
        if unavailableMax == Allowance.zero && surge == Allowance.zero && strategy != .allAtOnce {
            throw Problem(
                "rollout.stuck", "Nothing could ever be replaced.",
                cause: "max-unavailable and surge are both 0: neither one instance fewer nor one more may run.",
                remedy: "Allow one of them: surge 1, or max-unavailable 1.")
        }
        if strategy == .blueGreen && surge != nil {
            throw Problem(
                "rollout.surge", "A blue-green rollout has no surge.",
                cause: "It runs the whole new release beside the old one.",
                remedy: "Remove surge, or choose the strategy rolling.")
        }
        if let pause, pause.strategy != strategy {
            let points = PausePoint.allCases.filter { $0.strategy == strategy }.map(\.rawValue)
            throw Problem(
                "rollout.pause", "The rollout does not come by \(pause.rawValue).",
                cause: "Its strategy is \(strategy.rawValue).",
                remedy: points.isEmpty
                    ? "Pause at none, or choose the strategy \(pause.strategy.rawValue)."
                    : "Pause at \(points.joined(separator: " or ")), or choose the strategy \(pause.strategy.rawValue)."
            )
        }
    }
}

/// What one deploy does otherwise than the app's policy says.
package struct RolloutOverrides: Codable, Hashable, Sendable {
    package var strategy: RolloutPolicy.Strategy?
    package var batch: Share?
    package var unavailableMax: Allowance?
    package var surge: Allowance?
    package var pause: RolloutPolicy.PausePoint?

    package init(
        strategy: RolloutPolicy.Strategy? = nil, batch: Share? = nil, unavailableMax: Allowance? = nil,
        surge: Allowance? = nil, pause: RolloutPolicy.PausePoint? = nil
    ) {
        self.strategy = strategy
        self.batch = batch
        self.unavailableMax = unavailableMax
        self.surge = surge
        self.pause = pause
    }

    package var isEmpty: Bool { self == RolloutOverrides() }

    /// The policy with these in it. A pause or a surge that git gives for another strategy goes.
    package func applied(to policy: RolloutPolicy) -> RolloutPolicy {
        var policy = policy
        if let strategy, strategy != policy.strategy {
            policy.strategy = strategy
            if policy.pause?.strategy != strategy { policy.pause = nil }
            if strategy == .blueGreen { policy.surge = nil }
        }
        policy.batch = batch ?? policy.batch
        policy.unavailableMax = unavailableMax ?? policy.unavailableMax
        policy.surge = surge ?? policy.surge
        policy.pause = pause ?? policy.pause
        return policy
    }
}
