/// Lines of text: a time at the front and a level in the first words, if there are any.
enum PlainForm {
    static func parse(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        var rest = text
        var from = 0
        let opens = text[0] == UInt8(ascii: "[")
        if opens { from = 1 }
        if from < text.count, let found = TimeText.prefix(text.dropFirst(from), now: builder.line.now) {
            var end = from + found.count
            let isClosed = !opens || end < text.count && text[end] == UInt8(ascii: "]")
            if opens { end += 1 }
            if isClosed, end >= text.count || isSeparator(text[end]) {
                builder.line.setTime(found.time)
                while end < text.count, isSeparator(text[end]) { end += 1 }
                rest = text.dropFirst(end)
                builder.line.message = rest
            }
        }
        if let level = LevelText.leading(rest) { builder.line.level = level }
        return true
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == UInt8(ascii: "|") || byte == UInt8(ascii: ":")
    }
}
