package import Core

/// Who did what to what, and how it ended. An action is two entries: one before, one after.
package struct AuditEntry: Codable, Hashable, Sendable {
    package enum Outcome: Codable, Hashable, Sendable {
        /// Written before the action. Without a later entry that concerns it, nobody knows how it
        /// ended: the server was killed meanwhile.
        case started
        case succeeded
        case failed(Problem)
        /// The caller was not allowed to; nothing was done.
        case refused(Problem)

        package var word: String {
            switch self {
            case .started: "started"
            case .succeeded: "succeeded"
            case .failed: "failed"
            case .refused: "refused"
            }
        }
    }

    /// Counts from 1 without a gap.
    package var sequence: Int64
    package var at: Instant
    package var action: AuditAction
    package var outcome: Outcome
    /// The entry that this one says the end of.
    package var concerns: Int64?
}

/// What is about to be done.
package struct AuditAction: Codable, Hashable, Sendable {
    /// The label of a token, or the name of a service.
    package var who: String
    package var role: String
    /// A verb of the glossary: `deploy`, `rollback`, `token.create`.
    package var what: String
    /// `app/shop`, `host/web-1`.
    package var subject: String
    /// More, for people: what changed from what to what.
    package var details: String?
    /// The commit of the configuration repository that it came from.
    package var commit: String?
    /// The plan's or execution's id.
    package var execution: String?
    /// The address that the request came from.
    package var address: String?

    package init(
        who: String, role: String, what: String, subject: String, details: String? = nil, commit: String? = nil,
        execution: String? = nil, address: String? = nil
    ) {
        self.who = who
        self.role = role
        self.what = what
        self.subject = subject
        self.details = details
        self.commit = commit
        self.execution = execution
        self.address = address
    }
}

/// Which entries to show. Empty parts do not restrict.
package struct AuditFilter: Hashable, Sendable {
    package var who: String?
    package var what: String?
    /// `app/shop` is also `app/shop/web`.
    package var subject: String?
    package var since: Instant?
    package var until: Instant?

    package init(
        who: String? = nil, what: String? = nil, subject: String? = nil, since: Instant? = nil, until: Instant? = nil
    ) {
        self.who = who
        self.what = what
        self.subject = subject
        self.since = since
        self.until = until
    }
}
