/// What an error line is told from others by: its first line without words that have digits, and without what is in
/// quotes.
///
/// A form in memory: bytes, with `0` for what is left out. There is no other digit in it.
enum ErrorShape {
    /// Bytes of a line that are looked at: what tells kinds of errors apart stands at the front.
    static let bytesMax = 200
    private static let slot: UInt8 = 0x30
    private static let quotedMax = 80
    private static let traceback = Array("Traceback (most recent call last):".utf8)

    /// Puts the shape into `shape`, which is emptied.
    static func read(_ message: UnsafeRawBufferPointer, into shape: inout [UInt8]) {
        shape.removeAll(keepingCapacity: true)
        let line = telling(message)
        var at = 0
        while at < line.count {
            let byte = line[at]
            if LogWord.isPart(byte) {
                let start = at
                var hasDigit = false
                while at < line.count, LogWord.isPart(line[at]) {
                    hasDigit = hasDigit || LogWord.isDigit(line[at])
                    at += 1
                }
                if hasDigit { addSlot(to: &shape) } else { shape += line[start..<at] }
            } else if byte == 0x22 || byte == 0x27, let end = end(ofQuote: byte, at, line) {
                shape.append(byte)
                addSlot(to: &shape)
                shape.append(byte)
                at = end + 1
            } else if byte == 0x1B, let end = end(ofColour: at, line) {
                at = end
            } else {
                shape.append(byte < 0x20 ? 0x20 : byte)
                at += 1
            }
        }
    }

    static func text(_ shape: [UInt8]) -> String { LogText.shown(BlockRows.text(ofShape: shape)) }

    /// The line of an event that says what went wrong: the first, or the last of Python's traces.
    private static func telling(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var text = trimmed(message)
        if text.starts(with: traceback) {
            if let last = text.lastIndex(of: 0x0A) { text = UnsafeRawBufferPointer(rebasing: text[(last + 1)...]) }
        } else if let end = text.firstIndex(of: 0x0A) {
            text = UnsafeRawBufferPointer(rebasing: text[..<end])
        }
        text = trimmed(text)
        var count = min(text.count, bytesMax)
        // A part of a word is none of the line's words.
        if count < text.count, LogWord.isPart(text[count]) {
            count = text[..<count].lastIndex { !LogWord.isPart($0) } ?? count
        }
        return UnsafeRawBufferPointer(rebasing: text[..<count])
    }

    private static func trimmed(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let first = text.firstIndex(where: { $0 > 0x20 }), let last = text.lastIndex(where: { $0 > 0x20 }) else {
            return UnsafeRawBufferPointer(rebasing: text.prefix(0))
        }
        return UnsafeRawBufferPointer(rebasing: text[first...last])
    }

    /// Where a quotation ends; nil: the mark is an apostrophe, or nothing closes it near.
    private static func end(ofQuote mark: UInt8, _ start: Int, _ line: UnsafeRawBufferPointer) -> Int? {
        if start > 0, LogWord.isPart(line[start - 1]) { return nil }
        let limit = min(line.count, start + quotedMax)
        return line[(start + 1)..<limit].firstIndex(of: mark)
    }

    /// What follows `ESC [ 1 ; 31 m`; nil: it is something else.
    private static func end(ofColour start: Int, _ line: UnsafeRawBufferPointer) -> Int? {
        var at = start + 1
        guard at < line.count, line[at] == 0x5B else { return nil }
        repeat { at += 1 } while at < line.count && (LogWord.isDigit(line[at]) || line[at] == 0x3B)
        return at < line.count && line[at] == 0x6D ? at + 1 : nil
    }

    private static func addSlot(to shape: inout [UInt8]) {
        // `10.0.0.1` and `10.0.0.12:443` are one thing: slots with nothing but points and the like between them.
        if let last = shape.lastIndex(of: slot), shape[(last + 1)...].allSatisfy({ joins.contains($0) }) {
            shape.removeSubrange((last + 1)...)
        } else {
            shape.append(slot)
        }
    }

    private static let joins = Array(".:-/".utf8)
}
