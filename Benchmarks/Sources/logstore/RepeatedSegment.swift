import SystemPackage
import Telemetry

/// A segment of a day, to be shown as that of other days: its blocks' times, and what its directory says of them, are
/// shifted while it is read. Its form is docs/formats/log-store.md, "Segments".
final class RepeatedSegment: Sendable {
    private struct Block: Sendable {
        /// Of the file, and of what the header begins with.
        var offset: Int
        var headerBytes: Int
        var first: Int
        var last: Int
        /// Where the header has its first time.
        var time: Int
        /// Where the directory has it, the last time, and the header's checksum.
        var firstPlace: Int
        var lastPlace: Int
        var checksumPlace: Int
    }

    let bytes: Int
    private let file: any StoredFile
    private let directoryStart: Int
    private let directory: [UInt8]
    private let dayPlace: Int
    private let day: Int
    private let createdPlace: Int
    private let created: Int
    private let blocks: [Block]

    init?(_ path: FilePath) throws {
        let file = try Disk().open(path)
        let size = try file.size()
        let footer = try file.read(28, at: size - 28)
        let count = footer.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: 8, as: UInt32.self)) }
        let start = size - 28 - count
        let directory = try file.read(count, at: start)
        let parsed: (day: Int, created: Int, places: (Int, Int), blocks: [Block])? = directory.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            _ = reader.byte()
            let dayPlace = reader.position
            guard let day = reader.zigzag() else { return nil }
            let createdPlace = reader.position
            guard let created = reader.zigzag(), Self.skipNames(&reader), let count = reader.count() else { return nil }
            var blocks: [Block] = []
            for _ in 0..<count {
                guard let block = Self.block(&reader) else { return nil }
                blocks.append(block)
            }
            return (day, created, (dayPlace, createdPlace), blocks)
        }
        guard var parsed else { return nil }
        for index in parsed.blocks.indices {
            let header = try file.read(parsed.blocks[index].headerBytes, at: parsed.blocks[index].offset)
            header.withUnsafeBytes { raw in
                var reader = ByteReader(raw)
                _ = reader.byte()
                _ = reader.varint()
                parsed.blocks[index].time = reader.position
            }
        }
        self.file = file
        bytes = size
        directoryStart = start
        self.directory = directory + footer
        (dayPlace, createdPlace) = parsed.places
        (day, created, blocks) = (parsed.day, parsed.created, parsed.blocks)
    }

    private static func skipNames(_ reader: inout ByteReader) -> Bool {
        guard let streams = reader.count() else { return false }
        for _ in 0..<streams {
            guard let labels = reader.count() else { return false }
            for _ in 0..<labels * 2 { guard reader.count().flatMap({ reader.take($0) }) != nil else { return false } }
        }
        guard let names = reader.count() else { return false }
        for _ in 0..<names { guard reader.count().flatMap({ reader.take($0) }) != nil else { return false } }
        return true
    }

    private static func block(_ reader: inout ByteReader) -> Block? {
        guard reader.varint() != nil, let offset = reader.count(), reader.varint() != nil, reader.varint() != nil,
            reader.varint() != nil
        else { return nil }
        let firstPlace = reader.position
        guard let first = reader.zigzag() else { return nil }
        let lastPlace = reader.position
        guard let last = reader.zigzag(), reader.fixed(UInt16.self) != nil, let headerBytes = reader.count()
        else { return nil }
        let checksumPlace = reader.position
        guard reader.fixed(UInt32.self) != nil, reader.varint() != nil, let names = reader.count() else { return nil }
        for _ in 0..<names { guard reader.varint() != nil else { return nil } }
        return Block(
            offset: offset, headerBytes: headerBytes, first: first, last: last, time: 0, firstPlace: firstPlace,
            lastPlace: lastPlace, checksumPlace: checksumPlace)
    }

    /// Fills the buffer as the file of so many days later would.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int, days: Int
    ) throws(FileFault) -> Int {
        let count = try file.read(into: buffer, at: offset)
        let range = offset..<offset + count
        let shift = days * Int(Corpus.day)
        for block in blocks where block.offset < range.upperBound && block.offset + block.headerBytes > range.lowerBound
        {
            Self.lay(Self.zigzag(block.first + shift), at: block.offset + block.time, over: buffer, range)
        }
        if range.upperBound > directoryStart {
            Self.lay(try directory(days: days), at: directoryStart, over: buffer, range)
        }
        return count
    }

    private func directory(days: Int) throws(FileFault) -> [UInt8] {
        let shift = days * Int(Corpus.day)
        var directory = directory
        func put(_ bytes: [UInt8], _ place: Int) { directory.replaceSubrange(place..<place + bytes.count, with: bytes) }
        put(Self.zigzag(day + days), dayPlace)
        put(Self.zigzag(created + shift), createdPlace)
        for block in blocks {
            put(Self.zigzag(block.first + shift), block.firstPlace)
            put(Self.zigzag(block.last + shift), block.lastPlace)
            var header = try file.read(block.headerBytes, at: block.offset)
            let time = Self.zigzag(block.first + shift)
            header.replaceSubrange(block.time..<block.time + time.count, with: time)
            put(Self.fixed(Checksum.of(header)), block.checksumPlace)
        }
        let end = directory.count - 28
        put(Self.fixed(Checksum.of(Array(directory[..<end]))), end + 12)
        put(Self.fixed(Checksum.of(Array(directory[end..<end + 16]))), end + 16)
        return directory
    }

    private static func lay(
        _ bytes: [UInt8], at place: Int, over buffer: UnsafeMutableRawBufferPointer, _ range: Range<Int>
    ) {
        for (index, byte) in bytes.enumerated() where range.contains(place + index) {
            buffer[place + index - range.lowerBound] = byte
        }
    }

    /// Times of this century are all as long.
    private static func zigzag(_ number: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(zigzag: number)
        return bytes
    }

    private static func fixed(_ number: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(fixed: number)
        return bytes
    }
}
