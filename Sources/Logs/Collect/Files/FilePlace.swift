package import Telemetry

/// How far a file was read, and by what it is known again: a number of a file alone may be another's later, and a
/// file that was emptied and has grown again looks as if it had gone on.
package struct FilePlace: Hashable, Sendable {
    package static let pathBytesMax = 4096
    /// A file is known again by its first bytes, of so many.
    static let headEnds = [64, 256, FileMark.bytesMax]
    static let pastMax = 12

    package var key: LogFileKey
    /// Where it was last.
    package var path: String
    /// Where it was when it was found: what it is called for users, however it is rotated.
    package var origin: String
    /// All before it is read.
    package var position = 0
    /// Of the first bytes.
    var head: [FileMark] = []
    /// Of the bytes before the position, and before earlier ones, oldest first.
    var past: [FileMark] = []
    var tail = FileMark.none
    /// Whether the rest of the line at the position is left out, because it is too long.
    var isSkipping = false
    /// The file that this one was copied from, while that is still read: nothing is read here until it is emptied.
    var original: LogFileKey?
    /// Bytes up to this were read from the file that it is a copy of, if they end with what the mark says.
    var copied = FileMark.none
    /// Seconds since 1970 when it was last seen.
    package var seen: Int64 = 0

    package init(key: LogFileKey, path: String) {
        self.key = key
        self.path = path
        origin = path
    }

    /// As of a file that is empty.
    mutating func reset() {
        position = 0
        head = []
        past = []
        tail = .none
        isSkipping = false
        original = nil
        copied = .none
    }

    /// Moves to a position that is behind `bytes`: those before it, as many as one mark is over, or all.
    mutating func mark(_ bytes: UnsafeRawBufferPointer) {
        guard tail.end != position else { return }
        if tail.count > 0 { past.append(tail) }
        // The nearer to the end, the closer they are.
        if past.count > Self.pastMax {
            past = past.enumerated().filter { $0.offset >= Self.pastMax / 2 || $0.offset.isMultiple(of: 2) }
                .map(\.element)
        }
        tail = FileMark(bytes, end: position)
    }

    /// All marks that a file of some size must have if this place is one of it or of its copy.
    func marks(within size: Int) -> [FileMark] { (head + past + [tail]).filter { $0.end <= size && $0.count > 0 } }
}

extension FilePlace {
    package func encode(into bytes: inout [UInt8]) {
        bytes.append(varint: key.device)
        bytes.append(varint: key.inode)
        bytes.append(text: path)
        bytes.append(text: origin == path ? "" : origin)
        bytes.append(varint: position)
        bytes.append(varint: UInt64(max(seen, 0)))
        bytes.append((isSkipping ? 1 : 0) | (original == nil ? 0 : 2))
        if let original {
            bytes.append(varint: original.device)
            bytes.append(varint: original.inode)
        }
        copied.encode(into: &bytes)
        tail.encode(into: &bytes)
        for marks in [head, past] {
            bytes.append(varint: marks.count)
            for mark in marks { mark.encode(into: &bytes) }
        }
    }

    package init?(_ reader: inout ByteReader) {
        guard let device = reader.varint(), let inode = reader.varint(),
            let path = reader.text(limit: Self.pathBytesMax), let origin = reader.text(limit: Self.pathBytesMax),
            let position = reader.count(limit: .max), let seen = reader.count(limit: .max), let flags = reader.byte(),
            flags < 4
        else { return nil }
        self.init(key: LogFileKey(device: device, inode: inode), path: path)
        if !origin.isEmpty { self.origin = origin }
        self.position = position
        self.seen = Int64(seen)
        isSkipping = flags & 1 != 0
        if flags & 2 != 0 {
            guard let device = reader.varint(), let inode = reader.varint() else { return nil }
            original = LogFileKey(device: device, inode: inode)
        }
        guard let copied = FileMark(&reader), let tail = FileMark(&reader),
            let head = Self.marks(&reader, max: Self.headEnds.count),
            let past = Self.marks(&reader, max: Self.pastMax + 1)
        else { return nil }
        self.copied = copied
        self.tail = tail
        self.head = head
        self.past = past
    }

    private static func marks(_ reader: inout ByteReader, max: Int) -> [FileMark]? {
        guard let count = reader.count(limit: max) else { return nil }
        var marks: [FileMark] = []
        for _ in 0..<count {
            guard let mark = FileMark(&reader) else { return nil }
            marks.append(mark)
        }
        return marks
    }
}
