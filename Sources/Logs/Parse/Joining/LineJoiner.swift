/// Makes one event of the lines that belong together: a message of several lines, a stack trace. One for each file or
/// stream.
package struct LineJoiner: ~Copyable {
    package enum Rule: Sendable {
        /// An event begins with a line that the pattern matches.
        case begins(PatternCode)
        /// A line belongs to the one before it if it looks like a part of a stack trace of Java, Python, JavaScript,
        /// Go, Ruby, PHP or .NET.
        case stackTraces
    }

    /// An event that grows beyond is given in parts.
    package static let bytesMax = 256 << 10
    package static let linesMax = 2000

    /// Events in which lines were joined, and those that had to be given in parts.
    package private(set) var joined = 0
    package private(set) var split = 0

    private let rule: Rule
    private let quiet: Int64
    private let room = PatternRoom()
    private var waiting: [UInt8] = []
    private var lines = 0
    private var lastTime: Int64 = 0
    private var traces = TraceReader()

    /// - Parameter quiet: nanoseconds after which an event is over if no line comes.
    package init(_ rule: Rule, quiet: Int64 = 1_000_000_000) {
        self.rule = rule
        self.quiet = quiet
    }

    package var isEmpty: Bool { lines == 0 }
    /// When the event in hand is over; nil if there is none.
    package var deadline: Int64? { lines == 0 ? nil : lastTime + quiet }

    /// A line, without its newline.
    /// - Parameter event: gets an event that is over; its bytes live as long as the call.
    package mutating func take(_ line: ByteView, at now: Int64, _ event: (ByteView) -> Void) {
        flush(at: now, event)
        let goesOn = goesOn(line)
        if lines > 0, !goesOn || waiting.count + line.count >= Self.bytesMax || lines >= Self.linesMax {
            if goesOn { split += 1 }
            finish(event)
        }
        if lines > 0 { waiting.append(0x0A) }
        waiting.append(contentsOf: line.buffer)
        lines += 1
        lastTime = now
    }

    /// Gives the event in hand if no line came for long enough.
    package mutating func flush(at now: Int64, _ event: (ByteView) -> Void) {
        if let deadline, now >= deadline || now < lastTime - quiet { finish(event) }
    }

    /// Gives the event in hand.
    package mutating func finish(_ event: (ByteView) -> Void) {
        guard lines > 0 else { return }
        if lines > 1 { joined += 1 }
        waiting.withUnsafeBytes { event(ByteView($0)) }
        waiting.removeAll(keepingCapacity: waiting.capacity <= Self.bytesMax)
        lines = 0
    }

    private mutating func goesOn(_ line: ByteView) -> Bool {
        switch rule {
        case .begins(let pattern):
            // A line that is too much for the pattern begins an event: it is not put to what it may not belong to.
            if case .none = room.match(pattern, line) { return true }
            return false
        case .stackTraces: return traces.goesOn(line, isFirst: lines == 0)
        }
    }
}

/// Whether lines are parts of stack traces.
struct TraceReader {
    private enum State {
        case outside
        /// Python: the line that is not indented any more is the error.
        case python
        /// Go: until a line that is like none of a goroutine's.
        case go
    }

    private var state = State.outside

    mutating func goesOn(_ line: ByteView, isFirst: Bool) -> Bool {
        if isFirst { state = .outside }
        if line.starts(with: "Traceback (most recent call last)") {
            state = .python
            return true
        }
        if line.starts(with: "panic: ") || line.starts(with: "fatal error: ") {
            state = .go
            return false
        }
        if line.isEmpty { return !isFirst }
        if line[0] == 0x20 || line[0] == 0x09 || line[0] == UInt8(ascii: "}") { return true }
        switch state {
        case .python:
            state = .outside
            return true
        case .go: if isGo(line) { return true }
        case .outside: break
        }
        return isMore(line)
    }

    private func isGo(_ line: ByteView) -> Bool {
        line.starts(with: "goroutine ") || line.starts(with: "created by ") || line.starts(with: "[signal ")
            || line.starts(with: "exit status ") || line[line.count - 1] == UInt8(ascii: ")")
    }

    private func isMore(_ line: ByteView) -> Bool {
        line.starts(with: "Caused by: ") || line.starts(with: "Suppressed: ") || line.starts(with: "... ")
            || line.starts(with: "at ") || line.starts(with: "Stack trace:") || line.starts(with: "--- End of ")
            || line.starts(with: "During handling of the above") || line.starts(with: "The above exception was")
            || line.count > 1 && line[0] == UInt8(ascii: "#") && ByteView.isDigit(line[1])
            || line.starts(with: "goroutine ")
    }
}
