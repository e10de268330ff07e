extension SlotWriter {
    private static let compoundMax = 8

    /// Words with several numbers, or with something behind their number, if all are alike in what is not a digit.
    mutating func asCompound() -> SlotForm? {
        let first = words[0]
        let (literals, ending) = Self.literals(first)
        guard !literals.isEmpty, literals.count <= Self.compoundMax else { return nil }
        positions.fill(0, count: words.count)
        var forms: [SlotForm.Numbers] = []
        for literal in literals {
            guard let numbers = takeNumbers(behind: literal) else {
                data.removeAll()
                return nil
            }
            forms.append(numbers)
        }
        let isWhole = ending.withUnsafeBufferPointer { bytes in
            (0..<words.count).allSatisfy { index in
                let (word, at) = (words[index], positions[index])
                guard word.count - at == bytes.count else { return false }
                for offset in 0..<bytes.count where word.start[at + offset] != bytes[offset] { return false }
                return true
            }
        }
        guard isWhole else {
            data.removeAll()
            return nil
        }
        return .compound(forms, ending: ending)
    }

    /// What is before each number of a word, and what is behind the last.
    private static func literals(_ word: WordPlace) -> (literals: [[UInt8]], ending: [UInt8]) {
        var literals: [[UInt8]] = []
        var literal: [UInt8] = []
        var at = 0
        while at < word.count {
            guard LogWord.isDigit(word.start[at]) else {
                literal.append(word.start[at])
                at += 1
                continue
            }
            literals.append(literal)
            literal = []
            while at < word.count, LogWord.isDigit(word.start[at]) { at += 1 }
        }
        return (literals, literal)
    }

    /// The next number of each word, whose place is in `positions`; nil if one has none, or something else before it.
    private mutating func takeNumbers(behind literal: [UInt8]) -> SlotForm.Numbers? {
        numbers.removeAll()
        numbers.reserve(words.count)
        var hasZeros = false
        var shortest = Int.max
        var longest = 0
        let isTaken = literal.withUnsafeBufferPointer { literal in
            for index in 0..<words.count {
                let word = words[index]
                var at = positions[index]
                guard word.count - at > literal.count else { return false }
                for offset in 0..<literal.count where word.start[at &+ offset] != literal[offset] { return false }
                at &+= literal.count
                let start = at
                var value: UInt64 = 0
                while at < word.count, LogWord.isDigit(word.start[at]) {
                    value = value &* 10 &+ UInt64(word.start[at] &- 0x30)
                    at &+= 1
                }
                let digits = at - start
                guard digits > 0, digits <= 19 else { return false }
                if digits > 1, word.start[start] == 0x30 { hasZeros = true }
                shortest = min(shortest, digits)
                longest = max(longest, digits)
                positions[index] = at
                numbers.append(value)
            }
            return true
        }
        // Zeros in front are known again only if all are as long.
        guard isTaken, !hasZeros || shortest == longest else { return nil }
        return pack(prefix: literal, digits: hasZeros ? longest : 0)
    }
}
