package import Core

/// A plan that is, or was, carried out.
package struct ExecutionView: Codable, Hashable, Sendable {
    package var id: ExecutionID
    package var app: AppName
    package var kind: Plan.Kind
    package var state: ExecutionState
    package var release: Int?
    package var plan: PlanID?
    /// The build that made the release.
    package var build: BuildID?
    /// The commit of the configuration repository.
    package var commit: String
    package var startedBy: String
    package var startedAt: Instant
    package var endedAt: Instant?
    package var problem: Problem?
    package var summary: String
    package var stepsDone: Int
    package var stepsTotal: Int
    /// What releases have served around it; nil when nothing was counted.
    package var traffic: ExecutionTraffic?
    /// Empty in lists.
    package var steps: [StepView] = []
    /// The tree that `steps` belong to; nil in lists.
    package var tree: PlanNodeView?

    package init(
        id: ExecutionID, app: AppName, kind: Plan.Kind, state: ExecutionState, release: Int? = nil,
        plan: PlanID? = nil, build: BuildID? = nil, commit: String, startedBy: String, startedAt: Instant,
        endedAt: Instant? = nil, problem: Problem? = nil, summary: String, stepsDone: Int, stepsTotal: Int,
        traffic: ExecutionTraffic? = nil, steps: [StepView] = [], tree: PlanNodeView? = nil
    ) {
        self.id = id
        self.app = app
        self.kind = kind
        self.state = state
        self.release = release
        self.plan = plan
        self.build = build
        self.commit = commit
        self.startedBy = startedBy
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.problem = problem
        self.summary = summary
        self.stepsDone = stepsDone
        self.stepsTotal = stepsTotal
        self.traffic = traffic
        self.steps = steps
        self.tree = tree
    }
}

package struct StepView: Codable, Hashable, Sendable {
    package enum State: String, Codable, Hashable, Sendable, CaseIterable {
        case waiting
        case running
        case succeeded
        case failed
        case cancelled
        case skipped
    }

    package var id: Int
    package var title: String
    package var host: HostName?
    package var reason: String
    package var state: State
    package var startedAt: Instant?
    package var endedAt: Instant?
    package var problem: Problem?
    /// The last lines of its output.
    package var output: [String] = []
    /// How many lines came before those.
    package var outputLinesDropped: Int = 0
    /// What was found out about a release that was watched, a verdict a line.
    package var findings: [String] = []

    package init(
        id: Int, title: String, host: HostName? = nil, reason: String, state: State, startedAt: Instant? = nil,
        endedAt: Instant? = nil, problem: Problem? = nil, output: [String] = [], outputLinesDropped: Int = 0,
        findings: [String] = []
    ) {
        self.id = id
        self.title = title
        self.host = host
        self.reason = reason
        self.state = state
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.problem = problem
        self.output = output
        self.outputLinesDropped = outputLinesDropped
        self.findings = findings
    }
}

/// A package that is being built, or was.
package struct BuildView: Codable, Hashable, Sendable {
    package enum State: String, Codable, Hashable, Sendable, CaseIterable {
        case running
        case succeeded
        case failed
    }

    package var id: BuildID
    package var app: AppName
    /// The branch, tag or commit that was asked for.
    package var ref: String
    package var sourceCommit: String?
    package var state: State
    package var startedAt: Instant
    package var endedAt: Instant?
    package var startedBy: String
    package var problem: Problem?
    /// The release that the build ended in.
    package var release: Int?
    /// The execution that deploys the release.
    package var execution: ExecutionID?

    package init(
        id: BuildID, app: AppName, ref: String, sourceCommit: String? = nil, state: State, startedAt: Instant,
        endedAt: Instant? = nil, startedBy: String, problem: Problem? = nil, release: Int? = nil,
        execution: ExecutionID? = nil
    ) {
        self.id = id
        self.app = app
        self.ref = ref
        self.sourceCommit = sourceCommit
        self.state = state
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.startedBy = startedBy
        self.problem = problem
        self.release = release
        self.execution = execution
    }
}
