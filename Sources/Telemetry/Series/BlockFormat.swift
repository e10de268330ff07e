import SystemPackage

/// What the manifest knows of a block file. Bytes of the file: docs/formats/series.md.
struct BlockInfo: Hashable, Sendable {
    /// The file's number; no two files of a store ever have the same.
    var file: UInt64
    /// Seconds between two slots.
    var step: Int
    /// The heads whose points are in it. Of two points for one slot, the one of the later head stands.
    var generations: ClosedRange<UInt64>
    /// From the first to the last slot that has a point.
    var slots: ClosedRange<Int>
    var chunks: Int
    var bytes: Int

    static func path(_ file: UInt64, in folder: FilePath) -> FilePath { folder.appending(fileNumber(file) + ".block") }
}

enum BlockFormat {
    static let magic = Array("apusblk1".utf8)
    static let endMagic = Array("apusend1".utf8)
    static let headBytes = 16
    static let footerBytes = 32
    /// Chunks that one page of the directory lists.
    static let pageChunks = 256
    static let damaged = "its checksum does not fit"
}

/// Where a chunk of a series is in its file.
struct ChunkPlace {
    var number: UInt64
    var first: Int
    var last: Int
    var offset: Int
    var length: Int
    var checksum: UInt32
}

/// Writes a block: chunks in order of series and time as they come, then the directory.
final class BlockWriter {
    private let file: any StoredFile
    private var buffer: [UInt8] = []
    private var written = 0
    private var pages: [UInt8] = []
    private var index: [UInt8] = []
    private var page: [UInt8] = []
    private var pageCount = 0
    private var pageFirst: UInt64 = 0
    private var pageOffset = 0
    private var lastNumber: UInt64 = 0
    private var lastSlot = 0
    private(set) var chunks = 0
    private(set) var slots: ClosedRange<Int>?
    private let step: Int

    init(_ path: FilePath, step: Int, on files: any FileSystem) throws(FileFault) {
        file = try files.create(path)
        self.step = step
        buffer = BlockFormat.magic
        buffer.append(fixed: UInt64(step))
        written = buffer.count
    }

    /// - Parameter chunk: as `ChunkEncoder` makes it.
    func add(_ number: UInt64, first: Int, last: Int, _ chunk: [UInt8]) throws(FileFault) {
        if pageCount == BlockFormat.pageChunks { endPage() }
        if pageCount == 0 {
            (pageFirst, pageOffset, lastNumber, lastSlot) = (number, written, number, 0)
        }
        page.append(varint: number - lastNumber)
        page.append(zigzag: first - lastSlot)
        page.append(varint: last - first)
        page.append(varint: chunk.count)
        page.append(fixed: Checksum.of(chunk))
        (lastNumber, lastSlot) = (number, first)
        pageCount += 1
        chunks += 1
        slots = min(first, slots?.lowerBound ?? first)...max(last, slots?.upperBound ?? last)
        buffer.append(contentsOf: chunk)
        written += chunk.count
        if buffer.count >= 1 << 20 { try flush() }
    }

    /// Ends the file and makes its content safe. Returns its size.
    func finish() throws(FileFault) -> Int {
        endPage()
        let directory = written
        buffer.append(contentsOf: pages)
        buffer.append(contentsOf: index)
        var footer: [UInt8] = []
        footer.append(fixed: UInt64(directory))
        footer.append(fixed: UInt32(pages.count))
        footer.append(fixed: UInt32(index.count))
        footer.append(fixed: Checksum.of(index))
        footer.append(fixed: Checksum.of(footer))
        buffer.append(contentsOf: footer + BlockFormat.endMagic)
        try flush()
        try file.sync()
        return directory + pages.count + index.count + BlockFormat.footerBytes
    }

    private func endPage() {
        guard pageCount > 0 else { return }
        index.append(varint: pageFirst)
        index.append(varint: pageOffset)
        index.append(varint: page.count)
        index.append(fixed: Checksum.of(page))
        pages.append(contentsOf: page)
        page.removeAll(keepingCapacity: true)
        pageCount = 0
    }

    private func flush() throws(FileFault) {
        try file.append(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
