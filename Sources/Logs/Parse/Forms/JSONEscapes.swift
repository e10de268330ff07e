/// Escapes in texts of JSON (RFC 8259, 7).
enum JSONEscapes {
    /// nil if an escape is wrong. Half of a letter becomes U+FFFD.
    static func resolved(_ text: ByteView, _ scratch: inout ByteArena) -> ByteView? {
        // No escape stands for more bytes than it has.
        let place = scratch.take(text.count)
        var (from, to) = (0, 0)
        while from < text.count {
            let stop = text.index(of: 0x5C, from: from) ?? text.count
            (place + to).copyMemory(from: text.start + from, byteCount: stop - from)
            to += stop - from
            from = stop
            guard from < text.count else { break }
            guard from + 1 < text.count else { return nil }
            let letter = text[from + 1]
            from += 2
            if letter == UInt8(ascii: "u") {
                guard let scalar = scalar(text, &from) else { return nil }
                for byte in UTF8.encode(scalar)! {
                    place.storeBytes(of: byte, toByteOffset: to, as: UInt8.self)
                    to += 1
                }
                continue
            }
            guard let byte = byte(letter) else { return nil }
            place.storeBytes(of: byte, toByteOffset: to, as: UInt8.self)
            to += 1
        }
        return ByteView(place, to)
    }

    private static func byte(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        default: nil
        }
    }

    private static func scalar(_ text: ByteView, _ from: inout Int) -> Unicode.Scalar? {
        guard let high = unit(text, from) else { return nil }
        from += 4
        if high & 0xFC00 == 0xD800, from + 6 <= text.count, text[from] == 0x5C, text[from + 1] == UInt8(ascii: "u"),
            let low = unit(text, from + 2), low & 0xFC00 == 0xDC00
        {
            from += 6
            return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        }
        return Unicode.Scalar(high) ?? "\u{FFFD}"
    }

    private static func unit(_ text: ByteView, _ from: Int) -> UInt32? {
        guard from + 4 <= text.count else { return nil }
        var unit: UInt32 = 0
        for index in from..<from + 4 {
            let byte = text[index]
            switch byte {
            case 0x30...0x39: unit = unit << 4 | UInt32(byte - 0x30)
            case 0x41...0x46, 0x61...0x66: unit = unit << 4 | UInt32((byte | 0x20) - 0x61 + 10)
            default: return nil
            }
        }
        return unit
    }
}
