import Telemetry

/// What belongs to a store. It is replaced as a whole. Bytes: docs/formats/log-store.md.
struct LogManifest: Hashable, Sendable {
    static let name = "manifest"
    static let magic = Array("apuslgm1".utf8)

    struct Segment: Hashable, Sendable {
        var number: UInt64
        var bytes: Int
        /// Bytes at its beginning that are only in the archive.
        var missing: Int
    }

    struct Sender: Hashable, Sendable {
        var number: UInt64
        /// When it was last heard of: nanoseconds since 1970.
        var seen: Int64
    }

    /// The first segment of the log whose lines are not in segments.
    var log: UInt64 = 1
    var nextSegment: UInt64 = 1
    var segments: [Segment] = []
    var senders: [String: Sender] = [:]

    init() {}

    var bytes: [UInt8] {
        var payload: [UInt8] = [1]
        payload.append(varint: log)
        payload.append(varint: nextSegment)
        payload.append(varint: segments.count)
        for segment in segments {
            payload.append(varint: segment.number)
            payload.append(varint: segment.bytes)
            payload.append(varint: segment.missing)
        }
        payload.append(varint: senders.count)
        for (name, sender) in senders.sorted(by: { $0.key < $1.key }) {
            payload.append(text: name)
            payload.append(varint: sender.number)
            payload.append(zigzag: Int(sender.seen))
        }
        var bytes = Self.magic
        bytes.append(fixed: Checksum.of(payload))
        return bytes + payload
    }

    /// Nil if the bytes are no manifest.
    init?(_ bytes: [UInt8]) {
        let parsed: LogManifest? = bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            guard reader.take(8)?.elementsEqual(Self.magic) == true, let checksum = reader.fixed(UInt32.self),
                Checksum.of(UnsafeRawBufferPointer(rebasing: raw[reader.position...])) == checksum
            else { return nil }
            return Self.parse(&reader)
        }
        guard let parsed else { return nil }
        self = parsed
    }

    private static func parse(_ reader: inout ByteReader) -> LogManifest? {
        var manifest = LogManifest()
        guard reader.byte() == 1, let log = reader.varint(), let next = reader.varint(),
            let segments = reader.count(limit: reader.remaining)
        else { return nil }
        (manifest.log, manifest.nextSegment) = (log, next)
        for _ in 0..<segments {
            guard let number = reader.varint(), let bytes = reader.count(limit: 1 << 50),
                let missing = reader.count(limit: bytes)
            else { return nil }
            manifest.segments.append(Segment(number: number, bytes: bytes, missing: missing))
        }
        guard let senders = reader.count(limit: reader.remaining) else { return nil }
        for _ in 0..<senders {
            guard let name = reader.text(limit: reader.remaining), let number = reader.varint(),
                let seen = reader.zigzag()
            else { return nil }
            manifest.senders[name] = Sender(number: number, seen: Int64(seen))
        }
        return reader.remaining == 0 ? manifest : nil
    }
}
