#if canImport(Glibc)
    import Glibc
#endif

/// A connection that brings lines. Holds at most one incomplete line; one that does not fit is skipped and
/// told, and the connection goes on.
final class LineStream {
    static let lineBytesMax = 64 << 10

    let descriptor: Int32
    private let buffer = PaddedBytes(capacity: lineBytesMax)
    private var filled = 0
    private var isSkipping = false

    enum Step {
        /// Nothing more waits.
        case empty
        case closed
    }

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Reads what waits, some reads at most so that others get their turn. Hands on whole lines, without the
    /// last newline but closed as `PaddedBytes` says, and the beginnings of lines that are too long.
    func read(
        lines: (UnsafeMutableRawPointer, Int) -> Void, tooLong: (UnsafeRawBufferPointer) -> Void
    ) -> Step {
        for _ in 0..<16 {
            let room = buffer.capacity - filled
            let count = recv(descriptor, buffer.start + filled, room, Int32(MSG_DONTWAIT))
            if count < 0 { return errno == EAGAIN || errno == EINTR ? .empty : end(lines) }
            if count == 0 { return end(lines) }
            take(count, lines: lines, tooLong: tooLong)
            if count < room { return .empty }
        }
        return .empty
    }

    private func take(
        _ count: Int, lines: (UnsafeMutableRawPointer, Int) -> Void,
        tooLong: (UnsafeRawBufferPointer) -> Void
    ) {
        var start = 0
        let end = filled + count
        if isSkipping {
            guard let newline = memchr(buffer.start, 0x0A, end) else {
                filled = 0
                return
            }
            start = UnsafeRawPointer(newline) - UnsafeRawPointer(buffer.start) + 1
            isSkipping = false
        }
        var newline = end - 1
        while newline >= start,
            buffer.start.load(fromByteOffset: newline, as: UInt8.self) != ASCII.newline
        {
            newline -= 1
        }
        if newline >= start {
            lines(buffer.start + start, newline - start)
            start = newline + 1
        }
        filled = end - start
        if filled == buffer.capacity {
            tooLong(UnsafeRawBufferPointer(start: buffer.start, count: filled))
            isSkipping = true
            filled = 0
        } else if start > 0, filled > 0 {
            memmove(buffer.start, buffer.start + start, filled)
        }
    }

    /// The last line needs no newline.
    private func end(_ lines: (UnsafeMutableRawPointer, Int) -> Void) -> Step {
        if filled > 0, !isSkipping {
            PaddedBytes.close(buffer.start, count: filled)
            lines(buffer.start, filled)
        }
        filled = 0
        return .closed
    }
}
