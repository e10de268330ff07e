import Glibc

/// Reads JSON where it lies, forward only. Texts without escapes are views of the input.
struct JSONCursor {
    /// Levels of nesting; what is deeper is not read.
    static let depthMax = 512

    private(set) var place: UnsafeRawPointer
    let end: UnsafeRawPointer

    init(_ text: ByteView) {
        place = text.start
        end = text.end
    }

    @inline(__always)
    var next: UInt8? { place < end ? place.load(as: UInt8.self) : nil }

    @inline(__always)
    mutating func skipBlanks() {
        while place < end {
            let byte = place.load(as: UInt8.self)
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            place += 1
        }
    }

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard place < end, place.load(as: UInt8.self) == byte else { return false }
        place += 1
        return true
    }

    /// With the quote in front: what is between the quotes, as it stands, and whether it has escapes.
    @inline(__always)
    mutating func rawString() -> (text: ByteView, hasEscapes: Bool)? {
        guard take(0x22) else { return nil }
        let start = place
        // Eight bytes at a time, until one of them is a quote or a backslash.
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        while place + 8 <= end {
            let word = UInt64(littleEndian: place.loadUnaligned(as: UInt64.self))
            let quote = word ^ 0x2222_2222_2222_2222
            let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
            let hits = ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & highs
            if hits == 0 {
                place += 8
                continue
            }
            place += hits.trailingZeroBitCount &>> 3
            break
        }
        while place < end {
            let byte = place.load(as: UInt8.self)
            if byte == 0x22 {
                defer { place += 1 }
                return (ByteView(start, to: place), false)
            }
            if byte == 0x5C { return escaped(from: start) }
            place += 1
        }
        return nil
    }

    @inline(never)
    private mutating func escaped(from start: UnsafeRawPointer) -> (text: ByteView, hasEscapes: Bool)? {
        while place < end {
            let byte = place.load(as: UInt8.self)
            if byte == 0x22 {
                defer { place += 1 }
                return (ByteView(start, to: place), true)
            }
            if byte == 0x5C {
                place += 2
                continue
            }
            let rest = ByteView(place, to: end)
            let quote = rest.index(of: 0x22) ?? rest.count
            place += ByteView(place, quote).index(of: 0x5C) ?? quote
        }
        return nil
    }

    /// A text without its escapes; nil if there is none, or an escape is wrong.
    @inline(__always)
    mutating func string(_ scratch: inout ByteArena) -> ByteView? {
        guard let (text, hasEscapes) = rawString() else { return nil }
        return hasEscapes ? JSONEscapes.resolved(text, &scratch) : text
    }

    /// A number or `true`, `false`, `null`, as it stands.
    @inline(__always)
    mutating func scalar() -> ByteView? {
        let start = place
        while place < end {
            switch place.load(as: UInt8.self) {
            case 0x30...0x39, 0x2D, 0x2B, 0x2E, 0x61...0x7A, 0x45:
                place += 1
                continue
            default: break
            }
            break
        }
        let text = ByteView(start, to: place)
        guard text.count > 0 else { return nil }
        if ByteView.isDigit(text[0]) { return text }
        if text[0] == 0x2D { return text.count > 1 && ByteView.isDigit(text[1]) ? text : nil }
        return text.equals("true") || text.equals("false") || text.equals("null") ? text : nil
    }

    /// Passes over a value of any kind; nil if there is none.
    mutating func skipValue() -> ByteView? {
        skipBlanks()
        let start = place
        guard let first = next else { return nil }
        switch first {
        case 0x22: return rawString().map { _ in ByteView(start, to: place) }
        case 0x7B, 0x5B: return skipNested() ? ByteView(start, to: place) : nil
        default: return scalar()
        }
    }

    /// Passes over what brackets hold, without recursion. Brackets must fit together; what is between them is not
    /// looked at closely.
    private mutating func skipNested() -> Bool {
        var kinds: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
        return withUnsafeMutableBytes(of: &kinds) { kinds in
            var depth = 0
            while let byte = next {
                switch byte {
                case 0x22:
                    guard rawString() != nil else { return false }
                    continue
                case 0x7B, 0x5B:
                    guard depth < Self.depthMax else { return false }
                    let bit = UInt8(1) << UInt8(depth & 7)
                    if byte == 0x7B { kinds[depth >> 3] |= bit } else { kinds[depth >> 3] &= ~bit }
                    depth += 1
                case 0x7D, 0x5D:
                    depth -= 1
                    let isObject = kinds[depth >> 3] >> UInt8(depth & 7) & 1 == 1
                    guard isObject == (byte == 0x7D) else { return false }
                    if depth == 0 {
                        place += 1
                        return true
                    }
                default: break
                }
                place += 1
            }
            return false
        }
    }
}
