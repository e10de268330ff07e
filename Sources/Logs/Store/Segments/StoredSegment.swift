package import SystemPackage
package import Telemetry

/// Blocks in a file that never changes; or what is left of it here when its blocks are in an archive: their
/// filters and directory.
package final class StoredSegment: Sendable {
    let number: UInt64
    let directory: SegmentDirectory
    let file: any StoredFile
    /// Bytes of the whole segment.
    let bytes: Int
    /// Bytes at its beginning that are not in `file`; 0 if all is here.
    let missing: Int
    let name: String
    let damage: DamageCount

    init(
        _ path: FilePath, number: UInt64, missing: Int = 0, on files: any FileSystem, _ damage: DamageCount
    ) throws(TelemetryProblem) {
        self.number = number
        self.missing = missing
        self.damage = damage
        name = path.lastComponent?.string ?? path.string
        let found: SegmentDirectory?
        do throws(FileFault) {
            file = try files.open(path)
            found = try SegmentDirectory.read(file, missing: missing)
            bytes = try file.size() + missing
        } catch {
            throw error.problem("A segment of lines was not opened.")
        }
        guard let found else {
            throw TelemetryProblem(
                "logs.segment-damaged", "A segment of lines was not opened.",
                cause: "\(path) is damaged: its directory is cut off or its checksums do not fit.",
                remedy: "It is set aside. Put it back from a backup or the archive, if there is one.")
        }
        directory = found
    }

    /// Opens a segment that is anywhere, to read it as a store reads its own.
    package static func open(_ path: FilePath, on files: any FileSystem = Disk()) throws(TelemetryProblem)
        -> StoredSegment
    {
        try StoredSegment(path, number: 0, on: files, DamageCount())
    }

    var isEvicted: Bool { missing > 0 }

    /// The blocks that may hold such lines.
    package func blocks(in window: LogWindow, where filter: LogFilter) -> [any LogBlockReference] {
        references(in: window, where: filter, archive: nil)
    }

    func references(
        in window: LogWindow, where filter: LogFilter, archive: (any LogArchive)?, hidden: Set<Int> = []
    ) -> [StoredReference] {
        let probe = FilterProbe(self)
        return directory.entries.indices.compactMap { index in
            let entry = directory.entries[index]
            guard !hidden.contains(index), entry.summary.lastTime >= window.from,
                entry.summary.firstTime < window.until
            else { return nil }
            let stream = directory.streams[entry.stream]
            let truth = filter.truth(of: entry.summary, stream) { words in
                words.allSatisfy { probe.mayHold($0, entry) }
            }
            return truth == .never ? nil : StoredReference(segment: self, index: index, archive: archive)
        }
    }

    /// A block as it lies in the file, to be copied.
    func copy(_ index: Int) throws(FileFault) -> SealedBlock {
        let entry = directory.entries[index]
        return SealedBlock(
            stream: directory.streams[entry.stream], summary: entry.summary,
            bytes: try file.read(entry.bytes, at: entry.offset - missing),
            filter: try file.read(
                WordFilter.bytes(buckets: entry.summary.filterBuckets), at: directory.filters + entry.filter - missing))
    }

    func block(_ index: Int, in file: any StoredFile) throws(TelemetryProblem) -> StoredBlock {
        let entry = directory.entries[index]
        let bytes = BlockBytes(
            file, offset: entry.offset, name: name, headerBytes: entry.summary.headerBytes, damage)
        return try StoredBlock(bytes, stream: directory.streams[entry.stream], summary: entry.summary)
    }
}

/// Asks the filters of a segment for words, a page at a time.
private final class FilterProbe {
    private let segment: StoredSegment
    private let page = UnsafeMutableRawBufferPointer.allocate(byteCount: WordFilter.pageBytes, alignment: 8)

    init(_ segment: StoredSegment) { self.segment = segment }

    deinit { page.deallocate() }

    /// True also if the filter cannot be read.
    func mayHold(_ hash: UInt64, _ entry: SegmentDirectory.Entry) -> Bool {
        let place = WordFilter.place(of: hash, buckets: entry.summary.filterBuckets)
        let start = segment.directory.filters + entry.filter - segment.missing + place.page.lowerBound
        let buffer = UnsafeMutableRawBufferPointer(rebasing: page[..<place.page.count])
        guard let count = try? segment.file.read(into: buffer, at: start), count == buffer.count else { return true }
        if let answer = WordFilter.mayHold(hash, page: UnsafeRawBufferPointer(buffer), bucket: place.bucket) {
            return answer
        }
        segment.damage.add()
        return true
    }
}

/// A block of a segment.
struct StoredReference: LogBlockReference {
    let segment: StoredSegment
    let index: Int
    let archive: (any LogArchive)?

    private var entry: SegmentDirectory.Entry { segment.directory.entries[index] }
    var stream: LogStream { segment.directory.streams[entry.stream] }
    var rows: Int { entry.summary.rows }
    var firstTime: Int64 { entry.summary.firstTime }
    var lastTime: Int64 { entry.summary.lastTime }

    func open() async throws(TelemetryProblem) -> sending any LogBlock {
        guard segment.isEvicted else { return try segment.block(index, in: segment.file) }
        guard let archive else {
            throw TelemetryProblem(
                "logs.archive-missing", "Lines were not read.",
                cause: "They are in segment \(segment.name), which was moved to an archive that this server has not.",
                remedy: "Configure the archive again.")
        }
        let name = LogStore.segmentName(segment.number)
        return try segment.block(index, in: try await archive.open(name))
    }
}
