import Core

/// Reads the entries of a package one after another, and refuses any byte that Apus would not
/// have written: unsorted or double names, wrong spellings, lying sizes, anything after the end.
struct TarReader {
    private let stream: DecompressedFile
    private let limits: UnpackLimits
    private var previous: EntryPath?
    private var contentBytes: Int64 = 0
    private(set) var entries = 0

    init(_ stream: DecompressedFile, limits: UnpackLimits) {
        self.stream = stream
        self.limits = limits
    }

    /// - Returns: nil after the last entry, when the archive has ended as it should.
    mutating func next() throws(Problem) -> TarEntry? {
        precondition(contentBytes == 0, "The contents of an entry are read before the next.")
        var spelled = try block()
        var header = TarHeader(bytes: spelled)
        if header.isEmpty {
            guard TarHeader(bytes: try block()).isEmpty else {
                throw TarHeader.malformed("One empty block is not its end.")
            }
            try stream.expectEnd()
            return nil
        }
        entries += 1
        try limits.check(entries: entries)
        var pax = PaxRecords()
        if header.kind == TarFormat.Kind.pax {
            let size = try header.size()
            guard size > 0, size <= TarFormat.paxBytesMax else {
                throw TarHeader.malformed("A pax header has \(size) bytes.")
            }
            let records = try bytes(Int(size) + TarFormat.paddingBytes(after: size))
            pax = try PaxRecords(Array(records.prefix(Int(size))))
            header = TarHeader(bytes: try block())
            spelled += records + header.bytes
        }
        let entry = try header.entry(pax: pax)
        guard TarFormat.header(of: entry) == spelled else {
            throw TarHeader.malformed("The header of \(entry.path.quoted) is not one that Apus writes.")
        }
        if let previous, !(previous < entry.path) {
            throw TarHeader.malformed("\(entry.path.quoted) is double, or not in order.")
        }
        previous = entry.path
        contentBytes = entry.size
        return entry
    }

    /// Reads the contents of the entry that `next` has returned last.
    mutating func readContents(_ body: (UnsafeRawBufferPointer) throws(Problem) -> Void) throws(Problem) {
        let size = contentBytes
        contentBytes = 0
        try stream.read(size) { (chunk) throws(Problem) in try body(chunk) }
        let padding = try bytes(TarFormat.paddingBytes(after: size))
        guard padding.allSatisfy({ $0 == 0 }) else { throw TarHeader.malformed("There are bytes between two entries.") }
    }

    private func block() throws(Problem) -> [UInt8] { try bytes(TarFormat.blockBytes) }

    private func bytes(_ count: Int) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        try stream.read(Int64(count)) { (chunk) throws(Problem) in bytes += chunk }
        return bytes
    }
}
