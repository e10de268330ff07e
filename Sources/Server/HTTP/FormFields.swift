import Core

/// Names and values of a query or of a form, in the order that they came in.
///
/// Format: `application/x-www-form-urlencoded` of WHATWG URL, section 5.1. What isn't UTF-8, and a
/// name that comes twice, is refused instead of guessed at.
struct FormFields: Sendable {
    static let countMax = 64

    private(set) var values: [String: String] = [:]

    init() {}

    /// - Throws: `form.invalid`.
    init(_ text: some StringProtocol) throws(Problem) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0], plusIsSpace: true),
                let value = Self.decoded(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else {
                throw Self.invalid("A value is not percent-encoded UTF-8.")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Self.invalid("\(quotedForMessage(name)) comes twice.")
            }
            guard values.count <= Self.countMax else {
                throw Self.invalid("There are more than \(Self.countMax) values.")
            }
        }
    }

    subscript(name: String) -> String? { values[name] }

    /// The value, where it is there and not empty: what a form sends for a field left empty.
    func filled(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// nil when the text has a broken escape, or bytes that aren't UTF-8.
    static func decoded(_ text: some StringProtocol, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexValue), let low = iterator.next().flatMap(hexValue) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func invalid(_ cause: String) -> Problem {
        Problem(
            "form.invalid", "The request's values cannot be read.", cause: cause,
            remedy: "Send each value once, percent-encoded.")
    }
}
