import Telemetry

/// What is in a segment: docs/formats/log-store.md, "Segments".
struct SegmentDirectory: Sendable {
    static let magic = Array("apuslgs1".utf8)
    static let endMagic = Array("apuslge1".utf8)
    static let footerBytes = 28

    struct Entry: Sendable {
        var stream: Int
        var summary: BlockSummary
        /// Where the block begins in the file.
        var offset: Int
        var bytes: Int
        /// Where its filter begins, behind the first filter.
        var filter: Int
    }

    /// Days since 1970, of most of its lines.
    var day: Int
    /// When its newest lines came, at the latest: nanoseconds since 1970.
    var created: Int64
    var streams: [LogStream] = []
    var entries: [Entry] = []
    /// Where filters begin, which are behind the blocks.
    var filters = 0

    init(day: Int, created: Int64) {
        self.day = day
        self.created = created
    }

    var firstTime: Int64 { entries.reduce(.max) { min($0, $1.summary.firstTime) } }
    var lastTime: Int64 { entries.reduce(.min) { max($0, $1.summary.lastTime) } }
    var rows: Int { entries.reduce(0) { $0 + $1.summary.rows } }

    /// Directory and footer.
    var bytes: [UInt8] {
        var names: [String: Int] = [:]
        var list: [String] = []
        for name in entries.flatMap(\.summary.names) where names[name] == nil {
            names[name] = list.count
            list.append(name)
        }
        var bytes: [UInt8] = [1]
        bytes.append(zigzag: day)
        bytes.append(zigzag: Int(created))
        bytes.append(varint: streams.count)
        for stream in streams {
            bytes.append(varint: stream.labels.count)
            for label in stream.labels {
                bytes.append(text: label.name)
                bytes.append(text: label.value)
            }
        }
        bytes.append(varint: list.count)
        for name in list { bytes.append(text: name) }
        bytes.append(varint: entries.count)
        for entry in entries {
            let summary = entry.summary
            for number in [entry.stream, entry.offset, entry.bytes, entry.filter, summary.rows] {
                bytes.append(varint: number)
            }
            bytes.append(zigzag: Int(summary.firstTime))
            bytes.append(zigzag: Int(summary.lastTime))
            bytes.append(fixed: summary.levels)
            bytes.append(varint: summary.headerBytes)
            bytes.append(fixed: summary.headerChecksum)
            bytes.append(varint: summary.filterBuckets)
            bytes.append(varint: summary.names.count)
            for name in summary.names { bytes.append(varint: names[name] ?? 0) }
        }
        let count = bytes.count
        let checksum = Checksum.of(bytes)
        var footer: [UInt8] = []
        footer.append(fixed: UInt64(filters))
        footer.append(fixed: UInt32(count))
        footer.append(fixed: checksum)
        footer.append(fixed: Checksum.of(footer))
        return bytes + footer + Self.endMagic
    }

    /// Reads directory and footer from the end of a file. Nil if they are damaged.
    /// - Parameter missing: bytes of the segment that are not in this file, in front.
    static func read(_ file: any StoredFile, missing: Int) throws(FileFault) -> SegmentDirectory? {
        let size = try file.size()
        guard size >= footerBytes else { return nil }
        let footer = try file.read(footerBytes, at: size - footerBytes)
        let ends: (filters: Int, count: Int, checksum: UInt32)? = footer.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            guard let filters = reader.fixed(UInt64.self), let count = reader.fixed(UInt32.self),
                let checksum = reader.fixed(UInt32.self), let own = reader.fixed(UInt32.self),
                own == Checksum.of(UnsafeRawBufferPointer(rebasing: raw[..<16])),
                reader.take(8)?.elementsEqual(endMagic) == true, filters < 1 << 50
            else { return nil }
            return (Int(filters), Int(count), checksum)
        }
        guard let ends, ends.count <= size - footerBytes else { return nil }
        let start = size - footerBytes - ends.count
        let bytes = try file.read(ends.count, at: start)
        guard Checksum.of(bytes) == ends.checksum else { return nil }
        return bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            guard var directory = parse(&reader, filters: ends.filters, end: start + missing) else { return nil }
            directory.filters = ends.filters
            return directory
        }
    }

    private static func parse(_ reader: inout ByteReader, filters: Int, end: Int) -> SegmentDirectory? {
        guard reader.byte() == 1, let day = reader.zigzag(), let created = reader.zigzag(),
            let streams = reader.count(limit: reader.remaining)
        else { return nil }
        var directory = SegmentDirectory(day: day, created: Int64(created))
        for _ in 0..<streams {
            guard let count = reader.count(limit: reader.remaining) else { return nil }
            var labels: [LogStream.Label] = []
            for _ in 0..<count {
                guard let name = reader.text(limit: reader.remaining), let value = reader.text(limit: reader.remaining)
                else { return nil }
                labels.append(.init(name, value))
            }
            directory.streams.append(LogStream(labels))
        }
        guard let nameCount = reader.count(limit: reader.remaining) else { return nil }
        var names: [String] = []
        for _ in 0..<nameCount {
            guard let name = reader.text(limit: reader.remaining) else { return nil }
            names.append(name)
        }
        guard let blocks = reader.count(limit: reader.remaining) else { return nil }
        for _ in 0..<blocks {
            guard let entry = entry(&reader, names), entry.stream < streams, entry.offset + entry.bytes <= filters,
                filters + entry.filter + WordFilter.bytes(buckets: entry.summary.filterBuckets) <= end
            else { return nil }
            directory.entries.append(entry)
        }
        return reader.remaining == 0 ? directory : nil
    }

    private static func entry(_ reader: inout ByteReader, _ names: [String]) -> Entry? {
        let limit = 1 << 50
        guard let stream = reader.count(), let offset = reader.count(limit: limit),
            let bytes = reader.count(limit: limit), let filter = reader.count(limit: limit),
            let rows = reader.count(), let first = reader.zigzag(), let last = reader.zigzag(), first <= last,
            let levels = reader.fixed(UInt16.self), let headerBytes = reader.count(), headerBytes <= bytes,
            let checksum = reader.fixed(UInt32.self), let buckets = reader.count(limit: 1 << 26), buckets > 0,
            let count = reader.count(limit: reader.remaining)
        else { return nil }
        var own: [String] = []
        for _ in 0..<count {
            guard let name = reader.count(), name < names.count else { return nil }
            own.append(names[name])
        }
        let summary = BlockSummary(
            rows: rows, firstTime: Int64(first), lastTime: Int64(last), levels: levels, names: own,
            headerBytes: headerBytes, headerChecksum: checksum, filterBuckets: buckets)
        return Entry(stream: stream, summary: summary, offset: offset, bytes: bytes, filter: filter)
    }
}
