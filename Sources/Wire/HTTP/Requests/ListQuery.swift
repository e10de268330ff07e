package import Core
import FoundationEssentials

/// Which part of a long list is meant, and in which order.
package struct ListQuery: Hashable, Sendable {
    package static let limitDefault = 200
    package static let limitMax = 5000
    package static let offsetMax = 10_000_000

    /// An order by what a filter's key has; what has the same there stays in the order of names.
    package struct Sort: Hashable, Sendable, CustomStringConvertible {
        package var key: Filter.Key
        package var isDescending: Bool

        package init(key: Filter.Key, isDescending: Bool = false) {
            self.key = key
            self.isDescending = isDescending
        }

        /// - Throws: `key.invalid` unless the text is a key, perhaps behind a `-`.
        package init(_ text: String) throws(Problem) {
            isDescending = text.first == "-"
            key = try Filter.Key(isDescending ? String(text.dropFirst()) : text)
        }

        package var description: String { (isDescending ? "-" : "") + key.text }
    }

    package enum Start: Hashable, Sendable {
        /// So many rows from the beginning of those that are admitted.
        case offset(Int)
        /// Behind a row, wherever it is by now, and also when it is gone.
        case after(ListCursor)
    }

    package var filter: Filter
    /// nil: by name.
    package var sort: Sort?
    package var limit: Int
    package var start: Start

    package init(
        filter: Filter = .all, sort: Sort? = nil, limit: Int = limitDefault, start: Start = .offset(0)
    ) {
        self.filter = filter
        self.sort = sort
        self.limit = limit
        self.start = start
    }
}

/// A place in a list that stays the same place while rows come and go: what the row before it is
/// sorted by, and its name. As text: both in URL-safe base64, with a dot between.
package struct ListCursor: Hashable, Sendable, CustomStringConvertible {
    private static let lengthMax = 1000

    package var value: String
    package var name: String

    package init(value: String, name: String) {
        self.value = value
        self.name = name
    }

    /// - Throws: `cursor.invalid` for what no list has given.
    package init(_ text: String) throws(Problem) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.lengthMax, parts.count == 2, let value = Self.decoded(parts[0]),
            let name = Self.decoded(parts[1]), !name.isEmpty
        else { throw Self.invalid(text) }
        self.init(value: value, name: name)
    }

    package static func invalid(_ text: String) -> Problem {
        Problem(
            "cursor.invalid", "The list does not go on there.",
            cause: "\(quotedForMessage(text)) is not a place that a list has given.",
            remedy: "Take `after` from the `apus-next` header of the answer before, or begin without it.")
    }

    package var description: String { "\(Self.encoded(value)).\(Self.encoded(name))" }

    private static func encoded(_ text: String) -> String {
        Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    private static func decoded(_ text: Substring) -> String? {
        guard !text.contains("+"), !text.contains("/"), !text.contains("=") else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        let plain = String(text).replacing("-", with: "+").replacing("_", with: "/") + padding
        return Data(base64Encoded: plain).flatMap { String(validating: $0, as: UTF8.self) }
    }
}

/// A part of a list.
package struct ListPart<Row: Sendable>: Sendable {
    package var rows: [Row]
    /// How many rows the filter admits in all.
    package var total: Int
    /// How many of them come before the first one here.
    package var offset: Int
    /// Where the list goes on; nil at its end.
    package var next: ListCursor?

    package init(rows: [Row], total: Int, offset: Int, next: ListCursor?) {
        self.rows = rows
        self.total = total
        self.offset = offset
        self.next = next
    }
}
