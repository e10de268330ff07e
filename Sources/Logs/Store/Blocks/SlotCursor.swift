import Telemetry

/// Goes over the descriptions of slots without making anything of them: there are thousands in a block, and a search
/// wants few. Nothing is read past the end.
struct SlotCursor {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position: Int

    init(_ reader: ByteReader) {
        bytes = reader.bytes
        position = reader.position
    }

    /// Passes over the form of a slot and where its data are. False if there is none.
    mutating func skip() -> Bool {
        guard let kind = byte() else { return false }
        switch kind {
        case 0: return skipWord()
        case 1, 2: guard skipNumbers() else { return false }
        case 3: guard skip(1) else { return false }
        case 4:
            guard let count = number() else { return false }
            var left = count
            while left > 0 {
                guard skipWord() else { return false }
                left -= 1
            }
        case 5: break
        case 6: guard number() != nil, skipWord() else { return false }
        case 7:
            guard let count = byte() else { return false }
            for _ in 0..<count { guard byte() != nil, skipNumbers() else { return false } }
            guard skipWord() else { return false }
        default: return false
        }
        switch byte() {
        case 0: return number() != nil && number() != nil
        case 1: return number() != nil && number() != nil && number() != nil && skip(4)
        default: return false
        }
    }

    private mutating func skipNumbers() -> Bool { skipWord() && skip(1) && number() != nil && skip(1) }

    /// Whether the slot that is next could hold a word, which is in lower case.
    func mayHold(_ word: [UInt8]) -> Bool {
        var rest = self
        guard let kind = rest.byte() else { return true }
        switch kind {
        case 0: return rest.word().map { $0.count == word.count && Self.begins($0, word[...]) } ?? true
        case 1, 2:
            guard let prefix = rest.word(), let digits = rest.byte() else { return true }
            return word.count > prefix.count && Self.begins(prefix, word[...])
                && (digits == 0 || word.count - prefix.count == Int(digits))
                && word[prefix.count...].allSatisfy { LogWord.isDigit($0) }
        case 3:
            guard let digits = rest.byte() else { return true }
            return word.count == Int(digits) && word.allSatisfy { LogWord.isDigit($0) || $0 &- 0x61 < 6 }
        case 4, 6:
            guard var left = rest.number(), kind == 4 || rest.number() != nil else { return true }
            while left > 0, let own = rest.word() {
                if own.count == word.count, Self.begins(own, word[...]) { return true }
                left -= 1
            }
            return left > 0
        case 7: return rest.mayHoldCompound(word)
        default: return true
        }
    }

    private mutating func mayHoldCompound(_ word: [UInt8]) -> Bool {
        guard let count = byte() else { return true }
        var rest = word[...]
        for _ in 0..<count {
            guard byte() != nil, let prefix = self.word(), skip(1), number() != nil, skip(1) else { return true }
            guard rest.count > prefix.count, Self.begins(prefix, rest) else { return false }
            let digits = rest.dropFirst(prefix.count).prefix { LogWord.isDigit($0) }
            if digits.isEmpty { return false }
            rest = rest[digits.endIndex...]
        }
        return self.word().map { $0.count == rest.count && Self.begins($0, rest) } ?? true
    }

    /// Whether the word begins with a text of any case.
    private static func begins(_ text: UnsafeRawBufferPointer, _ word: ArraySlice<UInt8>) -> Bool {
        guard text.count <= word.count else { return false }
        for index in 0..<text.count where LogWord.lower(text[index]) != word[word.startIndex + index] { return false }
        return true
    }

    @inline(__always)
    private mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        position &+= 1
        return bytes[position &- 1]
    }

    /// A varint that is a count or any other number.
    @inline(__always)
    private mutating func number() -> UInt64? {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position &+= 1
            result |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return result }
            shift &+= 7
        }
        return nil
    }

    @inline(__always)
    private mutating func skip(_ count: Int) -> Bool {
        guard bytes.count &- position >= count else { return false }
        position &+= count
        return true
    }

    @inline(__always)
    private mutating func skipWord() -> Bool {
        guard let count = number(), count <= UInt64(bytes.count &- position) else { return false }
        position &+= Int(count)
        return true
    }

    @inline(__always)
    private mutating func word() -> UnsafeRawBufferPointer? {
        guard let count = number(), count <= UInt64(bytes.count &- position) else { return nil }
        defer { position &+= Int(count) }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position &+ Int(count)])
    }
}
