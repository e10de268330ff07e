/// Words as filters of blocks know them.
extension LogWord {
    /// For each byte 0 if it is of no word, 1 if it is, 3 if it is a digit.
    static let classes: [UInt8] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): 3
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...: 1
        default: 0
        }
    }

    /// Decimal numbers of up to four digits are in nearly every block, so filters leave them out.
    @inline(__always)
    static func isCommon(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        if count > 4 { return false }
        for index in 0..<count where !isDigit(start[index]) { return false }
        return true
    }

    @inline(__always)
    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// Upper case ASCII letters as lower case, eight bytes at a time.
    @inline(__always)
    private static func lower(_ word: UInt64) -> UInt64 {
        let sevens = word & 0x7F7F_7F7F_7F7F_7F7F
        let fromA = sevens &+ 0x3F3F_3F3F_3F3F_3F3F
        let aboveZ = sevens &+ 0x2525_2525_2525_2525
        return word | ((fromA ^ aboveZ) & ~word & 0x8080_8080_8080_8080) &>> 2
    }

    @inline(__always)
    private static func load(_ start: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
    }

    @inline(__always)
    private static func load32(_ start: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(UInt32(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)))
    }

    /// The hash of a word without its case, odd. Part of the format of filters: docs/formats/log-store.md.
    @inline(__always)
    static func hash(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        if count >= 8 {
            var offset = 0
            while offset &+ 8 < count {
                hash = mix(hash ^ lower(load(start + offset)), 0xA076_1D64_78BD_642F)
                offset &+= 8
            }
            hash = mix(hash ^ lower(load(start + (count &- 8))), 0xA076_1D64_78BD_642F)
        } else if count >= 4 {
            let word = load32(start) | load32(start + (count &- 4)) &<< 32
            hash = mix(hash ^ lower(word), 0xA076_1D64_78BD_642F)
        } else if count > 0 {
            let word = UInt64(start[0]) | UInt64(start[count &>> 1]) &<< 8 | UInt64(start[count &- 1]) &<< 16
            hash = mix(hash ^ lower(word), 0xA076_1D64_78BD_642F)
        }
        return mix(hash ^ 0xE703_7ED1_A0B4_28DB, 0x8EBC_6AF0_9C88_C6E3) | 1
    }

    /// The text with a zero in place of each word that has a digit.
    static func shape(of text: UnsafeRawBufferPointer) -> [UInt8] {
        var shape: [UInt8] = []
        var at = 0
        forEach(in: text) { range in
            shape += text[at..<range.lowerBound]
            if text[range].contains(where: isDigit) { shape.append(0x30) } else { shape += text[range] }
            at = range.upperBound
        }
        return shape + text[at...]
    }

    /// Calls `body` with where each word is.
    static func forEach(in bytes: UnsafeRawBufferPointer, _ body: (Range<Int>) -> Void) {
        var at = 0
        while at < bytes.count {
            guard isPart(bytes[at]) else {
                at += 1
                continue
            }
            let start = at
            while at < bytes.count, isPart(bytes[at]) { at += 1 }
            body(start..<at)
        }
    }
}

extension LogTest {
    /// Hashes of words that a value must have to pass, as far as that can be said.
    var neededWords: [UInt64] {
        switch self {
        case .phrase(let bytes), .equals(let bytes): return Self.words(of: bytes[...])
        case .prefix(let bytes):
            // The last word may go on, unless something follows it.
            let end = bytes.lastIndex { !LogWord.isPart($0) }.map { $0 + 1 } ?? 0
            return Self.words(of: bytes[..<end])
        case .matches(let pattern):
            // Only words with an end on both sides are whole.
            return pattern.literals.flatMap { literal in
                guard let first = literal.firstIndex(where: { !LogWord.isPart($0) }),
                    let last = literal.lastIndex(where: { !LogWord.isPart($0) })
                else { return [UInt64]() }
                return Self.words(of: literal[first...last])
            }
        case .range, .level, .exists: return []
        }
    }

    private static func words(of bytes: ArraySlice<UInt8>) -> [UInt64] {
        var hashes: [UInt64] = []
        Array(bytes).withUnsafeBytes { raw in
            LogWord.forEach(in: raw) { range in
                guard let start = raw.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
                if !LogWord.isCommon(start + range.lowerBound, range.count) {
                    hashes.append(LogWord.hash(start + range.lowerBound, range.count))
                }
            }
        }
        return hashes
    }
}
