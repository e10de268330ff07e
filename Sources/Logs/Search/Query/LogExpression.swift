/// Which lines a query wants, as it is written.
package indirect enum LogExpression: Hashable, Sendable {
    /// `*`, or nothing.
    case all
    case and([LogExpression])
    case or([LogExpression])
    case not(LogExpression)
    case term(LogTerm)

    /// All of them: what is `and` itself is taken apart, and what everything fulfils left out, so that there is one
    /// way to say it.
    package static func all(of parts: [LogExpression]) -> LogExpression {
        var flat: [LogExpression] = []
        for part in parts {
            switch part {
            case .all: continue
            case .and(let inner): flat += inner
            default: flat.append(part)
            }
        }
        return flat.isEmpty ? .all : flat.count == 1 ? flat[0] : .and(flat)
    }

    /// One of them.
    package static func any(of parts: [LogExpression]) -> LogExpression {
        let flat = parts.flatMap { part in if case .or(let inner) = part { inner } else { [part] } }
        return flat.count == 1 ? flat[0] : .or(flat)
    }
}

/// A demand on one field, as it is written.
package struct LogTerm: Hashable, Sendable {
    package enum Test: Hashable, Sendable {
        /// A word or several in a row.
        case phrase([UInt8])
        case prefix([UInt8])
        case exact([UInt8])
        /// At least one end is there, and both are numbers or both are levels.
        case range(from: Bound?, to: Bound?)
        case exists
        case pattern(String, ignoresCase: Bool)
    }

    /// An end of a range, as it is written: `1.5s`, `warn`.
    package struct Bound: Hashable, Sendable {
        package var text: String
        package var isIncluded: Bool

        package init(_ text: String, isIncluded: Bool = true) {
            self.text = text
            self.isIncluded = isIncluded
        }
    }

    /// Nil for the message.
    package var field: String?
    package var test: Test

    package init(_ field: String? = nil, _ test: Test) {
        self.field = field
        self.test = test
    }
}
