import Telemetry

#if canImport(Glibc)
    import Glibc
#endif

/// systemd's journal, as `journalctl -o json -f --after-cursor=CURSOR` writes it into a pipe.
package final class JournalInput: LogInput {
    package static let name = "journal"
    private static let lineBytesMax = 1 << 20
    /// Fields that are kept; the journal has about forty in every entry.
    private static let fields = [
        ("SYSLOG_IDENTIFIER", "app"), ("_SYSTEMD_UNIT", "unit"), ("_PID", "pid"), ("_COMM", "command"),
    ]

    package var name: String { Self.name }
    package private(set) var cursor: String?
    /// Entries that could not be read.
    package private(set) var damaged = 0
    /// Whether nothing more comes: whoever runs the program starts it again behind the cursor.
    package private(set) var isOver = false

    private let descriptor: Int32
    private let labels: LogStream
    private var waiting: [UInt8] = []
    private var isSkipping = false
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    /// - Parameters:
    ///   - descriptor: the pipe's end, which this closes.
    ///   - cursor: behind which the program was told to begin.
    package init(_ descriptor: Int32, cursor: String?, labels: LogStream) {
        self.descriptor = descriptor
        self.cursor = cursor
        self.labels = labels
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit { close(descriptor) }

    package func read(into events: LogEvents, bytesMax: Int) -> Bool {
        let stream = events.register(labels)
        var taken = 0
        while taken < bytesMax, !isOver {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                isOver = count == 0
                return false
            }
            taken += count
            waiting += buffer[..<count]
            cut(events, stream)
        }
        return !isOver
    }

    private func cut(_ events: LogEvents, _ stream: UInt32) {
        var start = 0
        while let end = waiting[start...].firstIndex(of: 0x0A) {
            if isSkipping { isSkipping = false } else { take(Array(waiting[start..<end]), events, stream) }
            start = end + 1
        }
        waiting.removeFirst(start)
        if waiting.count > Self.lineBytesMax {
            damaged += isSkipping ? 0 : 1
            isSkipping = true
            waiting = []
        }
    }

    /// An entry, whose form is that of systemd's "Journal JSON Format".
    private func take(_ line: [UInt8], _ events: LogEvents, _ stream: UInt32) {
        guard !line.isEmpty else { return }
        let entry: JSONValue
        do throws(TelemetryProblem) { entry = try JSONReader.read(line) } catch {
            damaged += 1
            return
        }
        if let cursor = entry["__CURSOR"]?.text, cursor.utf8.count <= SpoolRecord.cursorBytesMax {
            self.cursor = cursor
        }
        let message = Self.bytes(entry["MESSAGE"])
        guard !message.isEmpty else { return }
        let time = entry["__REALTIME_TIMESTAMP"]?.integer.map { $0.multipliedReportingOverflow(by: 1000) }
        let severity = entry["PRIORITY"]?.integer ?? -1
        var fields: [(name: String, value: String)] = []
        for (field, name) in Self.fields { if let value = entry[field]?.text { fields.append((name, value)) } }
        message.withUnsafeBytes {
            let isLong = $0.count > LineScanner.eventBytesMax
            events.add(
                UnsafeRawBufferPointer(rebasing: $0.prefix(LineScanner.eventBytesMax)), of: stream,
                time: time.flatMap { $0.overflow ? nil : $0.partialValue },
                level: LogLevel(syslog: Int(severity)) ?? .none, fields: fields, isCut: isLong)
        }
    }

    /// A field that is no UTF-8 is written as numbers, and one that is there several times as a list of texts.
    private static func bytes(_ value: JSONValue?) -> [UInt8] {
        guard let value else { return [] }
        if let text = value.text { return Array(text.utf8) }
        let numbers = value.elements.compactMap { $0.text == nil ? $0.integer.flatMap { UInt8(exactly: $0) } : nil }
        if !numbers.isEmpty { return numbers }
        return Array((value.elements.first?.text ?? "").utf8)
    }
}
