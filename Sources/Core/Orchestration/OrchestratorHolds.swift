/// Watching a release while an execution runs: its health at all times, and in holds what it is
/// compared with.
extension Orchestrator {
    /// A hold counts from where balancers are now. After a restart it goes on as it was.
    mutating func beginHold(_ step: Step, of app: AppName, at now: Instant) {
        guard let progress = executions[app]?.machine.progress(of: step.id), progress.hold == nil else { return }
        note(HoldProgress(before: traffic.served(by: app)), of: step.id, in: app)
    }

    private mutating func note(_ progress: HoldProgress, of step: Int, in app: AppName) {
        executions[app]?.machine.note(progress, of: step)
        guard let execution = executions[app] else { return }
        pending.append(.saveStep(execution: execution.id, execution.machine.steps[step - 1]))
        pending.append(.announce(.stepChanged(execution.id, step)))
    }

    /// Ends a hold whose time is over, or that has shown enough before.
    mutating func watchHold(of app: AppName, at now: Instant) {
        guard let execution = executions[app], let id = execution.machine.waiting,
            case .hold(let hold) = execution.machine.steps[id - 1].step.action,
            let startedAt = execution.machine.steps[id - 1].startedAt
        else { return }
        let judge = trafficJudge(of: hold, since: execution.machine.steps[id - 1].hold, app: app)
        // What hosts say now counts, and not what was said before the control plane was restarted.
        let isOver = now >= startedAt + hold.time && isSettled(at: now)
        guard isOver || judge?.failsAlready == true else { return }
        let judgement = Judgement(
            verdicts: [health(of: hold, in: execution)] + (judge?.verdicts() ?? []))
        if var progress = execution.machine.steps[id - 1].hold {
            progress.judgement = judgement
            note(progress, of: id, in: app)
        }
        let problem = judgement.objection.map { objection in
            Problem(
                objection.judge == .health ? "rollout.unhealthy" : "rollout.judged",
                objection.judge == .health
                    ? "The new release does not stay healthy." : "The new release does worse than the one before.",
                cause: "\(hold.app) r\(hold.release): \(objection.finding).",
                remedy: "See `apus executions \(execution.id)` for all that was found, and `apus logs \(app)`.")
        }
        feed(.stepEnded(id, problem), to: app, at: now)
    }

    private func trafficJudge(of hold: HoldSpec, since begin: HoldProgress?, app: AppName) -> TrafficJudge? {
        guard let comparison = hold.comparison else { return nil }
        let served = traffic.served(by: app)
        func counted(_ release: Int) -> Traffic {
            let now = served[release] ?? Traffic()
            return begin?.before[release].map { now.since($0) } ?? now
        }
        return TrafficJudge(
            policy: comparison.policy, new: counted(hold.release), old: counted(comparison.release))
    }

    /// An instance that is about to be given traffic has to be there and ready; of one that has it,
    /// the silence of its host says nothing.
    private func health(of hold: HoldSpec, in execution: Execution) -> Judgement.Verdict {
        var ready = 0
        var silent = 0
        var ill: [String] = []
        let awaited = awaitedKeys(of: execution)
        for record in records.of(hold.app).values.sorted(by: { InstanceKey($0) < InstanceKey($1) })
        where record.id.release == hold.release {
            let key = InstanceKey(record)
            let isStarting = record.duty == .starting
            guard isStarting ? awaited.contains(key) : record.duty == .serving && execution.kind == .deploy else {
                continue
            }
            let isHeard = hosts[record.host]?.contact == .connected
            let instance = hosts[record.host]?.report?.instances.first { $0.id == record.id }
            if isHeard && instance?.isReady == true {
                ready += 1
            } else if isHeard || isStarting {
                ill.append("\(key) is \(isHeard ? Self.words(instance) : "on a silent host")")
            } else {
                silent += 1
            }
        }
        let counts = "\(ready) ready" + (silent > 0 ? ", \(silent) on silent hosts" : "")
        return ill.isEmpty
            ? Judgement.Verdict(.health, .passed, counts)
            : Judgement.Verdict(.health, .failed, ill.prefix(5).joined(separator: "; "))
    }

    private static func words(_ instance: LiveInstance?) -> String {
        guard let instance else { return "not there" }
        if let failure = instance.failure { return "failing: \(failure)" }
        return instance.state == .running ? instance.health.rawValue : instance.state.rawValue
    }

    /// Instances that this execution has seen ready.
    private func awaitedKeys(of execution: Execution) -> Set<InstanceKey> {
        var keys: Set<InstanceKey> = []
        for progress in execution.machine.steps where progress.state == .succeeded {
            if case .awaitReady(let host, let id) = progress.step.action {
                keys.insert(InstanceKey(host: host, instance: id))
            }
        }
        return keys
    }

    /// While an execution runs, an instance of its release that fails after it was seen ready stops
    /// it: the next batch would only fail the same way, and what works must not be displaced by it.
    mutating func checkHealthGates(_ report: HostReport, at now: Instant) {
        for instance in report.instances where instance.failure != nil || instance.health == .unhealthy {
            guard let execution = executions[instance.id.app],
                execution.kind == .deploy || execution.kind == .reconcile,
                instance.id.release == execution.machine.plan.release
            else { continue }
            let key = InstanceKey(host: report.host, instance: instance.id)
            switch records[key]?.duty {
            case .serving where execution.kind == .deploy: break
            // A repair answers only for what it has brought up itself, and has not handed over yet.
            case .starting where awaitedKeys(of: execution).contains(key): break
            default: continue
            }
            let cause = instance.failure ?? "its probe fails"
            feed(
                .failed(
                    Problem(
                        "rollout.unhealthy", "The new release does not stay healthy.",
                        cause: "\(instance.id) on \(report.host): \(cause).",
                        remedy: "See `apus logs \(instance.id)`; the release before keeps serving.")),
                to: instance.id.app, at: now)
        }
    }
}
