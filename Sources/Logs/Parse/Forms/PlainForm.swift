/// Lines of text: a time at the front and a level in the first words, if there are any. What is known of a line already
/// stays.
enum PlainForm {
    static func parse(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        var rest = text
        var from = 0
        let opens = text[0] == UInt8(ascii: "[")
        if opens { from = 1 }
        if !builder.line.hasTime, from < text.count,
            let found = TimeText.prefix(text.dropFirst(from), now: builder.line.now)
        {
            var end = from + found.count
            let isClosed = !opens || end < text.count && text[end] == UInt8(ascii: "]")
            if opens { end += 1 }
            if isClosed, isLikely(found.time, text, from, builder.line.now), end >= text.count || isSeparator(text[end])
            {
                builder.line.setTime(found.time)
                while end < text.count, isSeparator(text[end]) { end += 1 }
                rest = text.dropFirst(end)
                builder.line.message = rest
            }
        }
        if builder.line.level == .none, let level = LevelText.leading(rest) { builder.line.level = level }
        return true
    }

    /// A number at the front of a line is a time only if it is one of these weeks.
    private static func isLikely(_ time: Int64, _ text: ByteView, _ from: Int, _ now: Int64) -> Bool {
        let month: Int64 = 31 * 86_400 * 1_000_000_000
        let isNumber = from + 4 < text.count && ByteView.isDigit(text[from]) && ByteView.isDigit(text[from + 4])
        return !isNumber || text.count > from + 8 && text[from + 8] == UInt8(ascii: "T") || abs(time - now) < month
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == UInt8(ascii: "|") || byte == UInt8(ascii: ":")
    }
}
