package import Core

/// A plan with what is needed to read and approve it.
package struct PlanView: Codable, Hashable, Sendable {
    package var id: PlanID
    package var app: AppName
    package var kind: Plan.Kind
    /// Why the plan was asked for; approving asks for the role that the purpose needs.
    package var purpose: PlanRequest.Purpose
    package var release: Int?
    /// The release that the app runs before, if any.
    package var releaseBefore: Int?
    /// The commit of the configuration repository that the plan was made from.
    package var commit: String
    package var desiredRevision: Int64
    package var liveRevision: Int64
    package var createdAt: Instant
    package var createdBy: String
    /// Why the plan can no longer be carried out; nil while it can.
    package var stale: String?
    /// The execution that carries it out.
    package var execution: ExecutionID?
    package var changes: [Change]
    package var summary: Summary
    package var warnings: [String]
    package var steps: PlanNodeView

    /// One instance and what happens to it.
    package struct Change: Codable, Hashable, Sendable {
        package var sign: Plan.Change.Sign
        package var subject: String
        package var host: HostName?
        package var reason: String

        package init(sign: Plan.Change.Sign, subject: String, host: HostName? = nil, reason: String) {
            self.sign = sign
            self.subject = subject
            self.host = host
            self.reason = reason
        }
    }

    package struct Summary: Codable, Hashable, Sendable {
        package var added: Int
        package var changed: Int
        package var removed: Int
        package var unchanged: Int
        package var text: String

        package init(added: Int, changed: Int, removed: Int, unchanged: Int, text: String) {
            self.added = added
            self.changed = changed
            self.removed = removed
            self.unchanged = unchanged
            self.text = text
        }
    }

    package init(
        id: PlanID, app: AppName, kind: Plan.Kind, purpose: PlanRequest.Purpose, release: Int? = nil,
        releaseBefore: Int? = nil, commit: String, desiredRevision: Int64, liveRevision: Int64, createdAt: Instant,
        createdBy: String, stale: String? = nil, execution: ExecutionID? = nil, changes: [Change], summary: Summary,
        warnings: [String], steps: PlanNodeView
    ) {
        self.id = id
        self.app = app
        self.kind = kind
        self.purpose = purpose
        self.release = release
        self.releaseBefore = releaseBefore
        self.commit = commit
        self.desiredRevision = desiredRevision
        self.liveRevision = liveRevision
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.stale = stale
        self.execution = execution
        self.changes = changes
        self.summary = summary
        self.warnings = warnings
        self.steps = steps
    }
}

/// A step, or steps one after another, or side by side.
package struct PlanNodeView: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case step
        case sequential
        case parallel
    }

    package var kind: Kind
    package var title: String
    /// The step's number, as executions name it.
    package var step: Int?
    package var host: HostName?
    package var reason: String?
    /// How many children run at once.
    package var limit: Int?
    package var children: [PlanNodeView] = []

    package init(
        kind: Kind, title: String, step: Int? = nil, host: HostName? = nil, reason: String? = nil, limit: Int? = nil,
        children: [PlanNodeView] = []
    ) {
        self.kind = kind
        self.title = title
        self.step = step
        self.host = host
        self.reason = reason
        self.limit = limit
        self.children = children
    }
}
