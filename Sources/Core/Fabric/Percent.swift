/// A percentage with up to two decimals, written `5%`, `0.5%` or `150%`.
package struct Percent: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// What 100% is.
    package static let whole = 10_000
    private static let largest = 100 * whole

    package var hundredths: Int

    package init(hundredths: Int) { self.hundredths = hundredths }

    /// - Throws: `percent.invalid` for anything but up to five digits, perhaps a point and one or
    ///   two more, and `%`.
    package init(_ text: String) throws(Problem) {
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        let areDigits = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        guard text.hasSuffix("%"), areDigits, (1...2).contains(parts.count), parts[0].utf8.count <= 5,
            parts.count == 1 || parts[1].utf8.count <= 2, let ones = Int(parts[0])
        else { throw Self.invalid(text) }
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        guard let decimals = Int(fraction + String(repeating: "0", count: 2 - fraction.utf8.count)),
            ones * 100 + decimals <= Self.largest
        else { throw Self.invalid(text) }
        hundredths = ones * 100 + decimals
    }

    private static func invalid(_ text: String) -> Problem {
        Problem(
            "percent.invalid", "This is not a percentage.", cause: "\(quotedForMessage(text)) was found.",
            remedy: "Write a number with up to two decimals and %: 0.5%.")
    }

    package var description: String {
        let (ones, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
        if rest == 0 { return "\(ones)%" }
        return rest % 10 == 0 ? "\(ones).\(rest / 10)%" : "\(ones).\(rest < 10 ? "0" : "")\(rest)%"
    }

    package static func < (left: Percent, right: Percent) -> Bool { left.hundredths < right.hundredths }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
