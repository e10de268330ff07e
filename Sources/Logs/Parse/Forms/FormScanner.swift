/// Cuts a line into its parts, from the front.
struct FormScanner {
    private(set) var rest: ByteView

    init(_ text: ByteView) { rest = text }

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard rest.count > 0, rest[0] == byte else { return false }
        rest = rest.dropFirst(1)
        return true
    }

    mutating func take(_ text: StaticString) -> Bool {
        guard rest.starts(with: text) else { return false }
        rest = rest.dropFirst(text.utf8CodeUnitCount)
        return true
    }

    mutating func drop(_ count: Int) { rest = rest.dropFirst(count) }

    /// What is in front of a byte, which is taken too; nil if it does not come.
    @inline(__always)
    mutating func upTo(_ byte: UInt8) -> ByteView? {
        guard let place = rest.index(of: byte) else { return nil }
        defer { rest = rest.dropFirst(place + 1) }
        return rest.slice(0, place)
    }

    /// What is in front of the next blank, which is taken too, or of the end; nil at the end.
    @inline(__always)
    mutating func word() -> ByteView? {
        guard rest.count > 0 else { return nil }
        guard let word = upTo(0x20) else {
            defer { rest = rest.dropFirst(rest.count) }
            return rest
        }
        return word
    }

    /// A text in quotes, with its escapes as they stand, and the blank behind it; nil if there is none.
    mutating func quoted() -> ByteView? {
        guard rest.count > 1, rest[0] == 0x22 else { return nil }
        var from = 1
        while let quote = rest.index(of: 0x22, from: from) {
            var slashes = 0
            while rest[quote - 1 - slashes] == 0x5C { slashes += 1 }
            if slashes % 2 == 1 {
                from = quote + 1
                continue
            }
            let text = rest.slice(1, quote)
            rest = rest.dropFirst(quote + 1)
            _ = take(0x20)
            return text
        }
        return nil
    }
}
