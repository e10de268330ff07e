import SystemPackage

/// The file that says which number is which series. It is written whole, at a flush after which there are
/// others, and never changed. Bytes: docs/formats/series.md.
enum SeriesCatalog {
    static let magic = Array("apusnam1".utf8)
    private static let frameBytes = 1 << 20

    struct Entry {
        /// Ascending from one entry to the next.
        var number: UInt64
        var source: String
        var name: String
        var last: Int64
    }

    static func path(_ file: UInt64, in folder: FilePath) -> FilePath { folder.appending(fileNumber(file) + ".names") }

    /// Writes the live series. Returns the file's size.
    static func write(
        _ table: borrowing SeriesTable, to path: FilePath, on files: any FileSystem
    ) throws(FileFault) -> Int {
        let file = try files.create(path)
        try file.append(magic)
        var size = magic.count
        let zstd = Zstd()
        var frame: [UInt8] = []
        var name: [UInt8] = []
        var lastNumber: UInt64 = 0
        for place in table.livePlaces {
            let record = table.records[Int(place)]
            frame.append(varint: record.number - lastNumber)
            lastNumber = record.number
            frame.append(text: table.sources[Int(record.source)].text)
            table.names.bytes(of: place) { raw in
                let shared = zip(name, raw).prefix { $0 == $1 }.count
                frame.append(varint: shared)
                frame.append(varint: raw.count - shared)
                frame.append(contentsOf: raw[shared...])
                name.replaceSubrange(shared..., with: raw[shared...])
            }
            frame.append(varint: UInt64(max(0, record.last)))
            if frame.count >= frameBytes {
                size += try append(frame, to: file, zstd)
                frame.removeAll(keepingCapacity: true)
                (name, lastNumber) = ([], 0)
            }
        }
        if !frame.isEmpty { size += try append(frame, to: file, zstd) }
        try file.sync()
        return size
    }

    private static func append(
        _ frame: [UInt8], to file: any StoredFile, _ zstd: Zstd
    ) throws(FileFault) -> Int {
        var payload: [UInt8] = []
        payload.append(varint: frame.count)
        if zstd.compress(frame, under: frame.count, { payload.append(contentsOf: $0) }) == nil {
            payload = [0] + frame
        }
        var bytes: [UInt8] = []
        payload.withUnsafeBytes { LogSegment.frame($0, into: &bytes) }
        try file.append(bytes)
        return bytes.count
    }

    /// Reads a file of a size that is known. Throws if anything in it is not as it was written.
    static func read(
        _ path: FilePath, size: Int, on files: any FileSystem, entry: (Entry) -> Void
    ) throws(TelemetryProblem) {
        let bytes: [UInt8]
        do throws(FileFault) {
            bytes = try files.contents(path)
        } catch {
            throw error.problem("The names of series were not read.")
        }
        let isWhole = bytes.count == size && bytes.withUnsafeBytes { read($0, entry) }
        guard isWhole else {
            throw TelemetryProblem(
                "series.names-damaged", "The names of series were not read.", cause: "\(path) is damaged.",
                remedy: "Put the store's folder back from a backup.")
        }
    }

    private static func read(_ raw: UnsafeRawBufferPointer, _ entry: (Entry) -> Void) -> Bool {
        var reader = ByteReader(raw)
        let zstd = Zstd()
        guard reader.take(magic.count)?.elementsEqual(magic) == true else { return false }
        while reader.remaining > 0 {
            guard let length = reader.fixed(UInt32.self), let sum = reader.fixed(UInt32.self),
                let payload = reader.take(Int(length)), LogSegment.checksum(length, payload) == sum
            else { return false }
            var inner = ByteReader(payload)
            guard let count = inner.count(limit: 4 * frameBytes), let rest = inner.take(inner.remaining) else {
                return false
            }
            guard let frame = count == 0 ? Array(rest) : zstd.decompress(rest, count: count),
                frame.withUnsafeBytes({ readFrame($0, entry) })
            else { return false }
        }
        return true
    }

    private static func readFrame(_ raw: UnsafeRawBufferPointer, _ entry: (Entry) -> Void) -> Bool {
        var reader = ByteReader(raw)
        var name: [UInt8] = []
        var number: UInt64 = 0
        while reader.remaining > 0 {
            guard let delta = reader.varint(), let source = reader.text(limit: 1 << 16),
                let shared = reader.count(limit: name.count), let length = reader.count(),
                let suffix = reader.take(length), let last = reader.varint()
            else { return false }
            number &+= delta
            name.replaceSubrange(shared..., with: suffix)
            entry(
                Entry(
                    number: number, source: source, name: String(decoding: name, as: UTF8.self),
                    last: Int64(clamping: last)))
        }
        return true
    }
}
