/// A value of JSON (RFC 8259), as a tree. Numbers stay text: a count of 64 bits is no double.
package enum JSONValue: Hashable {
    case null
    case bool(Bool)
    case number(ArraySlice<UInt8>)
    case string(String)
    case array([JSONValue])
    /// Of two values of one key the last counts.
    case object([String: JSONValue])

    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// The elements; none if it is no array.
    package var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A number, or a text that is one: protobuf's JSON writes numbers of 64 bits, NaN and infinities as texts.
    var double: Double? {
        switch self {
        case .number(let bytes): NumberText.finite(bytes)
        case .string(let text): NumberText.any(Array(text.utf8.prefix(64))[...])
        default: nil
        }
    }

    package var integer: Int64? {
        switch self {
        case .number(let bytes): NumberText.integer(bytes) ?? double.flatMap { Int64(exactly: $0) }
        case .string(let text): NumberText.integer(Array(text.utf8.prefix(64))[...])
        default: nil
        }
    }
}

/// Reads JSON into a tree of bounded depth and size.
package struct JSONReader {
    static let bytesMax = 32 << 20
    static let depthMax = 64
    static let valuesMax = 2_000_000

    private let bytes: [UInt8]
    private var index = 0
    private var valueCount = 0

    /// The value of a whole text.
    package static func read(_ bytes: [UInt8]) throws(TelemetryProblem) -> JSONValue {
        guard bytes.count <= bytesMax else { throw problem("It has \(bytes.count) bytes, and \(bytesMax) are taken.") }
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.index == bytes.count else { throw reader.failure("something comes after the end") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func value(depth: Int) throws(TelemetryProblem) -> JSONValue {
        guard depth < Self.depthMax else { throw failure("values are nested deeper than \(Self.depthMax)") }
        valueCount += 1
        guard valueCount <= Self.valuesMax else { throw failure("there are more than \(Self.valuesMax) values") }
        skipBlanks()
        guard index < bytes.count else { throw failure("it is cut off") }
        switch bytes[index] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(TelemetryProblem) -> JSONValue {
        index += 1
        var members: [String: JSONValue] = [:]
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipBlanks()
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw failure("a key is missing") }
            let key = try string()
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw failure("a colon is missing") }
            members[key] = try value(depth: depth + 1)
            skipBlanks()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure("an object has no end") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(TelemetryProblem) -> JSONValue {
        index += 1
        var elements: [JSONValue] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipBlanks()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure("an array has no end") }
        return .array(elements)
    }

    private mutating func number() throws(TelemetryProblem) -> JSONValue {
        let begin = index
        while index < bytes.count, Self.isNumberByte(bytes[index]) { index += 1 }
        let number = bytes[begin..<index]
        guard let first = number.first, first != UInt8(ascii: "+"), NumberText.finite(number) != nil else {
            throw failure("there is no value")
        }
        return .number(number)
    }

    private static func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func string() throws(TelemetryProblem) -> String {
        index += 1
        let begin = index
        while index < bytes.count, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\") {
            guard bytes[index] >= 0x20 else { throw failure("a text has a control character") }
            index += 1
        }
        guard index < bytes.count else { throw failure("a text has no end") }
        var text = Array(bytes[begin..<index])
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            guard bytes[index] >= 0x20 else { throw failure("a text has a control character") }
            if bytes[index] == UInt8(ascii: "\\") {
                try escape(into: &text)
            } else {
                text.append(bytes[index])
                index += 1
            }
        }
        guard take(UInt8(ascii: "\"")) else { throw failure("a text has no end") }
        guard let text = String(validating: text, as: UTF8.self) else { throw failure("a text is not UTF-8") }
        return text
    }

    private mutating func escape(into text: inout [UInt8]) throws(TelemetryProblem) {
        guard index + 1 < bytes.count else { throw failure("a text has no end") }
        let letter = bytes[index + 1]
        index += 2
        switch letter {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "u"): text += Array(String(try scalar()).utf8)
        default: throw failure("a text has an unknown escape")
        }
    }

    /// Four hexadecimal digits; of two that stand for one letter, both.
    private mutating func scalar() throws(TelemetryProblem) -> Character {
        let high = try unit()
        var code = high
        if (0xD800..<0xDC00).contains(high), bytes[index...].starts(with: "\\u".utf8) {
            index += 2
            let low = try unit()
            guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a letter is missing") }
            code = 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure("half of a letter is missing") }
        return Character(scalar)
    }

    private mutating func unit() throws(TelemetryProblem) -> UInt32 {
        guard index + 4 <= bytes.count else { throw failure("a text has no end") }
        let digits = bytes[index..<index + 4]
        index += 4
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure("an escape is not hexadecimal") }
        return unit
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(TelemetryProblem) -> JSONValue {
        guard bytes[index...].starts(with: word.utf8) else { throw failure("there is no value") }
        index += word.utf8.count
        return value
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipBlanks() {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    private func failure(_ cause: String) -> TelemetryProblem { Self.problem("At byte \(index), \(cause).") }

    private static func problem(_ cause: String) -> TelemetryProblem {
        TelemetryProblem("json.invalid", "The body was not read.", cause: cause, remedy: "Send JSON.")
    }
}
