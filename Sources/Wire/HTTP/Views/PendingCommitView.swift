/// The head of the configuration repository beside what is desired.
package struct PendingCommitView: Codable, Hashable, Sendable {
    /// Something that the commit changes.
    package struct Change: Codable, Hashable, Sendable {
        /// `apps.shop.processes.web.instances`
        package var path: String
        /// nil: it is not there yet; empty where the whole noun comes or goes.
        package var before: String?
        /// nil: it will not be there any more.
        package var after: String?

        package init(path: String, before: String? = nil, after: String? = nil) {
            self.path = path
            self.before = before
            self.after = after
        }
    }

    package var commit: String
    /// The commit that is desired; nil: none yet.
    package var desired: String?
    /// Whether there is nothing to apply.
    package var isDesired: Bool
    package var changes: [Change]
    /// Errors in its files: with any, it cannot be applied.
    package var findings: [ValidationView.Finding]

    package init(
        commit: String, desired: String? = nil, isDesired: Bool, changes: [Change] = [],
        findings: [ValidationView.Finding] = []
    ) {
        self.commit = commit
        self.desired = desired
        self.isDesired = isDesired
        self.changes = changes
        self.findings = findings
    }
}
