import SystemPackage

/// What belongs to a store. It is replaced as a whole, so a store is always as before a flush or as after
/// it; a file that it does not name is what a lost process left. Bytes: docs/formats/series.md.
struct Manifest: Hashable, Sendable {
    static let version: UInt64 = 1
    static let name = "manifest"

    /// The generation of the next head.
    var generation: UInt64 = 1
    /// The first segment of the log whose points are not in blocks.
    var log: UInt64 = 1
    /// The number of the next file.
    var nextFile: UInt64 = 1
    /// The number of the next series.
    var nextSeries: UInt64 = 1
    /// The file of names and its size; 0 is none.
    var names: UInt64 = 0
    var namesBytes = 0
    var blocks: [BlockInfo] = []

    var bytes: [UInt8] {
        var payload: [UInt8] = []
        for number in [Self.version, generation, log, nextFile, nextSeries, names] { payload.append(varint: number) }
        payload.append(varint: namesBytes)
        payload.append(varint: blocks.count)
        for block in blocks {
            payload.append(varint: block.file)
            payload.append(varint: block.step)
            payload.append(varint: block.generations.lowerBound)
            payload.append(varint: block.generations.upperBound)
            payload.append(varint: block.slots.lowerBound)
            payload.append(varint: block.slots.upperBound)
            payload.append(varint: block.chunks)
            payload.append(varint: block.bytes)
        }
        var bytes = Array("apusman1".utf8)
        payload.withUnsafeBytes { LogSegment.frame($0, into: &bytes) }
        return bytes
    }

    /// Nil if the bytes are no manifest.
    init?(_ bytes: [UInt8]) {
        let parsed: Manifest? = bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            guard reader.take(8)?.elementsEqual("apusman1".utf8) == true, let length = reader.fixed(UInt32.self),
                let sum = reader.fixed(UInt32.self), let payload = reader.take(Int(length)), reader.remaining == 0,
                LogSegment.checksum(length, payload) == sum
            else { return nil }
            var fields = ByteReader(payload)
            return Self.parse(&fields)
        }
        guard let parsed else { return nil }
        self = parsed
    }

    init() {}

    private static func parse(_ reader: inout ByteReader) -> Manifest? {
        var manifest = Manifest()
        guard reader.varint() == version, let generation = reader.varint(), let log = reader.varint(),
            let nextFile = reader.varint(), let nextSeries = reader.varint(), let names = reader.varint(),
            let namesBytes = reader.count(limit: 1 << 48), let count = reader.count()
        else { return nil }
        (manifest.generation, manifest.log, manifest.nextFile) = (generation, log, nextFile)
        (manifest.nextSeries, manifest.names, manifest.namesBytes) = (nextSeries, names, namesBytes)
        for _ in 0..<count {
            guard let file = reader.varint(), let step = reader.count(), step > 0, let from = reader.varint(),
                let to = reader.varint(), from <= to, let first = reader.count(limit: 1 << 50),
                let last = reader.count(limit: 1 << 50), first <= last, let chunks = reader.count(),
                let bytes = reader.count(limit: 1 << 48)
            else { return nil }
            manifest.blocks.append(
                BlockInfo(
                    file: file, step: step, generations: from...to, slots: first...last, chunks: chunks, bytes: bytes))
        }
        return manifest
    }
}
