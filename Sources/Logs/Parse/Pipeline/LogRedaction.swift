/// What is made unreadable in every text of a line.
package struct LogRedaction: Hashable, Sendable {
    /// Secrets that are known by their form.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        /// Addresses of mail.
        case email
        /// Numbers of 13 to 19 digits with a right check digit (Luhn), with blanks or dashes in them or not.
        case card
        /// Bearer tokens, JSON Web Tokens, and keys that GitHub, GitLab, Slack, Stripe and Google give out.
        case token
        /// Amazon's access keys and the secrets behind their usual names.
        case aws
        /// What follows `password=`, `secret:` and their like, and passwords in addresses.
        case password
    }

    package var kinds: Set<Kind>
    /// Regular expressions. Group 1 of a match is taken out if there is one, and otherwise all of it.
    package var patterns: [String]
    /// Texts as they are.
    package var texts: [String]
    package var replacement: String

    package init(
        kinds: Set<Kind> = [], patterns: [String] = [], texts: [String] = [], replacement: String = "[redacted]"
    ) {
        self.kinds = kinds
        self.patterns = patterns
        self.texts = texts
        self.replacement = replacement
    }
}
