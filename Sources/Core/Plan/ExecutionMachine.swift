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
    private var nodes: [Node]
    private var runningCount = 0
    private var isAborting = false
    /// The execution failed for a reason of its own, beside its steps.
    private var isFailing = false

    package init(plan: Plan) {
        self.plan = plan
        steps = plan.steps.map { StepProgress(step: $0) }
        nodes = Node.flattened(plan.root)
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
            advance(at: now, &actions)
        case .abortRequested where !state.isEnded:
            isAborting = true
            cancelRunning(at: now, &actions)
        case .stepCancelled(let id): cancelStep(id, at: now, &actions)
        case .retryRequested where state == .failed: retry(at: now, &actions)
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
        steps.filter { $0.state == .running }.map { .begin($0.step, attempt: $0.attempt) }
    }

    private mutating func stepEnded(_ id: Int, _ problem: Problem?, at now: Instant, _ actions: inout [Action]) {
        guard let index = index(of: id), steps[index].state == .running else { return }
        runningCount -= 1
        steps[index].state = problem.map { .failed($0) } ?? .succeeded
        steps[index].endedAt = now
        actions.append(.stepChanged(id))
        if let problem {
            self.problem = self.problem ?? problem
        } else {
            complete(leaf: index)
            advance(at: now, &actions)
        }
    }

    private mutating func cancelStep(_ id: Int, at now: Instant, _ actions: inout [Action]) {
        guard let index = index(of: id), !state.isEnded || state == .failed else { return }
        switch steps[index].state {
        case .running:
            runningCount -= 1
            actions.append(.cancel(steps[index].step, attempt: steps[index].attempt))
        case .waiting, .failed: break
        case .succeeded, .cancelled, .skipped: return
        }
        steps[index].state = .cancelled
        steps[index].endedAt = now
        actions.append(.stepChanged(id))
        complete(leaf: index)
        if !hasFailedSteps && !isFailing { problem = nil }
        advance(at: now, &actions)
    }

    private mutating func retry(at now: Instant, _ actions: inout [Action]) {
        state = .running
        problem = nil
        isFailing = false
        for index in steps.indices {
            switch steps[index].state {
            case .failed, .skipped:
                steps[index].state = .waiting
                steps[index].endedAt = nil
                actions.append(.stepChanged(steps[index].step.id))
                reopen(leaf: index)
            default: break
            }
        }
        advance(at: now, &actions)
    }

    private mutating func cancelRunning(at now: Instant, _ actions: inout [Action]) {
        for index in steps.indices where steps[index].state == .running {
            actions.append(.cancel(steps[index].step, attempt: steps[index].attempt))
            steps[index].state = .cancelled
            steps[index].endedAt = now
            runningCount -= 1
            actions.append(.stepChanged(steps[index].step.id))
        }
    }

    private mutating func expire(at now: Instant, _ actions: inout [Action]) {
        guard !state.isEnded, runningCount > 0 else { return }
        for index in steps.indices where steps[index].state == .running {
            let step = steps[index].step
            guard let startedAt = steps[index].startedAt, now > startedAt + step.timeout + Self.answerGrace else { continue }
            actions.append(.cancel(step, attempt: steps[index].attempt))
            let problem = Problem(
                "step.unanswered", "The step did not end in time.",
                cause: "\(step.title): \(step.host?.text ?? "a balancer's host") has not answered within \(step.timeout).",
                remedy: "Look at the host with `apus hosts`; retry the execution when it is back.")
            stepEnded(step.id, problem, at: now, &actions)
        }
    }

    /// Ends the execution when nothing runs and nothing may begin.
    private mutating func settle(_ actions: inout [Action]) {
        guard state == .running || state == .paused, runningCount == 0 else { return }
        if nodes[0].isDone && !isFailing {
            state = .succeeded
        } else if isAborting {
            state = .aborted
        } else if isFailing || hasFailedSteps {
            state = .failed
        } else {
            return
        }
        for index in steps.indices where steps[index].state == .waiting {
            steps[index].state = .skipped
            actions.append(.stepChanged(steps[index].step.id))
        }
    }

    private var hasFailedSteps: Bool {
        steps.contains { if case .failed = $0.state { true } else { false } }
    }

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
}

extension ExecutionMachine {
    /// The plan's tree as an array, so that the end of a step costs its depth and not the plan.
    struct Node: Codable, Hashable, Sendable {
        var parent: Int?
        var children: [Int]
        /// How many children may run at once; 1 for a sequence.
        var limit: Int
        /// The next child to begin.
        var next = 0
        var done = 0
        /// The step's index, for a leaf.
        var leaf: Int?
        var isDone = false

        static func flattened(_ root: PlanNode) -> [Node] {
            var nodes: [Node] = []
            var leafCount = 0
            func add(_ node: PlanNode, parent: Int?) -> Int {
                let index = nodes.count
                switch node {
                case .step:
                    nodes.append(Node(parent: parent, children: [], limit: 1, leaf: leafCount))
                    leafCount += 1
                case .sequential(_, let children):
                    nodes.append(Node(parent: parent, children: [], limit: 1))
                    nodes[index].children = children.map { add($0, parent: index) }
                case .parallel(_, let limit, let children):
                    nodes.append(Node(parent: parent, children: [], limit: limit))
                    nodes[index].children = children.map { add($0, parent: index) }
                }
                return index
            }
            _ = add(root, parent: nil)
            // A group without children has nothing to wait for.
            for index in nodes.indices.reversed() where nodes[index].leaf == nil {
                nodes[index].done = nodes[index].children.count { nodes[$0].isDone }
                nodes[index].isDone = nodes[index].done == nodes[index].children.count
            }
            return nodes
        }
    }

    private mutating func advance(at now: Instant, _ actions: inout [Action]) {
        guard state == .running, !isAborting, !isFailing, !hasFailedSteps else { return }
        begin(node: 0, at: now, &actions)
    }

    /// Begins what may begin under a node that has itself begun.
    private mutating func begin(node index: Int, at now: Instant, _ actions: inout [Action]) {
        guard !nodes[index].isDone else { return }
        if let leaf = nodes[index].leaf {
            guard steps[leaf].state == .waiting else { return }
            steps[leaf].state = .running
            steps[leaf].attempt += 1
            steps[leaf].startedAt = now
            runningCount += 1
            actions.append(.stepChanged(steps[leaf].step.id))
            actions.append(.begin(steps[leaf].step, attempt: steps[leaf].attempt))
            return
        }
        var open = 0
        var cursor = nodes[index].next
        while cursor < nodes[index].children.count, open < nodes[index].limit {
            let child = nodes[index].children[cursor]
            if nodes[child].isDone {
                if cursor == nodes[index].next { nodes[index].next += 1 }
            } else {
                open += 1
                begin(node: child, at: now, &actions)
            }
            cursor += 1
        }
    }

    private mutating func complete(leaf: Int) {
        guard var index = nodes.firstIndex(where: { $0.leaf == leaf }), !nodes[index].isDone else { return }
        nodes[index].isDone = true
        while let parent = nodes[index].parent {
            nodes[parent].done += 1
            guard nodes[parent].done == nodes[parent].children.count else { return }
            nodes[parent].isDone = true
            index = parent
        }
    }

    private mutating func reopen(leaf: Int) {
        guard var index = nodes.firstIndex(where: { $0.leaf == leaf }) else { return }
        // The leaf was never done, so none of those above it are: only their cursors go back.
        while let parent = nodes[index].parent {
            nodes[parent].next = 0
            index = parent
        }
    }
}

extension ExecutionMachine {
    /// Brings a machine that was saved as it began to where its steps were saved later.
    package mutating func restore(steps saved: [StepProgress], state: ExecutionState, problem: Problem?) {
        for progress in saved {
            guard let index = index(of: progress.step.id) else { continue }
            steps[index] = progress
            switch progress.state {
            case .running: runningCount += 1
            case .succeeded, .cancelled: complete(leaf: index)
            case .waiting, .failed, .skipped: break
            }
        }
        self.state = state
        self.problem = problem
    }
}
