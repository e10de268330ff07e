import Telemetry

/// Finds the form of the words in one place of a shape, and writes them in it.
struct SlotWriter: ~Copyable {
    private static let distinctMax = 4096
    /// From so many words on a list of distinct ones is tried.
    private static let listMin = 16

    /// The words.
    var words = Growing<WordPlace>(capacity: 1 << 12)
    /// What was written.
    var data = Growing<UInt8>(capacity: 1 << 14)
    var numbers = Growing<UInt64>(capacity: 1 << 12)
    /// How far each word was taken.
    var positions = Growing<Int>(capacity: 1 << 12)
    private var places = Growing<UInt16>(capacity: 1 << 12)
    private var table = Growing<UInt32>(capacity: 1 << 14)
    private var hashes = Growing<UInt64>(capacity: 1 << 12)
    private var found = Growing<WordPlace>(capacity: 1 << 12)

    /// Writes `words` to `data`, and adds them to `filter`. There is at least one.
    mutating func write(_ filter: inout WordSet) -> SlotForm {
        data.removeAll()
        let first = words[0]
        var same = true
        var shortest = first.count
        var longest = first.count
        for index in 1..<max(1, words.count) {
            let word = words[index]
            shortest = min(shortest, word.count)
            longest = max(longest, word.count)
            if same, !word.equals(first) { same = false }
        }
        if same {
            Self.note(first, &filter)
            return .constant(first.bytes)
        }
        if let form = asNumbers(shortest, longest, &filter) { return form }
        if shortest == longest, let form = asHexadecimal(longest) {
            noteAll(&filter)
            return form
        }
        if words.count >= Self.listMin, let form = asWords() {
            for index in 0..<found.count { Self.note(found[index], &filter) }
            return form
        }
        noteAll(&filter)
        if let form = asCompound() { return form }
        asPlain()
        return .plain
    }

    /// Writes `words` as they are, whatever they are. Their own words are added to `filter`.
    mutating func writePlain(_ filter: inout WordSet) -> SlotForm {
        data.removeAll()
        for index in 0..<words.count { Self.noteText(words[index], &filter) }
        asPlain()
        return .plain
    }

    @inline(__always)
    static func note(_ word: WordPlace, _ filter: inout WordSet) {
        if !LogWord.isCommon(word.start, word.count) { filter.insert(LogWord.hash(word.start, word.count)) }
    }

    static func noteText(_ text: WordPlace, _ filter: inout WordSet) {
        var at = 0
        while at < text.count {
            guard LogWord.isPart(text.start[at]) else {
                at += 1
                continue
            }
            let start = at
            while at < text.count, LogWord.isPart(text.start[at]) { at += 1 }
            note(WordPlace(text.start + start, at - start), &filter)
        }
    }

    private func noteAll(_ filter: inout WordSet) {
        for index in 0..<words.count {
            let word = words[index]
            Self.note(word, &filter)
        }
    }

    private mutating func asNumbers(_ shortest: Int, _ longest: Int, _ filter: inout WordSet) -> SlotForm? {
        let first = words[0]
        var prefix = 0
        while prefix < first.count, !LogWord.isDigit(first.start[prefix]) { prefix += 1 }
        guard prefix < shortest, longest - prefix <= 19, prefix <= 255 else { return nil }
        let isPadded = shortest == longest
        var hasZeros = false
        numbers.removeAll()
        numbers.reserve(words.count)
        for index in 0..<words.count {
            let word = words[index]
            guard WordPlace(word.start, prefix).equals(WordPlace(first.start, prefix)) else { return nil }
            var value: UInt64 = 0
            var at = prefix
            while at < word.count {
                let digit = word.start[at] &- 0x30
                guard digit < 10 else { return nil }
                value = value &* 10 &+ UInt64(digit)
                at &+= 1
            }
            if word.start[prefix] == 0x30, word.count &- prefix > 1 {
                guard isPadded else { return nil }
                hasZeros = true
            }
            numbers.append(value)
        }
        if prefix > 0 || longest > 4 { noteAll(&filter) }
        return .numbers(
            pack(prefix: WordPlace(first.start, prefix).bytes, digits: hasZeros ? longest - prefix : 0))
    }

    mutating func pack(prefix: [UInt8], digits: Int) -> SlotForm.Numbers {
        var least = UInt64.max
        var most: UInt64 = 0
        var stepMost: UInt64 = 0
        for index in 0..<numbers.count {
            let number = numbers[index]
            least = min(least, number)
            most = max(most, number)
            if index > 0 { stepMost = max(stepMost, Self.step(numbers[index &- 1], number)) }
        }
        let width = Self.bytes(most - least)
        let stepWidth = Self.bytes(stepMost)
        let isDelta = stepWidth < width
        var result = SlotForm.Numbers(
            prefix: prefix, digits: digits, least: isDelta ? numbers[0] : least, width: isDelta ? stepWidth : width,
            isDelta: isDelta)
        if isDelta {
            var last = numbers[0]
            for index in 0..<numbers.count {
                let number = numbers[index]
                numbers[index] = Self.step(last, number)
                last = number
            }
        } else {
            for index in 0..<numbers.count { numbers[index] &-= least }
        }
        if result.width == 0 { result.width = 1 }
        let count = numbers.count
        data.reserve(count * result.width)
        let start = data.count
        for plane in 0..<result.width {
            let out = data.start + start + plane * count
            let shift = UInt64(plane * 8)
            for index in 0..<count { out[index] = UInt8(truncatingIfNeeded: numbers[index] &>> shift) }
        }
        data.setCount(start + count * result.width)
        return result
    }

    /// Zigzag of what a number is more than the one before.
    @inline(__always)
    private static func step(_ last: UInt64, _ number: UInt64) -> UInt64 {
        Int(Int64(bitPattern: number &- last)).zigzag
    }

    private static func bytes(_ number: UInt64) -> Int { (64 - number.leadingZeroBitCount + 7) / 8 }

    private mutating func asHexadecimal(_ digits: Int) -> SlotForm? {
        guard digits >= 4, digits <= 64, digits % 2 == 0 else { return nil }
        for index in 0..<words.count {
            let word = words[index]
            data.reserve(digits / 2)
            for at in stride(from: 0, to: digits, by: 2) {
                guard let high = Self.hexadecimal(word.start[at]), let low = Self.hexadecimal(word.start[at + 1]) else {
                    data.removeAll()
                    return nil
                }
                data.append(high << 4 | low)
            }
        }
        return .hexadecimal(digits: digits)
    }

    @inline(__always)
    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        return byte &- 0x61 < 6 ? byte &- 0x61 + 10 : nil
    }

    private mutating func asWords() -> SlotForm? {
        let limit = min(Self.distinctMax, words.count / 4)
        let mask = (1 << 13) - 1
        table.fill(0, count: mask + 1)
        found.removeAll()
        hashes.removeAll()
        places.removeAll()
        for index in 0..<words.count {
            let word = words[index]
            // Words that differ in case only are two, so this is not the filter's hash.
            let hash = word.hash
            var slot = Int(truncatingIfNeeded: hash &>> 7) & mask
            while true {
                let entry = Int(table[slot])
                if entry == 0 {
                    guard found.count < limit else { return nil }
                    found.append(word)
                    hashes.append(hash)
                    table[slot] = UInt32(found.count)
                    places.append(UInt16(found.count - 1))
                    break
                }
                if hashes[entry - 1] == hash, found[entry - 1].equals(word) {
                    places.append(UInt16(entry - 1))
                    break
                }
                slot = (slot &+ 1) & mask
            }
        }
        let count = places.count
        for index in 0..<count { data.append(UInt8(truncatingIfNeeded: places[index])) }
        if found.count > 256 { for index in 0..<count { data.append(UInt8(places[index] >> 8)) } }
        return .words((0..<found.count).map { found[$0].bytes })
    }

    private mutating func asPlain() {
        for index in 0..<words.count { data.append(varint: UInt64(words[index].count)) }
        for index in 0..<words.count { data.append(words[index].start, count: words[index].count) }
    }
}
