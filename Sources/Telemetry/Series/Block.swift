import SystemPackage

/// A block file that is open. It never changes; its directory is read page by page, so that blocks of many
/// series cost little memory.
final class Block: Sendable {
    struct Page: Sendable {
        /// The series of its first chunk.
        var number: UInt64
        /// Where its first chunk is.
        var chunks: Int
        /// Where itself is.
        var offset: Int
        var length: Int
        var checksum: UInt32
    }

    let info: BlockInfo
    let pages: [Page]
    private let file: any StoredFile
    private let path: FilePath

    /// Opens a block and checks all but its pages and chunks, which are checked when they are read.
    init(_ info: BlockInfo, in folder: FilePath, on files: any FileSystem) throws(TelemetryProblem) {
        let path = BlockInfo.path(info.file, in: folder)
        self.info = info
        self.path = path
        do {
            file = try files.open(path)
            let size = try file.size()
            guard size == info.bytes else { throw Self.problem(path, "It has \(size) bytes, not \(info.bytes).") }
            let footer = try file.read(BlockFormat.footerBytes, at: max(0, size - BlockFormat.footerBytes))
            guard let (directory, pagesBytes, indexBytes, sum) = Self.footer(footer),
                directory + pagesBytes + indexBytes + BlockFormat.footerBytes == size
            else { throw Self.problem(path, "Its end is damaged.") }
            let index = try file.read(indexBytes, at: directory + pagesBytes)
            guard Checksum.of(index) == sum, let pages = Self.pages(index, at: directory) else {
                throw Self.problem(path, "Its directory is damaged.")
            }
            self.pages = pages
        } catch let fault as FileFault {
            throw fault.problem("The block \(path) was not opened.")
        } catch {
            throw error as? TelemetryProblem ?? Self.problem(path, "\(error)")
        }
    }

    static func problem(_ path: FilePath, _ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "series.block-damaged", "The block \(path) cannot be read.", cause: cause,
            remedy: "Put the file back from a backup and restart; the points of other blocks are there.")
    }

    private static func footer(_ bytes: [UInt8]) -> (Int, Int, Int, UInt32)? {
        bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            guard let directory = reader.fixed(UInt64.self), let pages = reader.fixed(UInt32.self),
                let index = reader.fixed(UInt32.self), let sum = reader.fixed(UInt32.self),
                Checksum.of(raw.prefix(20)) == reader.fixed(UInt32.self), directory < 1 << 48,
                reader.take(8)?.elementsEqual(BlockFormat.endMagic) == true
            else { return nil }
            return (Int(directory), Int(pages), Int(index), sum)
        }
    }

    private static func pages(_ index: [UInt8], at directory: Int) -> [Page]? {
        index.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            var pages: [Page] = []
            var offset = directory
            while reader.remaining > 0 {
                guard let number = reader.varint(), let chunks = reader.count(limit: directory),
                    let length = reader.count(), let sum = reader.fixed(UInt32.self)
                else { return nil }
                pages.append(Page(number: number, chunks: chunks, offset: offset, length: length, checksum: sum))
                offset += length
            }
            return pages
        }
    }

    /// The chunks that a page lists.
    func places(_ page: Page) throws(TelemetryProblem) -> [ChunkPlace] {
        let bytes = try read(page.length, at: page.offset)
        guard bytes.count == page.length, Checksum.of(bytes) == page.checksum,
            let places = bytes.withUnsafeBytes({ Self.places($0, page) })
        else { throw Self.problem(path, "The page at byte \(page.offset) is damaged.") }
        return places
    }

    private static func places(_ raw: UnsafeRawBufferPointer, _ page: Page) -> [ChunkPlace]? {
        var reader = ByteReader(raw)
        var places: [ChunkPlace] = []
        places.reserveCapacity(BlockFormat.pageChunks)
        var (number, slot, offset) = (page.number, 0, page.chunks)
        while reader.remaining > 0 {
            guard let delta = reader.varint(), let change = reader.zigzag(), let span = reader.count(limit: 1 << 50),
                let length = reader.count(), let sum = reader.fixed(UInt32.self)
            else { return nil }
            number &+= delta
            slot &+= change
            places.append(
                ChunkPlace(
                    number: number, first: slot, last: slot &+ span, offset: offset, length: length, checksum: sum))
            offset += length
        }
        return places
    }

    /// Up to `count` bytes of the chunks' part from `offset` on.
    func read(_ count: Int, at offset: Int) throws(TelemetryProblem) -> [UInt8] {
        do throws(FileFault) {
            return try file.read(count, at: offset)
        } catch {
            throw error.problem("The block \(path) was not read.")
        }
    }

    /// What is wrong with a chunk that cannot be read.
    func damaged(_ place: ChunkPlace) -> TelemetryProblem {
        Self.problem(path, "The chunk at byte \(place.offset) is damaged.")
    }
}
