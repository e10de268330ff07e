/// Cleans keys as statsd does, and makes tags into Graphite's.
///
/// Keys: white space becomes `_`, `/` becomes `-`, and all but `[a-zA-Z_\-0-9.;=]` is dropped; empty nodes
/// are left out, which Graphite could not keep. Tags of the key (`;k=v`) and of DogStatsD (`k:v`) are
/// ordered by key, and of one key the last counts; a tag without value gets the value `true`, as Telegraf
/// does. Values keep what `SeriesName` allows in them.
/// Source: statsd, stats.js `sanitizeKeyName`; graphite-web, docs/tags.rst.
enum StatsdName {
    /// The canonical name, or nil if nothing is left of the path, or it is too long.
    static func canonical(key: UnsafeRawBufferPointer, tags: UnsafeRawBufferPointer) -> [UInt8]? {
        let parts = key.split(separator: ASCII.semicolon, omittingEmptySubsequences: false)
        guard let first = parts.first else { return nil }
        var name: [UInt8] = []
        name.reserveCapacity(key.count + tags.count + 8)
        var isBlank = false
        for byte in first {
            // A run of blanks is one.
            let wasBlank = isBlank
            isBlank = byte == ASCII.space || (0x09...0x0D).contains(byte)
            if !(isBlank && wasBlank) { append(byte, to: &name) }
        }
        if name.last == ASCII.dot { name.removeLast() }
        guard !name.isEmpty else { return nil }
        if parts.count > 1 || !tags.isEmpty {
            var found: [(key: [UInt8], value: [UInt8])] = []
            for part in parts.dropFirst() { add(part, ASCII.equals, to: &found) }
            for part in tags.split(separator: ASCII.comma) { add(part, ASCII.colon, to: &found) }
            guard found.count <= SeriesName.tagsMax else { return nil }
            found.sort { $0.key.lexicographicallyPrecedes($1.key) }
            for tag in found {
                name.append(ASCII.semicolon)
                name += tag.key
                name.append(ASCII.equals)
                name += tag.value
            }
        }
        // The aggregator adds a prefix and what was counted.
        return name.count <= SeriesName.bytesMax - 128 ? name : nil
    }

    @inline(__always)
    private static func clean(_ byte: UInt8) -> UInt8? {
        if ASCII.isLetter(byte) || ASCII.isDigit(byte) { return byte }
        switch byte {
        case ASCII.underscore, ASCII.minus, ASCII.dot, ASCII.equals: return byte
        case ASCII.space, 0x09...0x0D: return ASCII.underscore
        case ASCII.slash: return ASCII.minus
        default: return nil
        }
    }

    private static func append(_ byte: UInt8, to name: inout [UInt8]) {
        guard let byte = clean(byte) else { return }
        if byte == ASCII.dot, name.isEmpty || name.last == ASCII.dot { return }
        name.append(byte)
    }

    private static func add(
        _ part: Slice<UnsafeRawBufferPointer>, _ separator: UInt8,
        to tags: inout [(key: [UInt8], value: [UInt8])]
    ) {
        // A PHP client writes `#` before every tag.
        let part = part.first == ASCII.hash ? part.dropFirst() : part
        let middle = part.firstIndex(of: separator) ?? part.endIndex
        var key = part[..<middle].compactMap { byte in
            byte == ASCII.equals || byte == ASCII.semicolon ? nil : clean(byte)
        }
        var value = value(part[middle...].dropFirst())
        while value.first == ASCII.tilde { value.removeFirst() }
        if key.isEmpty { return }
        if key == Array("name".utf8) { key = Array("tag_name".utf8) }
        if value.isEmpty { value = Array("true".utf8) }
        tags.removeAll { $0.key == key }
        tags.append((key, value))
    }

    private static func value(_ bytes: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        let isASCII = bytes.allSatisfy { $0 < 0x80 }
        let isText = isASCII || String(validating: bytes, as: UTF8.self) != nil
        return bytes.compactMap { byte in
            switch byte {
            case ASCII.space, 0x09...0x0D: ASCII.underscore
            case 0x21..<0x7F where byte != ASCII.semicolon: byte
            case 0x80... where isText: byte
            default: nil
            }
        }
    }
}
