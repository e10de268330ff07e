/// A line of a log. Bytes that are no UTF-8 are U+FFFD.
package struct LogLineView: Codable, Hashable, Sendable {
    /// Where it is among all lines: its name in links, and for what is around it.
    package var position: String
    /// RFC 3339 in UTC, with nanoseconds.
    package var time: String
    /// `warn`; empty if the line says none.
    package var level: String
    package var message: String
    /// Where it comes from: host, app, process, instance, release, source, …
    package var labels: [String: String]
    /// What it says, by names.
    package var fields: [String: String]

    package init(
        position: String, time: String, level: String, message: String, labels: [String: String],
        fields: [String: String]
    ) {
        self.position = position
        self.time = time
        self.level = level
        self.message = message
        self.labels = labels
        self.fields = fields
    }
}

extension LogLineView: StreamEvent {
    /// Lines of a stream have no numbers: who connects again goes on with what comes then.
    package var sequence: Int64 { 0 }
    package var eventName: String { "line" }
}

/// What a search gives: lines, or a table, or patterns, as the query's pipes demand.
package struct LogAnswerView: Codable, Hashable, Sendable {
    package var lines: [LogLineView]?
    package var table: LogTableView?
    package var patterns: [LogPatternView]?
    package var report: LogReportView

    package init(
        lines: [LogLineView]? = nil, table: LogTableView? = nil, patterns: [LogPatternView]? = nil,
        report: LogReportView
    ) {
        self.lines = lines
        self.table = table
        self.patterns = patterns
        self.report = report
    }
}

package struct LogTableView: Codable, Hashable, Sendable {
    package var columns: [String]
    /// A text for each column; nil where there is none.
    package var rows: [[String?]]

    package init(columns: [String], rows: [[String?]]) {
        self.columns = columns
        self.rows = rows
    }
}

/// Lines that differ only in words with digits.
package struct LogPatternView: Codable, Hashable, Sendable {
    /// With `<*>` where they differ.
    package var text: String
    package var count: Int
    package var first: String
    package var last: String
    /// The most serious of their levels.
    package var level: String
    package var example: String

    package init(text: String, count: Int, first: String, last: String, level: String, example: String) {
        self.text = text
        self.count = count
        self.first = first
        self.last = last
        self.level = level
        self.example = example
    }
}

/// What a search did, and whether its answer is whole.
package struct LogReportView: Codable, Hashable, Sendable {
    /// Where the next part begins; nil at the end.
    package var next: String?
    /// Whether lines may be missing, and why.
    package var isPartial: Bool
    package var notices: [String]
    package var rowsRead: Int
    package var bytesRead: Int

    package init(next: String?, isPartial: Bool, notices: [String], rowsRead: Int, bytesRead: Int) {
        self.next = next
        self.isPartial = isPartial
        self.notices = notices
        self.rowsRead = rowsRead
        self.bytesRead = bytesRead
    }
}

/// How many lines there were in each part of a time.
package struct LogHistogramView: Codable, Hashable, Sendable {
    package struct Bucket: Codable, Hashable, Sendable {
        /// RFC 3339, of its beginning.
        package var time: String
        /// By level; those without one under an empty name.
        package var counts: [String: Int]

        package init(time: String, counts: [String: Int]) {
            self.time = time
            self.counts = counts
        }
    }

    /// Milliseconds of a bucket.
    package var step: Int64
    package var buckets: [Bucket]
    package var report: LogReportView

    package init(step: Int64, buckets: [Bucket], report: LogReportView) {
        self.step = step
        self.buckets = buckets
        self.report = report
    }
}

/// A field or label of some lines.
package struct LogFieldView: Codable, Hashable, Sendable {
    package struct Value: Codable, Hashable, Sendable {
        package var value: String
        package var count: Int

        package init(value: String, count: Int) {
            self.value = value
            self.count = count
        }
    }

    package var name: String
    package var isLabel: Bool
    /// Lines of those looked at that have it.
    package var count: Int
    package var values: [Value]

    package init(name: String, isLabel: Bool, count: Int, values: [Value]) {
        self.name = name
        self.isLabel = isLabel
        self.count = count
        self.values = values
    }
}

/// What became of lines that were sent.
package struct LogsTakenView: Codable, Hashable, Sendable {
    package var taken: Int
    package var refused: Int

    package init(taken: Int, refused: Int) {
        self.taken = taken
        self.refused = refused
    }
}
