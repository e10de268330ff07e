import Telemetry

/// How the words in one place of a shape are kept: docs/formats/log-store.md, "Slots".
enum SlotForm: Hashable, Sendable {
    /// The same in every row.
    case constant([UInt8])
    case numbers(Numbers)
    /// Numbers, each behind what all words have there, and what they end with: `blk_17_2`.
    case compound([Numbers], ending: [UInt8])
    /// Lower-case hexadecimal digits, an even number of them and always as many.
    case hexadecimal(digits: Int)
    /// Places in a list of distinct words; those places are one byte each, or two.
    case words([[UInt8]])
    /// Lengths, then the words.
    case plain

    struct Numbers: Hashable, Sendable {
        /// What every word begins with.
        var prefix: [UInt8]
        /// All have so many digits, with zeros in front; 0: no zeros in front.
        var digits: Int
        var least: UInt64
        /// Bytes of one number: of the number less `least`, or of the zigzag of what it is more than the one before.
        var width: Int
        var isDelta: Bool

        func encode(into bytes: inout [UInt8]) {
            bytes.append(isDelta ? 2 : 1)
            bytes.append(varint: prefix.count)
            bytes += prefix
            bytes.append(UInt8(digits))
            bytes.append(varint: least)
            bytes.append(UInt8(width))
        }

        /// - Parameter kind: the byte in front, which was read.
        init?(_ kind: UInt8, _ reader: inout ByteReader) {
            guard kind == 1 || kind == 2, let prefix = reader.count().flatMap({ reader.take($0) }),
                let digits = reader.byte(), digits <= 19, let least = reader.varint(), let width = reader.byte(),
                width <= 8
            else { return nil }
            self.init(
                prefix: [UInt8](prefix), digits: Int(digits), least: least, width: Int(width), isDelta: kind == 2)
        }

        init(prefix: [UInt8], digits: Int, least: UInt64, width: Int, isDelta: Bool) {
            self.prefix = prefix
            self.digits = digits
            self.least = least
            self.width = width
            self.isDelta = isDelta
        }
    }

    func encode(into bytes: inout [UInt8]) {
        switch self {
        case .constant(let word):
            bytes.append(0)
            bytes.append(varint: word.count)
            bytes += word
        case .numbers(let numbers): numbers.encode(into: &bytes)
        case .compound(let all, let ending):
            bytes.append(7)
            bytes.append(UInt8(all.count))
            for numbers in all { numbers.encode(into: &bytes) }
            bytes.append(varint: ending.count)
            bytes += ending
        case .hexadecimal(let digits):
            bytes.append(3)
            bytes.append(UInt8(digits))
        case .words(let words):
            bytes.append(6)
            bytes.append(varint: words.count)
            bytes.append(varint: words.reduce(0) { $0 + Self.varintBytes($1.count) + $1.count })
            for word in words {
                bytes.append(varint: word.count)
                bytes += word
            }
        case .plain: bytes.append(5)
        }
    }

    init?(_ reader: inout ByteReader) {
        guard let kind = reader.byte() else { return nil }
        func word() -> [UInt8]? { reader.count().flatMap { reader.take($0) }.map { [UInt8]($0) } }
        switch kind {
        case 0:
            guard let word = word() else { return nil }
            self = .constant(word)
        case 1, 2:
            guard let numbers = Numbers(kind, &reader) else { return nil }
            self = .numbers(numbers)
        case 3:
            guard let digits = reader.byte(), digits > 0, digits % 2 == 0 else { return nil }
            self = .hexadecimal(digits: Int(digits))
        case 4, 6:
            guard let count = reader.count(limit: min(65_536, reader.remaining)), count > 0,
                kind == 4 || reader.count() != nil
            else { return nil }
            var words: [[UInt8]] = []
            for _ in 0..<count {
                guard let word = word() else { return nil }
                words.append(word)
            }
            self = .words(words)
        case 5: self = .plain
        case 7:
            guard let count = reader.byte() else { return nil }
            var all: [Numbers] = []
            for _ in 0..<count {
                guard let numbers = reader.byte().flatMap({ Numbers($0, &reader) }) else { return nil }
                all.append(numbers)
            }
            guard let ending = word() else { return nil }
            self = .compound(all, ending: ending)
        default: return nil
        }
    }

    private static func varintBytes(_ number: Int) -> Int {
        max(1, (Int.bitWidth - number.leadingZeroBitCount + 6) / 7)
    }
}
