extension LogBatch {
    /// The bytes of a text; valid as long as the call of `body`.
    package func withBytes<Result>(of text: Text, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { bytes in
            let start = Int(text.start)
            return body(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(text.count)]))
        }
    }

    /// The value that a name means in a line: that of the line's field (of two the last), or else `message`, `level`
    /// (its word; nil if the line says nothing of it), or else the stream's label; nil if there is none.
    package func value<Result>(
        of name: String, at index: Int, _ body: (UnsafeRawBufferPointer?) -> Result
    ) -> Result {
        let line = lines[index]
        for field in fields[Int(line.firstField)..<Int(line.firstField + line.fieldCount)].reversed()
        where names[Int(field.name)] == name {
            return withBytes(of: field.value) { body($0) }
        }
        var text: String
        switch name {
        case "message": return withBytes(of: line.message) { body($0) }
        case "level":
            guard let level = LogLevel(rawValue: line.level), level != .none else { return body(nil) }
            text = level.word
        default:
            guard let label = streams[Int(line.stream)][name] else { return body(nil) }
            text = label
        }
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
