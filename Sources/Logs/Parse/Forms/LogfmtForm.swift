/// `key=value key="a value" flag`
enum LogfmtForm {
    /// - Parameter isStrict: whether it must be nothing but two or more pairs; otherwise one pair is enough, and
    ///   words without `=` are flags, which are `true`.
    static func parse(_ text: ByteView, _ builder: inout LogBatchBuilder, isStrict: Bool) -> Bool {
        var roles = DocumentRoles()
        var index = 0
        var pairs = 0
        while true {
            while index < text.count, ByteView.isBlank(text[index]) || !isStrict && text[index] == 0x2C { index += 1 }
            guard index < text.count else { break }
            let keyStart = index
            while index < text.count, isKey(text[index]) { index += 1 }
            let key = text.slice(keyStart, index)
            guard key.count > 0, !isStrict || key.count <= 64 else { return false }
            guard index < text.count, text[index] == 0x3D else {
                guard !isStrict, index == text.count || ByteView.isBlank(text[index]) else { return false }
                builder.line.set(builder.name(key), builder.line.scratch.copy("true".utf8))
                continue
            }
            index += 1
            guard let value = value(text, &index, &builder.line.scratch) else { return false }
            pairs += 1
            let name = builder.name(key)
            if !roles.take(name, value, &builder.line) { builder.line.set(name, value) }
        }
        guard pairs >= (isStrict ? 2 : 1) else { return false }
        if !roles.hasMessage { builder.line.message = .empty }
        return true
    }

    private static func value(_ text: ByteView, _ index: inout Int, _ scratch: inout ByteArena) -> ByteView? {
        guard index < text.count else { return text.slice(index, index) }
        guard text[index] == 0x22 else {
            let start = index
            while index < text.count, !ByteView.isBlank(text[index]) {
                // A quote within: it is no logfmt, or it is broken.
                if text[index] == 0x22 { return nil }
                index += 1
            }
            return text.slice(start, index)
        }
        var cursor = JSONCursor(text.dropFirst(index))
        guard let (raw, hasEscapes) = cursor.rawString() else { return nil }
        index = cursor.place - text.start
        guard index == text.count || ByteView.isBlank(text[index]) || text[index] == 0x2C else { return nil }
        return hasEscapes ? JSONEscapes.resolved(raw, &scratch) ?? raw : raw
    }

    @inline(__always)
    private static func isKey(_ byte: UInt8) -> Bool {
        ByteView.isWord(byte) || byte == 0x2E || byte == 0x2D || byte == 0x2F || byte == 0x40 || byte == 0x3A
    }
}
