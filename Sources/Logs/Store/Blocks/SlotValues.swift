import Telemetry

/// The words in one place of a shape, unpacked. Rows are counted among those of the shape.
struct SlotValues {
    private enum Content {
        case constant([UInt8])
        case numbers(prefix: [UInt8], digits: Int, [UInt64])
        case hexadecimal(digits: Int, [UInt8])
        case words([[UInt8]], places: [UInt16])
        /// Where each word begins, and where the last ends.
        case plain([Int], [UInt8])
    }

    private let content: Content

    /// Nil if the bytes are not `count` words of the form.
    init?(_ form: SlotForm, _ bytes: ArraySlice<UInt8>, count: Int) {
        switch form {
        case .constant(let word): content = .constant(word)
        case .numbers(let numbers):
            guard bytes.count == count * numbers.width else { return nil }
            content = .numbers(
                prefix: numbers.prefix, digits: numbers.digits, Self.numbers(numbers, bytes, count: count))
        case .hexadecimal(let digits):
            guard bytes.count == count * digits / 2 else { return nil }
            content = .hexadecimal(digits: digits, Array(bytes))
        case .words(let words):
            let isWide = words.count > 256
            guard bytes.count == count * (isWide ? 2 : 1) else { return nil }
            let start = bytes.startIndex
            let places = (0..<count).map { row in
                UInt16(bytes[start + row]) | (isWide ? UInt16(bytes[start + count + row]) << 8 : 0)
            }
            guard places.allSatisfy({ Int($0) < words.count }) else { return nil }
            content = .words(words, places: places)
        case .plain:
            guard let plain = Self.plain(bytes, count: count) else { return nil }
            content = plain
        }
    }

    private static func numbers(_ form: SlotForm.Numbers, _ bytes: ArraySlice<UInt8>, count: Int) -> [UInt64] {
        var numbers = [UInt64](repeating: 0, count: count)
        bytes.withUnsafeBufferPointer { bytes in
            numbers.withUnsafeMutableBufferPointer { numbers in
                for plane in 0..<form.width {
                    for row in 0..<count { numbers[row] |= UInt64(bytes[plane &* count &+ row]) &<< UInt64(plane * 8) }
                }
                var last = form.least
                for row in 0..<count {
                    if form.isDelta {
                        last = last &+ UInt64(bitPattern: Int64(Int(zigzag: numbers[row])))
                        numbers[row] = last
                    } else {
                        numbers[row] &+= form.least
                    }
                }
            }
        }
        return numbers
    }

    private static func plain(_ bytes: ArraySlice<UInt8>, count: Int) -> Content? {
        bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            var starts = [0]
            starts.reserveCapacity(count + 1)
            var sum = 0
            for _ in 0..<count {
                guard let length = reader.count() else { return nil }
                sum += length
                starts.append(sum)
            }
            guard reader.remaining == sum, let text = reader.take(sum) else { return nil }
            return .plain(starts, Array(text))
        }
    }

    /// Numbers without anything in front, if the words are that.
    var numbers: [UInt64]? {
        if case .numbers(let prefix, _, let numbers) = content, prefix.isEmpty { return numbers }
        return nil
    }

    /// Appends the word of a row.
    func append(_ row: Int, to text: inout [UInt8]) {
        switch content {
        case .constant(let word): text += word
        case .numbers(let prefix, let digits, let numbers):
            text += prefix
            Self.append(numbers[row], digits: digits, to: &text)
        case .hexadecimal(let digits, let bytes):
            for index in row * digits / 2..<(row + 1) * digits / 2 {
                text.append(Self.digit(bytes[index] >> 4))
                text.append(Self.digit(bytes[index] & 15))
            }
        case .words(let words, let places): text += words[Int(places[row])]
        case .plain(let starts, let bytes): text += bytes[starts[row]..<starts[row + 1]]
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    private static func append(_ number: UInt64, digits: Int, to text: inout [UInt8]) {
        let start = text.count
        var rest = number
        repeat {
            text.append(0x30 + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        while text.count - start < digits { text.append(0x30) }
        text[start...].reverse()
    }

    /// The rows whose word is this one, in lower case, or holds it, if the word is a whole text.
    func rows(_ word: [UInt8], count: Int, isWhole: Bool) -> [Int] {
        switch content {
        case .constant(let own): return Self.isSame(own[...], word, isWhole) ? Array(0..<count) : []
        case .numbers(let prefix, let digits, let numbers):
            guard Self.isSame(word[..<min(prefix.count, word.count)], prefix.map(LogWord.lower), false),
                let wanted = Self.number(word[prefix.count...], digits: digits)
            else { return [] }
            return numbers.withUnsafeBufferPointer { numbers in
                (0..<numbers.count).filter { numbers[$0] == wanted }
            }
        case .hexadecimal(let digits, let bytes):
            guard word.count == digits, let wanted = Self.hexadecimal(word), let first = wanted.first else { return [] }
            let width = wanted.count
            return bytes.withUnsafeBufferPointer { bytes in
                (0..<count).filter { row in
                    guard bytes[row &* width] == first else { return false }
                    for index in 1..<max(1, width) where bytes[row &* width &+ index] != wanted[index] { return false }
                    return true
                }
            }
        case .words(let words, let places):
            let wanted = words.map { Self.isSame($0[...], word, isWhole) }
            guard wanted.contains(true) else { return [] }
            return places.indices.filter { wanted[Int(places[$0])] }
        case .plain(let starts, let bytes):
            return (0..<count).filter { row in
                isWhole
                    || starts[row + 1] - starts[row] == word.count
                        && Self.isSame(bytes[starts[row]..<starts[row + 1]], word, false)
            }
        }
    }

    private static func isSame(_ own: ArraySlice<UInt8>, _ word: [UInt8], _ isWhole: Bool) -> Bool {
        isWhole || own.count == word.count && zip(own, word).allSatisfy { LogWord.lower($0) == $1 }
    }

    private static func number(_ word: ArraySlice<UInt8>, digits: Int) -> UInt64? {
        guard !word.isEmpty, word.count <= 19, word.allSatisfy({ LogWord.isDigit($0) }),
            digits == 0 ? word.first != 0x30 || word.count == 1 : word.count == digits
        else { return nil }
        return word.reduce(0) { $0 * 10 + UInt64($1 - 0x30) }
    }

    private static func hexadecimal(_ word: [UInt8]) -> [UInt8]? {
        func value(_ byte: UInt8) -> UInt8? {
            LogWord.isDigit(byte) ? byte - 0x30 : byte &- 0x61 < 6 ? byte - 0x57 : nil
        }
        var bytes: [UInt8] = []
        for at in stride(from: 0, to: word.count - 1, by: 2) {
            guard let high = value(word[at]), let low = value(word[at + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
