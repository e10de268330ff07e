import Telemetry

/// The words in one place of a shape, unpacked. Rows are counted among those of the shape.
struct SlotValues {
    private enum Content {
        case constant([UInt8])
        case numbers(prefix: [UInt8], digits: Int, [UInt64])
        case compound([SlotForm.Numbers], [[UInt64]], ending: [UInt8])
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
        case .compound(let all, let ending):
            guard bytes.count == count * all.reduce(0, { $0 + $1.width }) else { return nil }
            var columns: [[UInt64]] = []
            var rest = bytes
            for form in all {
                columns.append(Self.numbers(form, rest.prefix(count * form.width), count: count))
                rest = rest.dropFirst(count * form.width)
            }
            content = .compound(all, columns, ending: ending)
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
            var position = 0
            var sum = 0
            var isWhole = true
            let starts = [Int](unsafeUninitializedCapacity: count + 1) { starts, filled in
                starts[0] = 0
                filled = 1
                for row in 0..<count {
                    var (length, shift) = (0, 0)
                    while position < raw.count, shift < 35 {
                        let byte = Int(raw[position])
                        position &+= 1
                        length |= (byte & 0x7F) &<< shift
                        shift &+= 7
                        if byte < 0x80 { break }
                    }
                    sum &+= length
                    // A length that is cut off is more than what is left.
                    if shift == 0 || sum > raw.count {
                        isWhole = false
                        return
                    }
                    starts[row &+ 1] = sum
                    filled &+= 1
                }
            }
            guard isWhole, raw.count - position == sum else { return nil }
            return .plain(starts, Array(raw[position...]))
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
        case .compound(let forms, let columns, let ending):
            for (form, numbers) in zip(forms, columns) {
                text += form.prefix
                Self.append(numbers[row], digits: form.digits, to: &text)
            }
            text += ending
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
        case .compound(let forms, let columns, let ending):
            guard let wanted = Self.compound(forms, ending, word) else { return [] }
            return (0..<count).filter { row in
                for index in columns.indices where columns[index][row] != wanted[index] { return false }
                return true
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
            if isWhole { return Array(0..<count) }
            return bytes.withUnsafeBufferPointer { bytes in
                starts.withUnsafeBufferPointer { starts in
                    (0..<count).filter { row in
                        guard starts[row &+ 1] &- starts[row] == word.count else { return false }
                        for index in 0..<word.count
                        where LogWord.lower(bytes[starts[row] &+ index]) != word[index] {
                            return false
                        }
                        return true
                    }
                }
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

    /// The numbers of a word of such a form; nil if it has another.
    private static func compound(
        _ forms: [SlotForm.Numbers], _ ending: [UInt8], _ word: [UInt8]
    ) -> [UInt64]? {
        var rest = word[...]
        var numbers: [UInt64] = []
        for form in forms {
            guard isSame(form.prefix[...], Array(rest.prefix(form.prefix.count)), false) else { return nil }
            rest = rest.dropFirst(form.prefix.count)
            let digits = rest.prefix { LogWord.isDigit($0) }
            guard let number = number(digits, digits: form.digits) else { return nil }
            numbers.append(number)
            rest = rest[digits.endIndex...]
        }
        return isSame(ending[...], Array(rest), false) ? numbers : nil
    }

    /// The rows whose word is this one, in lower case, of words that are kept as they are: without unpacking the
    /// others. Nil if the bytes are not `count` words.
    static func plainRows(_ word: [UInt8], in bytes: ArraySlice<UInt8>, count: Int) -> [Int]? {
        bytes.withUnsafeBytes { raw in
            var (position, sum) = (0, 0)
            var alike: [(row: Int, start: Int)] = []
            for row in 0..<count {
                var (length, shift) = (0, 0)
                while true {
                    guard position < raw.count, shift < 35 else { return nil }
                    let byte = Int(raw[position])
                    position &+= 1
                    length |= (byte & 0x7F) &<< shift
                    shift &+= 7
                    if byte < 0x80 { break }
                }
                if length == word.count { alike.append((row, sum)) }
                sum &+= length
                if sum > raw.count { return nil }
            }
            guard raw.count - position == sum else { return nil }
            return alike.compactMap { row, start in
                for index in 0..<word.count
                where LogWord.lower(raw[position &+ start &+ index]) != word[index] {
                    return nil
                }
                return row
            }
        }
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
