/// What the linter refuses is not carried out, whoever made it.
extension Orchestrator {
    /// - Returns: `plan.unsafe` with everything that was found; nil for a plan that may be carried out.
    /// - Parameter rollout: what is asked for otherwise than the app's policy says.
    package func refusal(
        of plan: Plan, desired model: DesiredModel, rollout: RolloutOverrides = RolloutOverrides(), at now: Instant
    ) -> Problem? {
        let policy = model.configuration.apps[plan.app]?.rollout ?? RolloutPolicy()
        let linter = PlanLinter(
            desired: model, live: live(at: now), records: records.of(plan.app).values,
            limits: PlanLinter.Limits(policy: rollout.applied(to: policy)))
        return PlanFinding.problem(of: linter.findings(in: plan), app: plan.app)
    }

    /// Begins what Apus wants by itself, or says why it does not, and looks again later.
    mutating func startIfSafe(_ plan: Plan, by who: String, cause: Int64?, at now: Instant) {
        guard let problem = desired.flatMap({ refusal(of: plan, desired: $0, at: now) }) else {
            start(plan, by: who, cause: cause, at: now)
            return
        }
        pending.append(.announce(.planRefused(plan.app, problem)))
        backOff(plan.app, at: now)
    }

    /// An app of which an execution has failed is left alone for a while, longer each time.
    mutating func backOff(_ app: AppName, at now: Instant) {
        var backoff = backoffs[app] ?? Backoff()
        backoff.failures += 1
        backoff.notBefore = now + Interval.seconds(min(300, 5 << Int64(min(backoff.failures - 1, 6))))
        backoffs[app] = backoff
    }
}
