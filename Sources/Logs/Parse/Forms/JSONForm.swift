/// Objects of JSON: members become fields, those of nested objects with dots in their names; lists stay text.
///
/// The members that usually hold the message, the time and the level are taken for that (`ProgramNames`), the first of
/// each kind; `null` is nothing. The message of an object without one is empty.
enum JSONForm {
    /// Objects in objects beyond that stay text.
    private static let depthMax = 16

    private struct Reading {
        var roles = DocumentRoles()
        /// The name of the object in hand with a dot behind it.
        var path: [UInt8] = []
    }

    static func parse(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        var cursor = JSONCursor(text)
        cursor.skipBlanks()
        guard cursor.next == 0x7B else { return false }
        guard read(&cursor, &builder) else { return false }
        cursor.skipBlanks()
        return cursor.next == nil
    }

    /// Reads an object in front of the cursor, which is behind it then.
    static func read(_ cursor: inout JSONCursor, _ builder: inout LogBatchBuilder) -> Bool {
        var reading = Reading()
        guard object(&cursor, &builder, &reading, depth: 0) else { return false }
        if !reading.roles.hasMessage { builder.line.message = .empty }
        return true
    }

    private static func object(
        _ cursor: inout JSONCursor, _ builder: inout LogBatchBuilder, _ reading: inout Reading, depth: Int
    ) -> Bool {
        guard cursor.take(0x7B) else { return false }
        cursor.skipBlanks()
        if cursor.take(0x7D) { return true }
        while true {
            cursor.skipBlanks()
            guard let key = cursor.string(&builder.line.scratch) else { return false }
            cursor.skipBlanks()
            guard cursor.take(0x3A) else { return false }
            cursor.skipBlanks()
            guard member(key, &cursor, &builder, &reading, depth: depth) else { return false }
            cursor.skipBlanks()
            if cursor.take(0x2C) { continue }
            return cursor.take(0x7D)
        }
    }

    @inline(__always)
    private static func member(
        _ key: ByteView, _ cursor: inout JSONCursor, _ builder: inout LogBatchBuilder, _ reading: inout Reading,
        depth: Int
    ) -> Bool {
        guard let first = cursor.next else { return false }
        let value: ByteView
        switch first {
        case 0x22:
            guard let text = cursor.string(&builder.line.scratch) else { return false }
            value = text
        case 0x7B where depth < depthMax:
            let length = reading.path.count
            reading.path.append(contentsOf: key.buffer)
            reading.path.append(UInt8(ascii: "."))
            // A name that is too long names nothing more: what is in it stays text.
            guard reading.path.count <= NameTable.nameBytesMax else {
                reading.path.removeLast(reading.path.count - length)
                fallthrough
            }
            defer { reading.path.removeLast(reading.path.count - length) }
            return object(&cursor, &builder, &reading, depth: depth + 1)
        case 0x7B, 0x5B:
            guard let text = cursor.skipValue() else { return false }
            value = text
        default:
            guard let text = cursor.scalar() else { return false }
            if text.equals("null") { return true }
            value = text
        }
        let name = reading.path.isEmpty ? builder.name(key) : name(key, &builder, &reading)
        if reading.roles.take(name, value, &builder.line) { return true }
        builder.line.set(name, value)
        return true
    }

    private static func name(
        _ key: ByteView, _ builder: inout LogBatchBuilder, _ reading: inout Reading
    ) -> UInt32 {
        let length = reading.path.count
        reading.path.append(contentsOf: key.buffer)
        defer { reading.path.removeLast(reading.path.count - length) }
        return reading.path.withUnsafeBytes { builder.name(ByteView($0)) }
    }
}
