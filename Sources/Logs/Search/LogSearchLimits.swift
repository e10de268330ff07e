/// How much a search may take of the server. Each is a bound that ends the search with what it has, marked as a part.
package struct LogSearchLimits: Hashable, Sendable {
    /// Lines of an answer.
    package var lines = 1000
    /// Blocks that are opened.
    package var blocks = 100_000
    /// Bytes that are read and unpacked.
    package var bytes = 16 << 30
    package var duration = Duration.seconds(30)
    /// Rows of a table, patterns, and different values that are counted one by one.
    package var groups = 10_000

    package init() {}
}

/// Why a search ended before it had seen all.
package enum LogSearchStop: String, Hashable, Sendable {
    case lines, blocks, bytes, time, groups, cancelled

    /// As it is said to whoever searched.
    package var sentence: String {
        switch self {
        case .lines: "There are more lines than were asked for."
        case .blocks, .bytes:
            "The search was ended because it read more than one search may; only the newest part was searched."
        case .time:
            "The search was ended because it took longer than one search may; only the newest part was searched."
        case .groups: "There are more groups than a table may have; lines of the others are in the row without names."
        case .cancelled: "The search was cancelled."
        }
    }
}
