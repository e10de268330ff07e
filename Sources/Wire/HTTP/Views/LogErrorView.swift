/// Error lines of an app that are of one kind: they differ only in words with digits and in what is quoted.
package struct LogErrorView: Codable, Hashable, Sendable {
    /// One of the first lines.
    package struct Sample: Codable, Hashable, Sendable {
        package var time: String
        package var host: String?
        package var instance: String?
        /// A stack trace has newlines.
        package var text: String

        package init(time: String, host: String?, instance: String?, text: String) {
            self.time = time
            self.host = host
            self.instance = instance
            self.text = text
        }
    }

    package var app: String
    /// The line that says what went wrong, with `<*>` for what differs.
    package var text: String
    /// The most serious of its lines.
    package var level: String
    package var count: Int
    /// RFC 3339 in UTC, as the times of lines.
    package var first: String
    package var last: String
    /// As lines name it: `r8`.
    package var firstRelease: String?
    package var lastRelease: String?
    /// When hooks were told the last time.
    package var told: String?
    package var samples: [Sample]
    /// The search for all of its lines.
    package var query: String

    package init(
        app: String, text: String, level: String, count: Int, first: String, last: String, firstRelease: String?,
        lastRelease: String?, told: String?, samples: [Sample], query: String
    ) {
        self.app = app
        self.text = text
        self.level = level
        self.count = count
        self.first = first
        self.last = last
        self.firstRelease = firstRelease
        self.lastRelease = lastRelease
        self.told = told
        self.samples = samples
        self.query = query
    }
}
