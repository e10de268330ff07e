#if canImport(Glibc)
    import Glibc
#endif

/// One file, and how far it was read.
final class FileTail {
    /// A line without an end is taken as it is when nothing was added for so long.
    static let lineWait: Int64 = 5_000_000_000

    enum Look {
        /// Nothing was taken. `isOver`: the file is deleted, and all of it is read.
        case quiet(isOver: Bool)
        /// So many bytes were taken, and perhaps there are more.
        case read(Int, more: Bool)
        /// It is not the file that it was: it was emptied, and has perhaps grown again.
        case replaced
    }

    var place: FilePlace
    let source: Int
    /// Whether it was at a path that is asked for when that was last looked at.
    var isListed = true
    /// Whether the place is not what the spool knows.
    var isChanged = true
    /// Whether nothing of it was read and it may be the copy of another file: nothing is read before that is known.
    var needsCheck: Bool
    /// When it was last seen to change.
    private(set) var changed: Int64
    /// Bytes that were there and are not read yet.
    var unread: Int { max(0, (seen?.size ?? 0) - place.position) }
    var isOpen: Bool { file != nil }

    private let scanner: LineScanner
    private let quiet: Int64
    private var file: (any LogFile)?
    /// What was seen of the file when all of it was read.
    private var seen: LogFileStatus?
    /// The bytes before the position: as many as a mark is over, or all.
    private var recent: [UInt8] = []
    /// The first bytes, fewer than a mark is over.
    private var first: [UInt8] = []

    init(_ place: FilePlace, source: Int, form: LogFileSource.Form, now: Int64) {
        self.place = place
        self.source = source
        scanner = LineScanner(form: form)
        changed = now
        needsCheck = place.position == 0 && place.original == nil && place.copied == .none
        quiet =
            switch form {
            case .lines: Self.lineWait
            case .events(_, let quiet): quiet
            case .output: Self.lineWait
            }
    }

    /// Holds an open file from now on. Returns whether what was read of it is there still.
    func attach(_ file: any LogFile) -> Bool {
        self.file = file
        seen = nil
        guard let status = file.status(), status.size >= place.position else { return false }
        let bytes = place.tail.bytes(of: file)
        guard place.head.allSatisfy({ $0.isIn(file) }),
            bytes.withUnsafeBytes({ FileMark($0, end: place.position) }) == place.tail
        else { return false }
        recent = bytes
        let head = min(place.position, FilePlace.headEnds[0])
        first = [UInt8](unsafeUninitializedCapacity: head) { buffer, filled in
            filled = file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
        return true
    }

    /// Lets go of a file in which nothing happens. What is written to it after it is deleted is not seen.
    func detach() { file = nil }

    /// Whether the file at its path is not as it was when all of it was read.
    func differs(_ status: LogFileStatus) -> Bool { status != seen }

    /// Reads what is new, at most as much as the buffer holds.
    func look(
        _ buffer: UnsafeMutableRawBufferPointer, now: Int64, emit: (UnsafeRawBufferPointer, _ isCut: Bool) -> Void
    ) -> Look {
        guard let file, !needsCheck, place.original == nil, let status = file.status() else {
            return .quiet(isOver: false)
        }
        if place.copied.end > place.position {
            guard status.size >= place.copied.end else { return over(status, now) }
            skipCopied(file)
        }
        guard status.size >= place.position else { return .replaced }
        if status.size != seen?.size || status.changed != seen?.changed { changed = now }
        let flush: LineScanner.Flush =
            status.size == place.position
            ? .nothing : now - changed >= Self.lineWait ? .all : now - changed >= quiet ? .lines : .nothing
        guard flush != .nothing || changed == now else { return over(status, now) }
        let count = file.read(into: buffer, at: place.position - recent.count)
        guard let base = buffer.baseAddress, count >= recent.count,
            recent.isEmpty || memcmp(base, recent, recent.count) == 0
        else { return .replaced }
        let bytes = UnsafeRawBufferPointer(start: base, count: count)
        let isFull = count == buffer.count
        // The place is looked at while events are taken.
        var isSkipping = place.isSkipping
        let taken = scanner.scan(
            UnsafeRawBufferPointer(rebasing: bytes[recent.count...]), isSkipping: &isSkipping,
            flush: isFull ? .nothing : flush, emit: emit)
        place.isSkipping = isSkipping
        seen = isFull ? nil : status
        guard taken > 0 else { return .quiet(isOver: false) }
        move(by: taken, in: bytes)
        return .read(taken, more: isFull)
    }

    private func over(_ status: LogFileStatus, _ now: Int64) -> Look {
        .quiet(isOver: status.links == 0 && now - changed > Self.lineWait)
    }

    private func move(by count: Int, in bytes: UnsafeRawBufferPointer) {
        let before = recent.count
        let start = place.position - before
        place.position += count
        if start == 0 {
            first = Array(bytes[..<min(place.position, FilePlace.headEnds[0])])
            for end in FilePlace.headEnds where end <= place.position && !place.head.contains(where: { $0.end == end })
            {
                place.head.append(FileMark(UnsafeRawBufferPointer(rebasing: bytes[..<end]), end: end))
            }
        }
        let end = before + count
        recent = Array(bytes[max(0, end - FileMark.bytesMax)..<end])
        isChanged = true
    }

    // MARK: Places

    /// The place as it is kept.
    func export() -> FilePlace {
        recent.withUnsafeBytes { place.mark($0) }
        isChanged = false
        return place
    }

    /// As of a file that is empty.
    func reset() {
        place.reset()
        recent = []
        first = []
        seen = nil
        isChanged = true
        needsCheck = true
    }

    // MARK: Copies

    /// Whether a file of some size has what this one had when it was read: then it is a copy of it, or has been begun
    /// as one.
    func resembles(_ other: any LogFile, size: Int) -> Bool {
        recent.withUnsafeBytes { place.mark($0) }
        let marks = place.marks(within: size)
        // Fewer bytes than a mark is over are compared with what is in memory. That is nothing if the file was emptied
        // while nobody looked.
        let begin = Array(first.prefix(size))
        if !begin.isEmpty {
            guard begin.withUnsafeBytes({ FileMark($0, end: begin.count) }).isIn(other) else { return false }
            if begin.count == size { return true }
        }
        return !marks.isEmpty && marks.allSatisfy { $0.isIn(other) }
    }

    /// Whether what is in the file now is what another one had; nil: it is empty.
    func isCopy(of candidates: [FileTail]) -> FileTail?? {
        guard let file, let status = file.status(), status.size > 0 else { return nil }
        return .some(candidates.first { $0.resembles(file, size: status.size) })
    }

    /// The first bytes.
    var start: [UInt8] {
        guard let file else { return [] }
        return [UInt8](unsafeUninitializedCapacity: FilePlace.headEnds[0]) { buffer, filled in
            filled = file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
    }

    /// Whether this file, if it is a copy that waits, still is one for all that can be known.
    func resembles(_ original: FileTail) -> Bool {
        guard let file, let status = file.status() else { return true }
        guard status != seen else { return true }
        seen = status
        return original.resembles(file, size: status.size)
    }

    /// What was read from the file that this is a copy of needs not be read here.
    func isCopied(until mark: FileMark) {
        place.original = nil
        place.copied = mark
        seen = nil
        isChanged = true
    }

    /// Is no copy after all.
    func isApart() { isCopied(until: .none) }

    func isBegun(as copy: FileTail?) {
        needsCheck = false
        isChanged = true
        guard let copy, let file, let size = file.status()?.size else { return }
        place.original = copy.place.key
        place.origin = copy.place.origin
        // Nothing of it is read, and its number may be another's when it is looked for again.
        var begin = [UInt8](repeating: 0, count: FileMark.bytesMax)
        let count = begin.withUnsafeMutableBytes { file.read(into: $0, at: 0) }
        for end in FilePlace.headEnds where end <= min(size, count) {
            place.head.append(
                begin.withUnsafeBytes { FileMark(UnsafeRawBufferPointer(rebasing: $0[..<end]), end: end) })
        }
    }

    private func skipCopied(_ file: any LogFile) {
        let bytes = place.copied.bytes(of: file)
        if bytes.withUnsafeBytes({ FileMark($0, end: place.copied.end) }) == place.copied {
            place.position = place.copied.end
            recent = bytes
            first = Array(start.prefix(place.position))
            place.tail = place.copied
        }
        place.copied = .none
        isChanged = true
    }
}
