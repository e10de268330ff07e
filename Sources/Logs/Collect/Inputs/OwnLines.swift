import Synchronization

/// What this program itself logs, on its way to where all lines go. Bounded: when nobody takes them the newest are
/// left out, and counted.
package final class OwnLines: Sendable {
    package struct Line: Sendable {
        /// Nanoseconds since 1970.
        package var time: Int64
        package var level: LogLevel
        package var message: String
        package var fields: [(name: String, value: String)]

        package init(time: Int64, level: LogLevel, message: String, fields: [(name: String, value: String)]) {
            self.time = time
            self.level = level
            self.message = message
            self.fields = fields
        }
    }

    /// Lines that wait.
    private static let linesMax = 1000

    private struct State {
        var lines: [Line] = []
        var lost = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func add(_ line: Line) {
        state.withLock { state in
            if state.lines.count < Self.linesMax { state.lines.append(line) } else { state.lost += 1 }
        }
    }

    /// Those that wait; behind them a line that says how many were left out.
    package func take() -> [Line] {
        let (lines, lost) = state.withLock { state in
            defer { state = State() }
            return (state.lines, state.lost)
        }
        guard lost > 0, let last = lines.last else { return lines }
        return lines + [
            Line(
                time: last.time, level: .warn, message: "lines of this program were left out",
                fields: [("lines", "\(lost)")])
        ]
    }
}

/// What an agent itself logs.
package final class OwnLinesInput: LogInput {
    package let name = "apus"
    package let cursor: String? = nil
    private let lines: OwnLines
    private let labels: LogStream

    package init(_ lines: OwnLines, labels: LogStream) {
        self.lines = lines
        self.labels = labels
    }

    package func read(into events: LogEvents, bytesMax: Int) -> Bool {
        let waiting = lines.take()
        guard !waiting.isEmpty else { return false }
        let stream = events.register(labels)
        for var line in waiting {
            line.message.withUTF8 {
                events.add(
                    UnsafeRawBufferPointer($0), of: stream, time: line.time, level: line.level, fields: line.fields)
            }
        }
        return false
    }
}

extension LogProcessor {
    /// A line of this program itself.
    package mutating func take(_ line: OwnLines.Line, stream: UInt32) {
        var message = line.message
        message.withUTF8 { text in
            begin(ByteView(UnsafeRawBufferPointer(text)), stream: stream, now: line.time)
            builder.line.level = line.level
            for (name, value) in line.fields {
                builder.line.set(builder.name(name), builder.line.scratch.copy(value.utf8))
            }
            finish()
        }
    }
}
