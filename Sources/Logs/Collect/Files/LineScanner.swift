#if canImport(Glibc)
    import Glibc
#endif

/// Cuts what a file holds into events: lines, or lines that belong together. It keeps nothing: what is not over is
/// not taken, and is looked at again when there is more.
struct LineScanner {
    /// Bytes of an event. Of a line that is longer, the rest is left out; lines that are more together are two events.
    static let eventBytesMax = 64 << 10
    private static let newline = UInt8(ascii: "\n")

    /// What is taken of what is not over.
    enum Flush {
        case nothing
        /// Lines that another one could belong to.
        case lines
        /// A line without an end, too.
        case all
    }

    let form: LogFileSource.Form

    /// - Parameter emit: takes an event without its last newline, and whether its end is missing.
    /// - Returns: how many of the bytes are done with.
    func scan(
        _ bytes: UnsafeRawBufferPointer, isSkipping: inout Bool, flush: Flush,
        emit: (UnsafeRawBufferPointer, _ isCut: Bool) -> Void
    ) -> Int {
        var start = 0
        var at = 0
        var last = 0
        while let end = Self.newline(in: bytes, from: at) {
            if isSkipping {
                isSkipping = false
            } else {
                if start < at {
                    let isApart = separates(bytes[last..<at - 1], bytes[at..<end])
                    if isApart || end - start > Self.eventBytesMax {
                        pass(bytes, start..<at - 1, emit)
                        start = at
                    }
                }
                if end - start <= Self.eventBytesMax, !ends(bytes[at..<end]) {
                    last = at
                    at = end + 1
                    continue
                }
                pass(bytes, start..<end, emit)
            }
            at = end + 1
            start = at
        }
        return rest(bytes, start, at, &isSkipping, flush, emit)
    }

    /// What to do with an event that is not over and with a line that has no end.
    private func rest(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ at: Int, _ isSkipping: inout Bool, _ flush: Flush,
        _ emit: (UnsafeRawBufferPointer, _ isCut: Bool) -> Void
    ) -> Int {
        if isSkipping { return bytes.count }
        let isLong = bytes.count - at >= Self.eventBytesMax
        var start = start
        if start < at, isLong || flush != .nothing {
            pass(bytes, start..<at - 1, emit)
            start = at
        }
        if isLong || (flush == .all && at < bytes.count) {
            isSkipping = isLong
            pass(bytes, at..<bytes.count, isCut: isLong, emit)
            return bytes.count
        }
        return start
    }

    private func pass(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, isCut: Bool = false,
        _ emit: (UnsafeRawBufferPointer, _ isCut: Bool) -> Void
    ) {
        var end = range.upperBound
        if end > range.lowerBound, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        guard end > range.lowerBound else { return }
        let isLong = end - range.lowerBound > Self.eventBytesMax
        if isLong { end = range.lowerBound + Self.eventBytesMax }
        emit(UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound..<end]), isCut || isLong)
    }

    /// Whether a line is no part of the event that the line before it is of.
    private func separates(_ before: Slice<UnsafeRawBufferPointer>, _ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        switch form {
        case .lines: true
        case .events(let begins, _): begins(UnsafeRawBufferPointer(rebasing: line))
        case .output:
            OutputLine(UnsafeRawBufferPointer(rebasing: before))?.source
                != OutputLine(UnsafeRawBufferPointer(rebasing: line))?.source
        }
    }

    /// Whether nothing can follow a line in its event.
    private func ends(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        switch form {
        case .lines: true
        case .events: false
        case .output: OutputLine(UnsafeRawBufferPointer(rebasing: line))?.isPart != true
        }
    }

    private static func newline(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count,
            let found = memchr(base + start, Int32(newline), bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
