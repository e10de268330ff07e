import Telemetry

/// A record of an agent's buffer: lines, and how far what they were read from was read with them.
/// Bytes: docs/formats/log-spool.md.
struct SpoolRecord {
    static let version: UInt8 = 1
    static let inputsMax = 1024
    static let cursorBytesMax = 4096

    /// Which segment of the log it is in.
    var segment: UInt64
    var identity: UInt64
    /// Of the batch, or, if there is none, of the last one before it.
    var number: UInt64
    var acknowledged: UInt64
    var lost = LogSpool.Loss()
    /// Whether places that are not in it are none.
    var isWhole: Bool
    var places: [FilePlace] = []
    var forgotten: [LogFileKey] = []
    /// How far other inputs were read, by their names.
    var cursors: [String: String] = [:]
    var lines = 0
    /// Of the lines, before they were encoded.
    var lineBytes = 0

    /// The bytes in front of the batch.
    var head: [UInt8] {
        var bytes: [UInt8] = [Self.version]
        bytes.append(fixed: segment)
        bytes.append(fixed: identity)
        bytes.append(varint: number)
        bytes.append(varint: acknowledged)
        bytes.append(varint: lost.batches)
        bytes.append(varint: lost.lines)
        bytes.append(varint: lost.bytes)
        bytes.append(isWhole ? 1 : 0)
        bytes.append(varint: places.count)
        for place in places { place.encode(into: &bytes) }
        bytes.append(varint: forgotten.count)
        for key in forgotten {
            bytes.append(varint: key.device)
            bytes.append(varint: key.inode)
        }
        bytes.append(varint: cursors.count)
        for (name, cursor) in cursors.sorted(by: { $0.key < $1.key }) {
            bytes.append(text: name)
            bytes.append(text: cursor)
        }
        bytes.append(varint: lines)
        bytes.append(varint: lineBytes)
        return bytes
    }

    /// Reads what is in front of the batch, which is the rest.
    init?(_ reader: inout ByteReader) {
        guard reader.byte() == Self.version, let segment = reader.fixed(UInt64.self),
            let identity = reader.fixed(UInt64.self), let number = reader.varint(), let acknowledged = reader.varint(),
            let batches = reader.count(limit: .max), let lines = reader.count(limit: .max),
            let bytes = reader.count(limit: .max), let whole = reader.byte(), whole < 2
        else { return nil }
        self.init(
            segment: segment, identity: identity, number: number, acknowledged: acknowledged,
            lost: LogSpool.Loss(batches: batches, lines: lines, bytes: bytes), isWhole: whole == 1)
        guard let places = reader.count(limit: reader.remaining) else { return nil }
        for _ in 0..<places {
            guard let place = FilePlace(&reader) else { return nil }
            self.places.append(place)
        }
        guard let forgotten = reader.count(limit: reader.remaining) else { return nil }
        for _ in 0..<forgotten {
            guard let device = reader.varint(), let inode = reader.varint() else { return nil }
            self.forgotten.append(LogFileKey(device: device, inode: inode))
        }
        guard let cursors = reader.count(limit: Self.inputsMax) else { return nil }
        for _ in 0..<cursors {
            guard let name = reader.text(limit: Self.cursorBytesMax),
                let cursor = reader.text(limit: Self.cursorBytesMax)
            else { return nil }
            self.cursors[name] = cursor
        }
        guard let lineCount = reader.count(limit: .max), let lineBytes = reader.count(limit: .max) else { return nil }
        self.lines = lineCount
        self.lineBytes = lineBytes
    }

    init(
        segment: UInt64, identity: UInt64, number: UInt64, acknowledged: UInt64, lost: LogSpool.Loss, isWhole: Bool
    ) {
        self.segment = segment
        self.identity = identity
        self.number = number
        self.acknowledged = acknowledged
        self.lost = lost
        self.isWhole = isWhole
    }
}
