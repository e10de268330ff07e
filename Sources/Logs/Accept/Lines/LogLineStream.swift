/// Cuts a stream of bytes into messages of syslog: with their lengths in front (octet counting) or with newlines behind
/// them, as each message says. Source: RFC 6587, 3.4. Lines of any other program come out as lines.
///
/// Of a message that is too long the beginning is given, once, and the rest is passed over.
package struct LogLineStream: ~Copyable {
    package struct Counts: Hashable, Sendable {
        package var lines = 0
        package var cutLines = 0
    }

    package static let lineBytesMax = 1 << 20

    package private(set) var counts = Counts()
    private let lineBytesMax: Int
    private var waiting: [UInt8] = []
    /// Bytes of a cut message that are still to be passed over; with newlines: up to one.
    private var toSkip = 0
    private var skipsLine = false
    /// Bytes of the message in front that are known to have no newline.
    private var searched = 0

    /// Bytes of messages whose end has not come.
    package var waitingBytes: Int { waiting.count }

    package init(lineBytesMax: Int = Self.lineBytesMax) { self.lineBytesMax = lineBytesMax }

    /// - Parameter line: gets each message, which lives as long as its call, and how long it was if it is cut.
    package mutating func take(_ bytes: UnsafeRawBufferPointer, _ line: (ByteView, _ cutFrom: Int?) -> Void) {
        if waiting.isEmpty {
            let used = cut(ByteView(bytes), line)
            if used < bytes.count { waiting.append(contentsOf: bytes[used...]) }
            return
        }
        // Out of `self`, so that nothing is copied.
        var all: [UInt8] = []
        swap(&all, &waiting)
        all.append(contentsOf: bytes)
        let used = all.withUnsafeBytes { cut(ByteView($0), line) }
        if used > 0 { all.removeFirst(used) }
        swap(&all, &waiting)
    }

    /// At the end of the stream: what is left is a line, if it is one.
    package mutating func finish(_ line: (ByteView, _ cutFrom: Int?) -> Void) {
        let all = waiting
        waiting = []
        guard !skipsLine, toSkip == 0, !all.isEmpty else { return }
        all.withUnsafeBytes { give(ByteView($0), nil, line) }
    }

    /// - Returns: how many bytes are done with.
    private mutating func cut(_ text: ByteView, _ line: (ByteView, Int?) -> Void) -> Int {
        var from = 0
        while from < text.count {
            if toSkip > 0 {
                let skipped = min(toSkip, text.count - from)
                toSkip -= skipped
                from += skipped
                continue
            }
            if skipsLine {
                guard let end = text.index(of: 0x0A, from: from) else { return text.count }
                skipsLine = false
                from = end + 1
                continue
            }
            guard let used = message(text.dropFirst(from), line) else { return from }
            from += used
        }
        return from
    }

    /// - Returns: bytes of the message in front; nil if its end has not come.
    private mutating func message(_ text: ByteView, _ line: (ByteView, Int?) -> Void) -> Int? {
        switch octets(text) {
        case .unknown: return nil
        case .counted(let start, let count):
            if count > lineBytesMax {
                guard text.count - start >= lineBytesMax else { return nil }
                toSkip = count - lineBytesMax
                give(text.slice(start, start + lineBytesMax), count, line)
                return start + lineBytesMax
            }
            guard text.count - start >= count else { return nil }
            give(text.slice(start, start + count), nil, line)
            return start + count
        case .none: break
        }
        if let end = text.index(of: 0x0A, from: searched) {
            let whole = text.slice(0, end)
            give(end > lineBytesMax ? whole.slice(0, lineBytesMax) : whole, end > lineBytesMax ? end : nil, line)
            return end + 1
        }
        guard text.count > lineBytesMax else {
            searched = text.count
            return nil
        }
        skipsLine = true
        give(text.slice(0, lineBytesMax), text.count, line)
        return text.count
    }

    private enum Octets {
        case none, unknown
        case counted(start: Int, count: Int)
    }

    /// `123 <`: a length without a zero in front, a blank, and the beginning of a message.
    private func octets(_ text: ByteView) -> Octets {
        guard text.count > 0, ByteView.isDigit(text[0]), text[0] != 0x30 else { return .none }
        var (index, count) = (0, 0)
        while index < text.count, index < 9, ByteView.isDigit(text[index]) {
            count = count * 10 + Int(text[index] - 0x30)
            index += 1
        }
        guard index < text.count else { return .unknown }
        guard text[index] == 0x20 else { return .none }
        guard index + 1 < text.count else { return .unknown }
        return text[index + 1] == 0x3C ? .counted(start: index + 1, count: count) : .none
    }

    /// Without the ends that some senders put behind messages: CR, NUL, LF.
    private mutating func give(_ text: ByteView, _ cutFrom: Int?, _ line: (ByteView, Int?) -> Void) {
        searched = 0
        var count = text.count
        while count > 0, text[count - 1] == 0x0D || text[count - 1] == 0 || text[count - 1] == 0x0A { count -= 1 }
        guard count > 0 else { return }
        counts.lines += 1
        if cutFrom != nil { counts.cutLines += 1 }
        line(text.slice(0, count), cutFrom)
    }
}
