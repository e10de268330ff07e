package import Core

/// A line of the audit log. Written before the action, and completed by its outcome.
package struct AuditView: Codable, Hashable, Sendable {
    package enum Outcome: String, Codable, Hashable, Sendable, CaseIterable {
        /// It was begun, and how it ended is not known.
        case begun
        case succeeded
        case failed
        /// The caller was not allowed to.
        case refused
    }

    /// Counts the entries; grows with time.
    package var number: Int64
    package var at: Instant
    /// The label of the token, or `apus` for what the control plane does by itself.
    package var who: String
    package var tokenID: String?
    /// A verb: `deploy`, `drain`, `token.create`.
    package var action: String
    /// What it was done to: `shop`, `web-1`.
    package var subject: String
    /// The commit of the configuration repository.
    package var commit: String?
    package var outcome: Outcome
    package var detail: String
    package var problem: Problem?

    package init(
        number: Int64, at: Instant, who: String, tokenID: String? = nil, action: String, subject: String,
        commit: String? = nil, outcome: Outcome, detail: String, problem: Problem? = nil
    ) {
        self.number = number
        self.at = at
        self.who = who
        self.tokenID = tokenID
        self.action = action
        self.subject = subject
        self.commit = commit
        self.outcome = outcome
        self.detail = detail
        self.problem = problem
    }
}

/// A token without its secret.
package struct TokenView: Codable, Hashable, Sendable {
    package var id: String
    package var label: String
    package var role: Role
    package var fabric: FabricName?
    package var createdAt: Instant
    package var createdBy: String
    package var expiresAt: Instant?
    package var lastUsedAt: Instant?
    package var revokedAt: Instant?

    package init(
        id: String, label: String, role: Role, fabric: FabricName? = nil, createdAt: Instant, createdBy: String,
        expiresAt: Instant? = nil, lastUsedAt: Instant? = nil, revokedAt: Instant? = nil
    ) {
        self.id = id
        self.label = label
        self.role = role
        self.fabric = fabric
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }
}

/// A new token. The secret is shown this once, and kept nowhere.
package struct IssuedTokenView: Codable, Hashable, Sendable {
    package var token: TokenView
    package var secret: String

    package init(token: TokenView, secret: String) {
        self.token = token
        self.secret = secret
    }
}

/// A one-time token that lets a host join.
package struct JoinTokenView: Codable, Hashable, Sendable {
    package var host: HostName?
    package var secret: String
    package var expiresAt: Instant

    package init(host: HostName? = nil, secret: String, expiresAt: Instant) {
        self.host = host
        self.secret = secret
        self.expiresAt = expiresAt
    }
}

/// Whether the configuration repository's head can be used.
package struct ValidationView: Codable, Hashable, Sendable {
    /// An error in a file of the configuration repository.
    package struct Finding: Codable, Hashable, Sendable {
        package var file: String
        package var line: Int?
        package var column: Int?
        /// The offending text.
        package var text: String?
        package var problem: Problem

        package init(file: String, line: Int? = nil, column: Int? = nil, text: String? = nil, problem: Problem) {
            self.file = file
            self.line = line
            self.column = column
            self.text = text
            self.problem = problem
        }
    }

    package var commit: String
    package var findings: [Finding]
    package var isValid: Bool { findings.isEmpty }

    package init(commit: String, findings: [Finding]) {
        self.commit = commit
        self.findings = findings
    }
}

/// What an action has set in motion.
package struct AcceptedView: Codable, Hashable, Sendable {
    package var app: AppName?
    package var desiredRevision: Int64?
    package var commit: String?
    /// Follow its output by the build's events; the execution is named when it has ended.
    package var build: BuildID?
    package var executions: [ExecutionID] = []
    /// What happens now, for people.
    package var sentence: String

    package init(
        app: AppName? = nil, desiredRevision: Int64? = nil, commit: String? = nil, build: BuildID? = nil,
        executions: [ExecutionID] = [], sentence: String
    ) {
        self.app = app
        self.desiredRevision = desiredRevision
        self.commit = commit
        self.build = build
        self.executions = executions
        self.sentence = sentence
    }
}
