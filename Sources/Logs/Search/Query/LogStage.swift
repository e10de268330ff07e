/// A pipe of a query.
package enum LogStage: Hashable, Sendable {
    /// `count, p99 duration by host, 1m`
    case aggregate([LogAggregate], by: [LogGroup])
    /// `top 10 path`: the values, or combinations of them, that most lines have.
    case top(Int, [String])
    /// `patterns`: lines that differ only in words with digits, as one.
    case patterns
    /// `fields host, status`
    case fields([String])
    /// `sort duration desc, host`
    case sort([LogSort])
    /// `limit 100`
    case limit(Int)
}

/// A figure that is made of many lines.
package struct LogAggregate: Hashable, Sendable {
    package enum Function: Hashable, Sendable {
        /// Lines; with a field, those that have it.
        case count
        case sum, avg, min, max
        /// In thousandths of a percent: 99,900 is `p99.9`.
        case percentile(Int)
        /// Lines per second.
        case rate
        /// How many different values there are.
        case distinct
    }

    package var function: Function
    package var field: String?

    package init(_ function: Function, _ field: String? = nil) {
        self.function = function
        self.field = field
    }

    /// As a column is called: `count`, `p99(duration)`.
    package var name: String { field.map { "\(function.name)(\($0))" } ?? function.name }
}

extension LogAggregate.Function {
    package var name: String {
        switch self {
        case .count: "count"
        case .sum: "sum"
        case .avg: "avg"
        case .min: "min"
        case .max: "max"
        case .percentile(let thousandths):
            thousandths % 1000 == 0 ? "p\(thousandths / 1000)" : "p" + Self.decimal(thousandths)
        case .rate: "rate"
        case .distinct: "distinct"
        }
    }

    private static func decimal(_ thousandths: Int) -> String {
        var digits = String(thousandths % 1000 + 1000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(thousandths / 1000).\(digits)"
    }

    /// Whether it says nothing without a field.
    var needsField: Bool {
        switch self {
        case .count, .rate: false
        default: true
        }
    }
}

/// What lines are grouped by.
package enum LogGroup: Hashable, Sendable {
    case field(String)
    /// Spans of this many nanoseconds, which begin at multiples of it since 1970.
    case time(Int64)

    /// As a column is called.
    package var name: String {
        switch self {
        case .field(let name): name
        case .time: "time"
        }
    }
}

/// What lines or rows of a table are put in order by.
package struct LogSort: Hashable, Sendable {
    package var key: String
    package var isDescending: Bool

    package init(_ key: String, isDescending: Bool = false) {
        self.key = key
        self.isDescending = isDescending
    }
}
