import Core

/// Writes the entries of a package. They are to come in the order of their paths.
struct TarWriter {
    private let write: (UnsafeRawBufferPointer) throws(Problem) -> Void
    private(set) var entries = 0
    private(set) var bytes: Int64 = 0

    init(write: @escaping (UnsafeRawBufferPointer) throws(Problem) -> Void) { self.write = write }

    mutating func add(_ entry: TarEntry) throws(Problem) {
        entries += 1
        try put(TarFormat.header(of: entry))
    }

    /// - Throws: `package.source-changed` if the file does not have the size that its entry says.
    mutating func add(_ entry: TarEntry, contents: OpenFile) throws(Problem) {
        try add(entry)
        var rest = entry.size
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: OpenFile.chunkBytes, alignment: 16)
        defer { chunk.deallocate() }
        while rest > 0 {
            let wanted = Int(min(rest, Int64(chunk.count)))
            let part = UnsafeMutableRawBufferPointer(rebasing: chunk[..<wanted])
            guard try contents.read(into: part) == wanted else { throw TreeWalk.changed(entry.path) }
            try write(UnsafeRawBufferPointer(part))
            rest -= Int64(wanted)
        }
        bytes += entry.size
        try put([UInt8](repeating: 0, count: TarFormat.paddingBytes(after: entry.size)))
    }

    mutating func finish() throws(Problem) { try put(TarFormat.end) }

    private mutating func put(_ block: [UInt8]) throws(Problem) {
        try block.withRawBytes { (block) throws(Problem) in try write(block) }
        bytes += Int64(block.count)
    }
}
