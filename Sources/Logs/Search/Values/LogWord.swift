/// Words of lines: longest runs of ASCII letters, digits, `_` and bytes of 0x80 and above.
package enum LogWord {
    /// Whether a byte is part of a word.
    @inline(__always)
    package static func isPart(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
            || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte == UInt8(ascii: "_")
    }

    /// The small letter of a capital of ASCII; other bytes as they are.
    @inline(__always)
    package static func lower(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// Whether a text has a phrase that neither begins nor ends within a word.
    /// - Parameters:
    ///   - phrase: in small letters.
    ///   - isPrefix: whether it may end within a word.
    package static func contains(_ phrase: [UInt8], in text: UnsafeRawBufferPointer, isPrefix: Bool = false) -> Bool {
        guard let first = phrase.first, let last = phrase.last else { return true }
        let bindsLeft = isPart(first)
        let bindsRight = !isPrefix && isPart(last)
        var at = 0
        while at + phrase.count <= text.count {
            if lower(text[at]) == first, !(bindsLeft && at > 0 && isPart(text[at - 1])),
                !(bindsRight && at + phrase.count < text.count && isPart(text[at + phrase.count])),
                isEqual(phrase, text, at)
            {
                return true
            }
            at += 1
        }
        return false
    }

    private static func isEqual(_ phrase: [UInt8], _ text: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        for index in 1..<max(1, phrase.count) where lower(text[at + index]) != phrase[index] { return false }
        return true
    }
}
