/// What steers terminals, in texts.
enum ControlText {
    private static let escape: UInt8 = 0x1B

    /// Without sequences that colour and move (ECMA-48: `ESC [ … letter`, `ESC ] … BEL`), and without control
    /// characters but tabs and newlines.
    static func cleaned(_ text: ByteView, _ scratch: inout ByteArena) -> ByteView {
        guard let first = firstControl(text) else { return text }
        let place = scratch.take(text.count)
        place.copyMemory(from: text.start, byteCount: first)
        var (from, to) = (first, first)
        while from < text.count {
            let byte = text[from]
            if byte == escape {
                from = sequenceEnd(text, from)
            } else {
                if byte >= 0x20 && byte != 0x7F || byte == 0x09 || byte == 0x0A {
                    place.storeBytes(of: byte, toByteOffset: to, as: UInt8.self)
                    to += 1
                }
                from += 1
            }
        }
        return ByteView(place, to)
    }

    private static func firstControl(_ text: ByteView) -> Int? {
        for index in 0..<text.count {
            let byte = text[index]
            if byte < 0x20 && byte != 0x09 && byte != 0x0A || byte == 0x7F { return index }
        }
        return nil
    }

    /// Without colours, if it has any: what else steers stays as it is, for it may be an attack that should be seen.
    static func withoutColours(_ text: ByteView, _ scratch: inout ByteArena) -> ByteView {
        guard var next = text.index(of: escape) else { return text }
        let place = scratch.take(text.count)
        var (from, to) = (0, 0)
        while true {
            var end = next + 1
            if end < text.count, text[end] == UInt8(ascii: "[") {
                end += 1
                while end < text.count, ByteView.isDigit(text[end]) || text[end] == 0x3B || text[end] == 0x3A {
                    end += 1
                }
            }
            let isColour = end < text.count && end > next + 1 && text[end] == UInt8(ascii: "m")
            let keep = isColour ? next : next + 1
            (place + to).copyMemory(from: text.start + from, byteCount: keep - from)
            to += keep - from
            from = isColour ? end + 1 : next + 1
            guard let following = text.index(of: escape, from: from) else { break }
            next = following
        }
        (place + to).copyMemory(from: text.start + from, byteCount: text.count - from)
        return ByteView(place, to + text.count - from)
    }

    /// Where the sequence that begins with an escape ends.
    private static func sequenceEnd(_ text: ByteView, _ start: Int) -> Int {
        var index = start + 1
        guard index < text.count else { return index }
        switch text[index] {
        case UInt8(ascii: "["):
            index += 1
            while index < text.count, text[index] < 0x40, text[index] >= 0x20 { index += 1 }
            return min(index + 1, text.count)
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            while index < text.count, text[index] != 0x07, text[index] != escape { index += 1 }
            if index + 1 < text.count, text[index] == escape, text[index + 1] == 0x5C { index += 1 }
            return min(index + 1, text.count)
        default: return index + 1
        }
    }
}
