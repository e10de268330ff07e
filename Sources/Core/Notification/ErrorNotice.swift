/// Error lines of one kind of an app, as somebody is told of them.
package struct ErrorNotice: Codable, Hashable, Sendable {
    /// The line that says what went wrong, with `<*>` for what differs.
    package var text: String
    package var level: String
    /// Lines that nobody was told of before.
    package var count: Int
    /// Whether nobody was told of its kind before.
    package var isNew: Bool
    package var firstAt: Instant
    package var lastAt: Instant
    /// Of the first line: `r8`.
    package var release: String?
    /// The first lines; what is a stack trace has newlines.
    package var lines: [String]
    /// The search for all of them.
    package var query: String

    package init(
        text: String, level: String, count: Int, isNew: Bool, firstAt: Instant, lastAt: Instant, release: String?,
        lines: [String], query: String
    ) {
        self.text = text
        self.level = level
        self.count = count
        self.isNew = isNew
        self.firstAt = firstAt
        self.lastAt = lastAt
        self.release = release
        self.lines = lines
        self.query = query
    }
}

extension NotificationBody {
    /// Kinds that one message names; of others it says how many they are.
    private static let noticesMax = 5

    /// What an app logs.
    /// - Parameters:
    ///   - app: as lines name it.
    ///   - notices: the most telling first; at least one.
    package static func errors(
        of app: String, _ notices: [ErrorNotice], fabric: FabricName, at now: Instant
    ) -> NotificationBody {
        NotificationBody(
            .appErrors, at: now, fabric: fabric, sentence: sentence(shown(app), notices), app: try? AppName(app),
            errors: Array(notices.prefix(noticesMax)))
    }

    /// A name that a sender of lines has made up is not to steer anything.
    package static func shown(_ app: String) -> String { (try? AppName(app))?.text ?? quotedForMessage(app) }

    /// `shop logs errors: "payment <*> failed", 14 lines, new in r8; and of 2 other kinds`
    private static func sentence(_ app: String, _ notices: [ErrorNotice]) -> String {
        guard let first = notices.first else { return "\(app) logs errors" }
        let release = first.release.map { " in \($0)" } ?? ""
        let news = first.isNew ? "new\(release)" : "again"
        let others = notices.count - 1
        let rest = others == 0 ? "" : "; and of \(others) other kind\(others == 1 ? "" : "s")"
        let lines = "\(first.count) line\(first.count == 1 ? "" : "s")"
        return "\(app) logs errors: \"\(first.text)\", \(lines), \(news)\(rest)"
    }
}
