/// Puts the canonical name of a series together from a metric's name and its labels, as bytes:
/// `path;key=value;key=value`, ordered by key.
///
/// What Graphite's form does not allow is replaced: white space, control characters and `;` by `_`, in keys `=`,
/// `!` and `^` as well, `~` at the begin of a value. Empty nodes of a path, and labels with an empty key or
/// value, are left out. The label `name` becomes `name_`, since `name` is the path's own tag.
struct TaggedName {
    private var bytes: [UInt8] = []
    private var pathEnd = 0
    private var tags: [(key: Range<Int>, value: Range<Int>)] = []
    private var isValid = true

    init() { bytes.reserveCapacity(256) }

    /// Begins a name anew.
    mutating func begin(_ path: some Collection<UInt8>) {
        bytes.removeAll(keepingCapacity: true)
        tags.removeAll(keepingCapacity: true)
        isValid = true
        appendPath(path)
    }

    /// Makes the path longer, before the first label: `_bucket`, `.count`.
    mutating func appendPath(_ text: some Collection<UInt8>) {
        let begin = bytes.count
        for byte in text {
            if byte == UInt8(ascii: "."), bytes.isEmpty || bytes.last == byte { continue }
            bytes.append(Self.isPlain(byte) ? byte : UInt8(ascii: "_"))
        }
        check(begin..<bytes.count)
        pathEnd = bytes.count
    }

    /// A label. The first of one key counts.
    mutating func add(_ key: some Collection<UInt8>, _ value: some Collection<UInt8>) {
        guard !key.isEmpty, !value.isEmpty else { return }
        let begin = bytes.count
        for byte in key {
            let isAllowed = Self.isPlain(byte) && byte != UInt8(ascii: "=") && byte != UInt8(ascii: "!")
            bytes.append(isAllowed && byte != UInt8(ascii: "^") ? byte : UInt8(ascii: "_"))
        }
        if bytes[begin...].elementsEqual("name".utf8) { bytes.append(UInt8(ascii: "_")) }
        let middle = bytes.count
        for byte in value {
            let isFirst = bytes.count == middle
            bytes.append(Self.isPlain(byte) && !(isFirst && byte == UInt8(ascii: "~")) ? byte : UInt8(ascii: "_"))
        }
        check(begin..<bytes.count)
        tags.append((begin..<middle, middle..<bytes.count))
    }

    mutating func add(_ key: String, _ value: String) { add(key.utf8, value.utf8) }

    /// Writes the name at the end of `output`. False if it is none: no path, too long, too many tags, or not
    /// UTF-8; nothing is written then. The labels stay as they are, so that a name can be written again.
    mutating func write(to output: inout [UInt8]) -> Bool {
        var end = pathEnd
        while end > 0, bytes[end - 1] == UInt8(ascii: ".") { end -= 1 }
        guard isValid, end > 0, tags.count <= SeriesName.tagsMax else { return false }
        sort()
        let begin = output.count
        output += bytes[..<end]
        for (index, tag) in tags.enumerated() {
            if index > 0, bytes[tags[index - 1].key] == bytes[tag.key] { continue }
            output.append(UInt8(ascii: ";"))
            output += bytes[tag.key]
            output.append(UInt8(ascii: "="))
            output += bytes[tag.value]
        }
        guard output.count - begin <= SeriesName.bytesMax else {
            output.removeSubrange(begin...)
            return false
        }
        return true
    }

    /// By insertion: there are few, and they often are in order; it keeps the order of equal keys.
    private mutating func sort() {
        guard tags.count > 1 else { return }
        for index in 1..<tags.count {
            var place = index
            while place > 0, isOrdered(tags[place].key, before: tags[place - 1].key) {
                tags.swapAt(place, place - 1)
                place -= 1
            }
        }
    }

    private func isOrdered(_ left: Range<Int>, before right: Range<Int>) -> Bool {
        bytes[left].lexicographicallyPrecedes(bytes[right])
    }

    private mutating func check(_ range: Range<Int>) {
        if bytes[range].contains(where: { $0 >= 0x80 }), String(validating: bytes[range], as: UTF8.self) == nil {
            isValid = false
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool { byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: ";") }
}
