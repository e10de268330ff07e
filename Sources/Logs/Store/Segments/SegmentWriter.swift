import SystemPackage
import Telemetry

/// Writes a segment: blocks as they come, then filters, directory and footer.
struct SegmentWriter {
    private let file: any StoredFile
    private var directory: SegmentDirectory
    private var places: [LogStream: Int] = [:]
    private var offset: Int
    private var filters: [UInt8] = []

    init(_ path: FilePath, day: Int, created: Int64, on files: any FileSystem) throws(FileFault) {
        file = try files.create(path)
        directory = SegmentDirectory(day: day, created: created)
        try file.append(SegmentDirectory.magic)
        offset = SegmentDirectory.magic.count
    }

    /// Bytes of what was written so far.
    var bytes: Int { offset + filters.count }

    mutating func append(_ block: SealedBlock) throws(FileFault) {
        try file.append(block.bytes)
        let place = places[block.stream] ?? directory.streams.count
        if place == directory.streams.count {
            places[block.stream] = place
            directory.streams.append(block.stream)
        }
        directory.entries.append(
            SegmentDirectory.Entry(
                stream: place, summary: block.summary, offset: offset, bytes: block.bytes.count, filter: filters.count))
        offset += block.bytes.count
        filters += block.filter
    }

    /// Ends the file and makes it safe. Returns its size.
    mutating func finish() throws(FileFault) -> Int {
        directory.filters = offset
        try file.append(filters)
        let end = directory.bytes
        try file.append(end)
        try file.sync()
        return offset + filters.count + end.count
    }
}
