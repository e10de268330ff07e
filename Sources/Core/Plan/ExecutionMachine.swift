/// A plan being carried out, as a value: events in, actions out.
///
/// Steps begin in the plan's order. When one fails, those that run are awaited, no other begins,
/// and the execution fails; what to do about that is decided elsewhere.
package struct ExecutionMachine: Codable, Hashable, Sendable {
    /// What has happened.
    package enum Event: Hashable, Sendable {
        case started
        case stepEnded(Int, Problem?)
        case pauseRequested
        case resumeRequested
        case abortRequested
        case stepCancelled(Int)
        /// Failed steps are to be tried again.
        case retryRequested
        /// Something outside the steps makes the execution fail: a health gate, a lost host.
        case failed(Problem)
        case timePassed
    }

    package enum Action: Hashable, Sendable {
        case begin(Step, attempt: Int)
        /// The step's command is no longer wanted.
        case cancel(Step, attempt: Int)
        case stepChanged(Int)
        case stateChanged(ExecutionState)
    }

    /// How long after a step's own timeout its agent may still answer.
    private static let answerGrace = Interval.seconds(20)

    package let plan: Plan
    package private(set) var state = ExecutionState.running
    package private(set) var steps: [StepProgress]
    package private(set) var problem: Problem?
    private var tree: ExecutionTree
    /// Indices of the steps that run: few, however long the plan is.
    private var running: Set<Int> = []
    private var failedCount = 0
    private var isAborting = false
    /// The execution failed for a reason of its own, beside its steps.
    private var isFailing = false
    /// The step that waits for time to pass or for a person, and for no agent. Plans have one at a time.
    package private(set) var waiting: Int?

    package init(plan: Plan) {
        self.plan = plan
        tree = ExecutionTree(plan.root)
        steps = []
        steps.reserveCapacity(plan.root.stepCount)
        plan.root.forEachStep { steps.append(StepProgress(step: $0)) }
    }

    package mutating func receive(_ event: Event, at now: Instant) -> [Action] {
        var actions: [Action] = []
        let stateBefore = state
        switch event {
        case .started: advance(at: now, &actions)
        case .stepEnded(let id, let problem): stepEnded(id, problem, at: now, &actions)
        case .pauseRequested where state == .running: state = .paused
        case .resumeRequested where state == .paused:
            state = .running
            if let step = waiting, case .pause = steps[step - 1].step.action {
                stepEnded(step, nil, at: now, &actions)
            }
            advance(at: now, &actions)
        case .abortRequested where !state.isEnded:
            isAborting = true
            cancelRunning(at: now, &actions)
        case .stepCancelled(let id): cancelStep(id, at: now, &actions)
        case .retryRequested where state == .failed || state == .aborted: retry(at: now, &actions)
        case .failed(let problem) where !state.isEnded && !isFailing:
            isFailing = true
            self.problem = problem
            cancelRunning(at: now, &actions)
        case .timePassed: expire(at: now, &actions)
        case .pauseRequested, .resumeRequested, .abortRequested, .retryRequested, .failed: break
        }
        settle(&actions)
        if state != stateBefore { actions.append(.stateChanged(state)) }
        return actions
    }

    /// The steps that were under way, to be sent again after a restart: a command that an agent
    /// has seen is not carried out twice.
    package func underWay() -> [Action] {
        runningSteps.filter { !$0.step.action.isPause }.map { .begin($0.step, attempt: $0.attempt) }
    }

    /// Keeps what is seen while a step watches a release.
    package mutating func note(_ progress: HoldProgress, of step: Int) {
        guard let index = index(of: step) else { return }
        steps[index].hold = progress
    }

    /// The clock has jumped: what runs has run no longer for that.
    package mutating func postpone(by gap: Interval) {
        for index in running {
            if let startedAt = steps[index].startedAt { steps[index].startedAt = startedAt + gap }
        }
    }

    /// After a restart, what is under way is given again, and has all of its time again.
    package mutating func measureAgain(from now: Instant) {
        for index in running { steps[index].startedAt = now }
    }

    package var runningSteps: [StepProgress] { running.sorted().map { steps[$0] } }

    func progress(of id: Int) -> StepProgress? { index(of: id).map { steps[$0] } }

    private mutating func stepEnded(_ id: Int, _ problem: Problem?, at now: Instant, _ actions: inout [Action]) {
        guard let index = index(of: id), steps[index].state == .running else { return }
        running.remove(index)
        if waiting == id { waiting = nil }
        steps[index].state = problem.map { .failed($0) } ?? .succeeded
        steps[index].endedAt = now
        actions.append(.stepChanged(id))
        if let problem {
            failedCount += 1
            self.problem = self.problem ?? problem
        } else if let node = tree.complete(leaf: index), mayAdvance {
            for leaf in tree.fill(node) { begin(leaf: leaf, at: now, &actions) }
        }
    }

    private mutating func cancelStep(_ id: Int, at now: Instant, _ actions: inout [Action]) {
        guard let index = index(of: id), !state.isEnded || state == .failed else { return }
        switch steps[index].state {
        case .running:
            running.remove(index)
            actions.append(.cancel(steps[index].step, attempt: steps[index].attempt))
        case .failed: failedCount -= 1
        case .waiting: break
        case .succeeded, .cancelled, .skipped: return
        }
        steps[index].state = .cancelled
        steps[index].endedAt = now
        actions.append(.stepChanged(id))
        if waiting == id {
            waiting = nil
            if steps[index].step.action.isPause && state == .paused { state = .running }
        }
        _ = tree.complete(leaf: index)
        if failedCount == 0 && !isFailing { problem = nil }
        advance(at: now, &actions)
    }

    /// Tries again what failed, what was not begun, and what was interrupted. A step that a person
    /// cancelled stays cancelled: its node is done.
    private mutating func retry(at now: Instant, _ actions: inout [Action]) {
        state = .running
        problem = nil
        isFailing = false
        isAborting = false
        failedCount = 0
        tree.rewind()
        for index in steps.indices where !tree.isDone(leaf: index) && steps[index].state != .waiting {
            steps[index].state = .waiting
            steps[index].endedAt = nil
            steps[index].hold = nil
            actions.append(.stepChanged(steps[index].step.id))
        }
        advance(at: now, &actions)
    }

    private mutating func cancelRunning(at now: Instant, _ actions: inout [Action]) {
        waiting = nil
        for index in running.sorted() {
            running.remove(index)
            actions.append(.cancel(steps[index].step, attempt: steps[index].attempt))
            steps[index].state = .cancelled
            steps[index].endedAt = now
            actions.append(.stepChanged(steps[index].step.id))
        }
    }

    private mutating func expire(at now: Instant, _ actions: inout [Action]) {
        guard !state.isEnded else { return }
        for index in running.sorted() where steps[index].state == .running && steps[index].step.id != waiting {
            let step = steps[index].step
            guard let startedAt = steps[index].startedAt, now > startedAt + step.timeout + Self.answerGrace else {
                continue
            }
            actions.append(.cancel(step, attempt: steps[index].attempt))
            let problem = Problem(
                "step.unanswered", "The step did not end in time.",
                cause:
                    "\(step.title): \(step.host?.text ?? "a balancer's host") has not answered within \(step.timeout).",
                remedy: "Look at the host with `apus hosts`; retry the execution when it is back.")
            stepEnded(step.id, problem, at: now, &actions)
        }
    }

    /// Ends the execution when nothing runs and nothing may begin.
    private mutating func settle(_ actions: inout [Action]) {
        guard state == .running || state == .paused, running.isEmpty else { return }
        if tree.isDone && !isFailing {
            state = .succeeded
        } else if isAborting {
            state = .aborted
        } else if isFailing || failedCount > 0 {
            state = .failed
        } else {
            return
        }
        for index in steps.indices where steps[index].state == .waiting {
            steps[index].state = .skipped
            actions.append(.stepChanged(steps[index].step.id))
        }
    }

    private var mayAdvance: Bool { state == .running && !isAborting && !isFailing && failedCount == 0 }

    func index(of id: Int) -> Int? {
        steps.indices.contains(id - 1) && steps[id - 1].step.id == id ? id - 1 : nil
    }
}

/// One step of an execution.
package struct StepProgress: Codable, Hashable, Sendable {
    package var step: Step
    package var state = StepState.waiting
    /// Counts from 1 when the step begins; raised by each retry.
    package var attempt = 0
    package var startedAt: Instant?
    package var endedAt: Instant?
    /// Of a step that watches a release.
    package var hold: HoldProgress?

    package init(step: Step) { self.step = step }
}

extension ExecutionMachine {
    /// Begins everything that may begin, wherever in the tree it is.
    private mutating func advance(at now: Instant, _ actions: inout [Action]) {
        guard mayAdvance else { return }
        for leaf in tree.advance() { begin(leaf: leaf, at: now, &actions) }
    }

    private mutating func begin(leaf index: Int, at now: Instant, _ actions: inout [Action]) {
        // After a restart a step may be under way already.
        guard steps[index].state == .waiting else { return }
        steps[index].state = .running
        steps[index].attempt += 1
        steps[index].startedAt = now
        running.insert(index)
        actions.append(.stepChanged(steps[index].step.id))
        let step = steps[index].step
        switch step.action {
        case .pause:
            waiting = step.id
            state = .paused
        case .hold:
            waiting = step.id
            fallthrough
        default: actions.append(.begin(step, attempt: steps[index].attempt))
        }
    }
}

extension ExecutionMachine {
    /// Brings a machine to where its steps were saved later, whatever it was saved as.
    package mutating func restore(steps saved: [StepProgress], state: ExecutionState, problem: Problem?) {
        for progress in saved {
            guard let index = index(of: progress.step.id) else { continue }
            steps[index] = progress
        }
        self.state = state
        self.problem = problem
        rebuild()
    }

    /// Finds from the steps what is kept beside them.
    private mutating func rebuild() {
        tree = ExecutionTree(plan.root)
        running = []
        failedCount = 0
        waiting = nil
        for index in steps.indices {
            switch steps[index].state {
            case .running:
                running.insert(index)
                if steps[index].step.action.isWait { waiting = steps[index].step.id }
            case .failed: failedCount += 1
            case .succeeded, .cancelled: _ = tree.complete(leaf: index)
            case .waiting, .skipped: break
            }
        }
    }
}

/// What follows from plan and steps is not written; nor are steps of which none has begun, which
/// follow from the plan.
extension ExecutionMachine {
    private enum CodingKeys: CodingKey { case plan, state, steps, problem, isAborting, isFailing }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(plan: try container.decode(Plan.self, forKey: .plan))
        state = try container.decode(ExecutionState.self, forKey: .state)
        steps = try container.decodeIfPresent([StepProgress].self, forKey: .steps) ?? steps
        problem = try container.decodeIfPresent(Problem.self, forKey: .problem)
        isAborting = try container.decode(Bool.self, forKey: .isAborting)
        isFailing = try container.decode(Bool.self, forKey: .isFailing)
        rebuild()
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(plan, forKey: .plan)
        try container.encode(state, forKey: .state)
        if steps.contains(where: { $0.state != .waiting || $0.attempt > 0 }) {
            try container.encode(steps, forKey: .steps)
        }
        try container.encodeIfPresent(problem, forKey: .problem)
        try container.encode(isAborting, forKey: .isAborting)
        try container.encode(isFailing, forKey: .isFailing)
    }
}
