/// Executions: begun, fed with events, ended, and gone back on.
extension Orchestrator {
    /// What someone asks for.
    package struct Request: Sendable {
        package var app: AppName
        package var kind: Plan.Kind
        /// The release that should run; nil: the one that is desired already.
        package var release: Int?
        package var requestedBy: String
        /// What is done otherwise than the app's policy says.
        package var rollout: RolloutOverrides
        package var filter: (@Sendable (Slot, HostSpec) -> Bool)?
        /// The plan that was approved. The request is refused when it is no longer what would be done.
        package var approved: Plan?

        package init(
            app: AppName, kind: Plan.Kind, release: Int? = nil, requestedBy: String,
            rollout: RolloutOverrides = RolloutOverrides(), filter: (@Sendable (Slot, HostSpec) -> Bool)? = nil,
            approved: Plan? = nil
        ) {
            self.app = app
            self.kind = kind
            self.release = release
            self.requestedBy = requestedBy
            self.rollout = rollout
            self.filter = filter
            self.approved = approved
        }
    }

    /// The plan that a request would carry out.
    package func plan(_ request: Request, at now: Instant) throws(Problem) -> Plan {
        let model = try desiredModel(for: request)
        return makePlan(
            app: request.app, desired: model,
            options: Planner.Options(kind: request.kind, rollout: request.rollout, filter: request.filter), at: now)
    }

    /// Begins an execution.
    /// - Returns: its number, or nil when there is nothing to do.
    /// - Throws: `deploy.locked` while another execution of the app runs, `plan.stale` when the
    ///   approved plan is no longer what would be done, `plan.unsafe` for one that the linter refuses.
    package mutating func begin(
        _ request: Request, at now: Instant
    ) throws(Problem) -> (execution: Int64?, actions: [Action]) {
        // Everything that may refuse comes first: what has begun to change is carried through.
        let first = try plan(request, at: now)
        if let refusal = first.refusal { throw refusal }
        let wanted = try desiredModel(for: request)
        for plan in [request.approved, first].compactMap(\.self) {
            if let problem = refusal(of: plan, desired: wanted, rollout: request.rollout, at: now) { throw problem }
        }
        if let approved = request.approved, approved.root != first.root {
            throw Problem(
                "plan.stale", "The plan is stale.",
                cause:
                    "It was made from desired revision \(approved.desiredRevision) and live revision \(approved.liveRevision), and what would be done now differs.",
                remedy: "Make the plan again and look at it.")
        }
        let isAlone = executions[request.app] == nil
        if let running = executions[request.app] {
            guard preempts(request, running) else {
                throw Problem(
                    "deploy.locked", "\(request.app) is being changed already.",
                    cause:
                        "Execution \(running.id) (\(running.kind.rawValue)) by \(running.startedBy) is \(running.state.rawValue).",
                    remedy: "Wait for it, or end it with `apus abort \(running.id)`.")
            }
            feed(.abortRequested, to: request.app, at: now)
        }
        // The abort of a deploy has begun to go back to the very release that is asked for.
        if let running = executions[request.app] { return (running.id, finish(at: now)) }
        let model = try desiredModel(for: request)
        let plan = isAlone ? first : try plan(request, at: now)
        if !isAlone, let problem = refusal(of: plan, desired: model, rollout: request.rollout, at: now) {
            throw problem
        }
        if model != desired { adopt(model) }
        backoffs[request.app] = nil
        guard !plan.isEmpty else { return (nil, finish(at: now)) }
        let id = start(plan, by: request.requestedBy, cause: nil, at: now)
        return (id, finish(at: now))
    }

    /// - Throws: `execution.unknown` unless the execution can still be controlled.
    package mutating func control(
        execution id: Int64, _ control: ExecutionControl, at now: Instant
    ) throws(Problem) -> [Action] {
        if case .cancelStep(let step) = control, let app = retryable.values.first(where: { $0.id == id })?.app {
            cancelFailedStep(step, of: app, at: now)
            return finish(at: now)
        }
        if control == .retry, let execution = retryable.values.first(where: { $0.id == id }) {
            guard executions[execution.app] == nil else {
                throw Problem(
                    "deploy.locked", "\(execution.app) is being changed already.",
                    cause: "Another execution of it runs.", remedy: "Wait for it, or abort it.")
            }
            try checkGoal(of: execution)
            retryable[execution.app] = nil
            executions[execution.app] = execution
            executions[execution.app]?.endedAt = nil
            beginWatch(of: execution, at: now)
            feed(.retryRequested, to: execution.app, at: now)
            return finish(at: now)
        }
        guard let app = executions.values.first(where: { $0.id == id })?.app else {
            throw Problem(
                "execution.unknown", "There is no such execution to control.",
                cause: "Execution \(id) does not exist or has ended.", remedy: "See `apus executions`.")
        }
        switch control {
        case .pause: feed(.pauseRequested, to: app, at: now)
        case .resume: feed(.resumeRequested, to: app, at: now)
        case .abort: feed(.abortRequested, to: app, at: now)
        case .retry: feed(.retryRequested, to: app, at: now)
        case .cancelStep(let step): feed(.stepCancelled(step), to: app, at: now)
        }
        return finish(at: now)
    }

    /// What leads elsewhere than what is desired now must not be tried again: the removal of an app that
    /// git has again would take it from service.
    /// - Throws: `plan.stale`.
    private func checkGoal(of execution: Execution) throws(Problem) {
        let release = execution.machine.plan.release
        let isDeclared = desired?.configuration.apps[execution.app] != nil
        let wanted = isDeclared ? desired?.releases[execution.app]?.number : nil
        guard release != wanted else { return }
        func words(_ release: Int?) -> String { release.map { "r\($0)" } ?? "its removal" }
        throw Problem(
            "plan.stale", "The plan is stale.",
            cause: "It leads to \(words(release)) of \(execution.app), and what is desired now is \(words(wanted)).",
            remedy: "Deploy the app again.")
    }

    /// A step of an execution that has failed need not be done: a retry passes over it.
    private mutating func cancelFailedStep(_ step: Int, of app: AppName, at now: Instant) {
        guard var execution = retryable[app] else { return }
        for case .stepChanged(let id) in execution.machine.receive(.stepCancelled(step), at: now) {
            pending.append(.saveStep(execution: execution.id, execution.machine.steps[id - 1]))
            pending.append(.announce(.stepChanged(execution.id, id)))
        }
        retryable[app] = execution
    }

    /// Repairs give way to what people ask for, and a deploy gives way to going back from it.
    private func preempts(_ request: Request, _ running: Execution) -> Bool {
        switch running.kind {
        case .reconcile, .clean: request.kind == .deploy || request.kind == .rollback
        case .deploy: request.kind == .rollback && request.release == running.releaseBefore
        case .rollback: false
        }
    }

    func makePlan(app: AppName, desired: DesiredModel, options: Planner.Options, at now: Instant) -> Plan {
        let live = live(at: now)
        let standing = standing ?? FleetStanding(desired: desired, live: live)
        var placement =
            placed(at: now)?.placement
            ?? Placement(
                desired: desired, live: live, standing: standing, current: { records.currentHosts(of: $0, slots: $1) })
        placement.place([app], desired: desired, current: { records.currentHosts(of: $0, slots: $1) })
        return Planner(
            app: app, desired: desired, live: live, records: records, placement: placement, standing: standing,
            options: options, now: now
        ).plan()
    }

    /// Where each slot is: where it serves, else where it is being brought up, else where it is warm.
    package func currentHosts() -> [Slot: HostName] {
        var found: [Slot: HostName] = [:]
        for app in records.apps {
            found.merge(records.currentHosts(of: app)) { _, new in new }
        }
        return found
    }

    /// The release that most of an app's serving instances run, if any.
    package func servingRelease(of app: AppName) -> Int? {
        var counts: [Int: Int] = [:]
        for record in records.of(app).values where record.duty == .serving {
            counts[record.id.release, default: 0] += 1
        }
        return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    }

    private func desiredModel(for request: Request) throws(Problem) -> DesiredModel {
        guard var model = desired else {
            throw Problem(
                "configuration.missing", "There is nothing to plan from.", cause: "No configuration has been read yet.",
                remedy: "Mend the configuration repository; `apus validate` says what is wrong.")
        }
        guard let number = request.release else { return model }
        guard let release = releases[request.app]?[number] else {
            throw Problem(
                "release.unknown", "There is no such release.", cause: "\(request.app) has no release \(number).",
                remedy: "See `apus releases \(request.app)`.")
        }
        let before = model
        model.releases[request.app] = release
        // A rollback holds the app where it went back to; the next deploy lets it go.
        model.overrides.pinned[request.app] = request.kind == .rollback ? number : nil
        if request.filter == nil {
            model.overrides.held.remove(request.app)
        } else {
            model.overrides.held.insert(request.app)
        }
        if model != before { model.revision += 1 }
        return model
    }

    @discardableResult
    mutating func start(_ plan: Plan, by who: String, cause: Int64?, at now: Instant) -> Int64 {
        lastExecution += 1
        let before = servingRelease(of: plan.app)
        let execution = Execution(
            id: lastExecution, app: plan.app, kind: plan.kind, startedBy: who, startedAt: now,
            releaseBefore: before == plan.release ? nil : before, configCommit: desired?.configuration.commit ?? "",
            cause: cause, machine: ExecutionMachine(plan: plan))
        executions[plan.app] = execution
        retryable[plan.app] = nil
        pending.append(.saveExecution(execution))
        beginWatch(of: execution, at: now)
        pending.append(.announce(.executionStarted(execution.id, plan.app, plan.kind)))
        feed(.started, to: plan.app, at: now)
        return execution.id
    }

    /// Gives an event to an app's execution, and carries out what follows.
    mutating func feed(_ event: ExecutionMachine.Event, to app: AppName, at now: Instant) {
        guard let actions = executions[app]?.machine.receive(event, at: now) else { return }
        carryOut(actions, of: app, at: now)
    }

    /// No copy of the execution is held while an action may change it: the change would copy every
    /// step of its plan.
    mutating func carryOut(_ actions: [ExecutionMachine.Action], of app: AppName, at now: Instant) {
        guard let id = executions[app]?.id else { return }
        for action in actions {
            // An action may have ended the execution, and begun the one that goes back.
            guard executions[app]?.id == id else { return }
            switch action {
            case .begin(let step, let attempt):
                // An action before this one may have ended the step, or the whole execution.
                guard let progress = executions[app]?.machine.progress(of: step.id), progress.state == .running,
                    progress.attempt == attempt
                else { continue }
                begin(step, attempt: attempt, of: app, execution: id, at: now)
            case .cancel(let step, let attempt): cancel(step, attempt: attempt, of: app, execution: id)
            case .stepChanged(let step):
                guard let progress = executions[app]?.machine.progress(of: step) else { continue }
                pending.append(.saveStep(execution: id, progress))
                pending.append(.announce(.stepChanged(id, step)))
            case .stateChanged(let state):
                guard let execution = executions[app] else { return }
                if state.isEnded {
                    ended(execution, at: now)
                } else {
                    pending.append(.saveExecution(execution))
                    pending.append(.announce(.executionChanged(id, app, state)))
                }
            }
        }
    }

    private mutating func ended(_ execution: Execution, at now: Instant) {
        var execution = endWatch(of: execution, at: now)
        execution.endedAt = now
        executions[execution.app] = nil
        handovers[execution.app] = nil
        appsToLookAt.insert(execution.app)
        pending.append(.saveExecution(execution))
        pending.append(.announce(.executionChanged(execution.id, execution.app, execution.state)))
        if execution.state == .succeeded {
            backoffs[execution.app] = nil
            releaseHold(on: execution.app)
            return
        }
        retryable[execution.app] = execution
        backOff(execution.app, at: now)
        if execution.kind == .deploy { goBack(from: execution, at: now) }
    }

    /// An app is held no longer when every instance of it serves the release that is desired.
    private mutating func releaseHold(on app: AppName) {
        guard var model = desired, model.overrides.held.contains(app), let release = model.releases[app]?.number,
            !records.of(app).values.contains(where: { $0.duty == .serving && $0.id.release != release })
        else { return }
        model.overrides.held.remove(app)
        model.revision += 1
        adopt(model)
    }

    /// Leaves an app as a failed deploy left it, until a person says how to go on.
    private mutating func hold(_ app: AppName) {
        guard var model = desired, !model.overrides.held.contains(app) else { return }
        model.overrides.held.insert(app)
        model.revision += 1
        adopt(model)
    }

    /// After a failed deploy the release before serves again everywhere, and the new one goes.
    private mutating func goBack(from execution: Execution, at now: Instant) {
        guard var model = desired, let before = execution.releaseBefore, let release = releases[execution.app]?[before]
        else { return }
        guard model.configuration.apps[execution.app]?.rollout.automaticRollback ?? true else {
            return hold(execution.app)
        }
        // Its plan leads to a release that is no longer desired.
        retryable[execution.app] = nil
        model.overrides.held.remove(execution.app)
        model.releases[execution.app] = release
        model.overrides.pinned[execution.app] = before
        model.revision += 1
        adopt(model)
        pending.append(
            .announce(
                .rolledBackAutomatically(
                    execution.app, from: execution.machine.plan.release, to: before, cause: execution.machine.problem)))
        let plan = makePlan(
            app: execution.app, desired: model, options: Planner.Options(kind: .rollback, keepsWarm: false), at: now)
        guard !plan.isEmpty else { return }
        startIfSafe(plan, by: execution.startedBy, cause: execution.id, at: now)
    }

    /// A lost host answers nothing more: waiting for it would only hold up the others.
    mutating func failSteps(on host: HostName, at now: Instant) {
        for app in executions.keys.sorted() {
            for step in executions[app]?.machine.runningSteps ?? [] where step.step.host == host {
                let problem = Problem(
                    "host.lost", "The step cannot end.", cause: "\(host) is silent for longer than the grace period.",
                    remedy: "See `apus hosts`; its instances are placed elsewhere.")
                // What comes of it is not awaited, and must not happen when the host is back.
                if let id = executions[app]?.id { cancel(step.step, attempt: step.attempt, of: app, execution: id) }
                feed(.stepEnded(step.step.id, problem), to: app, at: now)
            }
        }
    }
}
