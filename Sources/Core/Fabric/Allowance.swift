/// How many more, or fewer, than wanted: `0`, `2` or `25%`.
package enum Allowance: Codable, Hashable, Sendable, CustomStringConvertible {
    case zero
    case share(Share)

    /// - Throws: `share.invalid` unless it is a number from 0, or a percentage from 0% to 100%.
    package init(_ text: String) throws(Problem) {
        self = text == "0" || text == "0%" ? .zero : .share(try Share(text))
    }

    /// Rounded down: as a limit on what may be missing, 25% of 3 is none.
    package func floor(of total: Int) -> Int {
        switch self {
        case .zero: 0
        case .share(.count(let count)): min(count, total)
        case .share(.percent(let percent)): total * percent / 100
        }
    }

    /// Rounded up: as a limit on what may be there in excess, 25% of 3 is one.
    package func ceiling(of total: Int) -> Int {
        switch self {
        case .zero: 0
        case .share(let share): share.of(total)
        }
    }

    package var description: String {
        switch self {
        case .zero: "0"
        case .share(let share): share.description
        }
    }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
