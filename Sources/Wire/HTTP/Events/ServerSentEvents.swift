/// One event of a `text/event-stream`.
package struct ServerSentEvent: Hashable, Sendable {
    /// The name of the event that says that the stream has ended for good, and need not be
    /// opened again.
    package static let endName = "end"

    package var id: String?
    package var name: String
    package var data: String

    package init(id: String? = nil, name: String = "message", data: String) {
        self.id = id
        self.name = name
        self.data = data
    }

    /// The bytes on the wire. Every line of the data has its own field, so that no text can end
    /// the event early or add a field.
    package var encoded: String {
        var text = ""
        if let id { text += "id: \(Self.oneLine(id))\n" }
        if name != "message" { text += "event: \(Self.oneLine(name))\n" }
        for line in data.split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r" || $0 == "\r\n" })
        {
            text += "data: \(line)\n"
        }
        return text + "\n"
    }

    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 }))
    }
}

/// Takes a `text/event-stream` apart as its bytes arrive, in pieces of any size.
///
/// Format: WHATWG HTML, "Server-sent events", section 9.2.6. Comments (heartbeats) are dropped;
/// an event that is not complete when the bytes end is dropped too.
package struct ServerSentEventParser: Sendable {
    package static let lineBytesMax = 4 << 20

    private var line: [UInt8] = []
    private var endedWithReturn = false
    private var isFirstLine = true
    private var id: String?
    private var name = "message"
    private var data: [String] = []
    private var dataBytes = 0

    package init() {}

    /// - Returns: nil when a line or an event is longer than `lineBytesMax`.
    package mutating func receive(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent]? {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") && endedWithReturn {
                endedWithReturn = false
                continue
            }
            endedWithReturn = byte == UInt8(ascii: "\r")
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if let event = endLine() { events.append(event) }
            } else {
                line.append(byte)
                guard line.count + dataBytes <= Self.lineBytesMax else { return nil }
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        var text = String(decoding: line, as: UTF8.self)
        line.removeAll(keepingCapacity: true)
        if isFirstLine {
            isFirstLine = false
            if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        }
        guard !text.isEmpty else { return endEvent() }
        let field = text.prefix { $0 != ":" }
        var value = text.dropFirst(field.count + 1)
        if value.first == " " { value = value.dropFirst() }
        switch field {
        case "data":
            data.append(String(value))
            dataBytes += value.utf8.count
        case "event": name = String(value)
        case "id": id = String(value)
        default: break
        }
        return nil
    }

    private mutating func endEvent() -> ServerSentEvent? {
        defer {
            name = "message"
            data = []
            dataBytes = 0
        }
        guard !data.isEmpty else { return nil }
        return ServerSentEvent(id: id, name: name, data: data.joined(separator: "\n"))
    }
}
