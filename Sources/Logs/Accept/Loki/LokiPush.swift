package import Telemetry

/// Loki's push API. Sources: Loki's HTTP API, "Ingest logs"; grafana/loki, pkg/push/push.proto.
package enum LokiPush {
    private static let unpackedBytesMax = 256 << 20
    private static let form = "what `POST /loki/api/v1/push` takes: JSON, or protobuf packed with Snappy"
    static let answer = AcceptAnswer(status: 204, body: [])

    /// `{"streams":[{"stream":{"app":"shop"},"values":[["nanoseconds","line",{"trace":"1"}]]}]}`
    package static func readJSON(
        _ body: [UInt8], _ intake: LogIntake, into processor: inout LogProcessor
    ) throws(TelemetryProblem) -> AcceptAnswer {
        try reading(body) { view throws(TelemetryProblem) in
            var reader = LokiJSONReader(view, intake)
            try reader.read(into: &processor)
            var answer = Self.answer
            answer.accepted = reader.accepted
            return answer
        }
    }

    /// A `PushRequest`, packed with Snappy's block format.
    package static func readProtobuf(
        _ body: [UInt8], _ intake: LogIntake, into processor: inout LogProcessor
    ) throws(TelemetryProblem) -> AcceptAnswer {
        let unpacked = try Snappy.unpacked(body, bytesMax: unpackedBytesMax)
        return try reading(unpacked) { view throws(TelemetryProblem) in
            var reader = LokiProtobufReader(intake)
            try reader.read(view, into: &processor)
            var answer = Self.answer
            answer.accepted = reader.accepted
            return answer
        }
    }

    static func broken(_ cause: String) -> TelemetryProblem { LogIntake.unreadable(form, cause) }
}

/// Labels of a sender become labels of the stream, with those of the intake.
struct PushedStreams {
    private let base: LogStream
    private var count = 0

    init(_ base: LogStream) { self.base = base }

    mutating func number(
        _ labels: [LogStream.Label], _ processor: inout LogProcessor
    ) throws(TelemetryProblem) -> UInt32 {
        count += 1
        guard count <= LogIntake.linesMax else { throw LogIntake.tooMany() }
        let named = labels.prefix(LogIntake.labelsMax).map { label in
            LogStream.Label(Self.name(label.name), String(label.value.prefix(1024)))
        }
        let number = processor.builder.stream(LogStream(named + base.labels))
        guard number < LogIntake.streamsMax else { throw LogIntake.tooMany() }
        return number
    }

    /// What others call what has a name here.
    private static func name(_ name: String) -> String {
        switch name {
        case "service_name", "service", "service.name", "application": "app"
        case "hostname", "host.name", "nodename", "node_name": "host"
        case "filename", "source": "file"
        default: String(name.prefix(128))
        }
    }
}

struct LokiJSONReader {
    private var cursor: JSONCursor
    private let intake: LogIntake
    private var streams: PushedStreams
    private(set) var accepted = 0

    init(_ text: ByteView, _ intake: LogIntake) {
        cursor = JSONCursor(text)
        self.intake = intake
        streams = PushedStreams(intake.stream)
    }

    mutating func read(into processor: inout LogProcessor) throws(TelemetryProblem) {
        cursor.skipBlanks()
        guard cursor.next == 0x7B, let members = cursor.members() else { throw LokiPush.broken("It is no object.") }
        guard let list = members.value(of: "streams") else { throw LokiPush.broken("It has no `streams`.") }
        var items = JSONItems(list)
        while let item = items.next() {
            var object = JSONCursor(item)
            guard let stream = object.members() else { throw LokiPush.broken("A stream is no object.") }
            try read(stream, into: &processor)
        }
        if items.isBroken { throw LokiPush.broken("`streams` is no list.") }
    }

    private mutating func read(_ stream: JSONMembers, into processor: inout LogProcessor) throws(TelemetryProblem) {
        var labels: [LogStream.Label] = []
        if let text = stream.value(of: "stream") {
            var object = JSONCursor(text)
            guard let members = object.members() else { throw LokiPush.broken("Labels are no object.") }
            for (key, value) in members.list {
                var value = JSONCursor(value)
                if let text = value.string(&processor.builder.line.scratch) {
                    labels.append(.init(key.text, text.text))
                }
            }
        }
        let number = try streams.number(labels, &processor)
        guard let values = stream.value(of: "values") else { return }
        var items = JSONItems(values)
        while let item = items.next() { try readEntry(item, number, into: &processor) }
        if items.isBroken { throw LokiPush.broken("`values` is no list.") }
    }

    private mutating func readEntry(
        _ entry: ByteView, _ stream: UInt32, into processor: inout LogProcessor
    ) throws(TelemetryProblem) {
        try LogIntake.checkRoom(processor, lines: accepted)
        var parts = JSONItems(entry)
        guard let time = parts.next(), let line = parts.next() else {
            throw LokiPush.broken("A value is not a time and a line.")
        }
        var (timeCursor, lineCursor) = (JSONCursor(time), JSONCursor(line))
        guard let (stamp, _) = timeCursor.rawString(), let nanoseconds = stamp.integer ?? Self.long(stamp) else {
            throw LokiPush.broken("A time is no text of nanoseconds.")
        }
        processor.begin(.empty, stream: stream, now: intake.now)
        guard let text = lineCursor.string(&processor.builder.line.scratch) else {
            throw LokiPush.broken("A line is no text.")
        }
        processor.builder.line.message = text
        processor.builder.line.setTime(nanoseconds)
        if let metadata = parts.next() {
            var object = JSONCursor(metadata)
            for (key, value) in object.members()?.list ?? [] {
                var value = JSONCursor(value)
                guard let text = value.string(&processor.builder.line.scratch) else { continue }
                processor.builder.line.set(processor.builder.name(key), text)
            }
        }
        processor.finish()
        accepted += 1
    }

    /// 19 digits, as nanoseconds of today have.
    static func long(_ text: ByteView) -> Int64? { text.count <= 20 ? Int64(text.text) : nil }
}

/// `PushRequest { repeated StreamAdapter streams = 1; }`
struct LokiProtobufReader {
    private let intake: LogIntake
    private var streams: PushedStreams
    private(set) var accepted = 0

    init(_ intake: LogIntake) {
        self.intake = intake
        streams = PushedStreams(intake.stream)
    }

    mutating func read(_ text: ByteView, into processor: inout LogProcessor) throws(TelemetryProblem) {
        var reader = ProtobufReader(text)
        while let (field, value) = reader.next() {
            if field == 1, case .bytes(let stream) = value { try readStream(stream, into: &processor) }
        }
        if reader.isBroken { throw LokiPush.broken("It is no protobuf.") }
    }

    /// `StreamAdapter { string labels = 1; repeated EntryAdapter entries = 2; }`
    private mutating func readStream(
        _ text: ByteView, into processor: inout LogProcessor
    ) throws(TelemetryProblem) {
        var labels: [LogStream.Label] = []
        var reader = ProtobufReader(text)
        while let (field, value) = reader.next() {
            if field == 1, case .bytes(let text) = value { labels = try LokiLabels.read(text) }
        }
        if reader.isBroken { throw LokiPush.broken("A stream is no protobuf.") }
        let number = try streams.number(labels, &processor)
        reader = ProtobufReader(text)
        while let (field, value) = reader.next() {
            if field == 2, case .bytes(let entry) = value { try readEntry(entry, number, into: &processor) }
        }
    }

    /// `EntryAdapter { Timestamp timestamp = 1; string line = 2; repeated LabelPair structuredMetadata = 3; }`
    private mutating func readEntry(
        _ text: ByteView, _ stream: UInt32, into processor: inout LogProcessor
    ) throws(TelemetryProblem) {
        try LogIntake.checkRoom(processor, lines: accepted)
        processor.begin(.empty, stream: stream, now: intake.now)
        var reader = ProtobufReader(text)
        while let (field, value) = reader.next() {
            guard case .bytes(let bytes) = value else { continue }
            switch field {
            case 1: if let time = Self.time(bytes) { processor.builder.line.setTime(time) }
            case 2: processor.builder.line.message = bytes
            case 3:
                let (name, value) = Self.pair(bytes)
                if !name.isEmpty { processor.builder.line.set(processor.builder.name(name), value) }
            default: break
            }
        }
        if reader.isBroken { throw LokiPush.broken("An entry is no protobuf.") }
        processor.finish()
        accepted += 1
    }

    /// `Timestamp { int64 seconds = 1; int32 nanos = 2; }`
    private static func time(_ text: ByteView) -> Int64? {
        var reader = ProtobufReader(text)
        var (seconds, nanoseconds): (Int64, Int64) = (0, 0)
        while let (field, value) = reader.next() {
            guard case .varint(let number) = value else { continue }
            if field == 1 { seconds = Int64(bitPattern: number) }
            if field == 2 { nanoseconds = Int64(bitPattern: number) }
        }
        guard abs(seconds.clamped) < 9_000_000_000, (0..<1_000_000_000).contains(nanoseconds) else { return nil }
        return seconds * 1_000_000_000 + nanoseconds
    }

    private static func pair(_ text: ByteView) -> (ByteView, ByteView) {
        var reader = ProtobufReader(text)
        var (name, found) = (ByteView.empty, ByteView.empty)
        while let (field, value) = reader.next() {
            guard case .bytes(let bytes) = value else { continue }
            if field == 1 { name = bytes }
            if field == 2 { found = bytes }
        }
        return (name, found)
    }
}

extension Int64 {
    /// Without the one number that has no opposite.
    fileprivate var clamped: Int64 { Swift.max(self, -.max) }
}

/// Labels as Prometheus writes them: `{app="shop", host="web-1"}`.
enum LokiLabels {
    static func read(_ text: ByteView) throws(TelemetryProblem) -> [LogStream.Label] {
        var cursor = JSONCursor(text.trimmed)
        var labels: [LogStream.Label] = []
        var scratch = ByteArena()
        guard cursor.take(0x7B) else { throw broken(text) }
        cursor.skipBlanks()
        while !cursor.take(0x7D) {
            let rest = ByteView(cursor.place, to: cursor.end)
            guard let equals = rest.index(of: 0x3D), equals > 0 else { throw broken(text) }
            let name = rest.slice(0, equals).trimmed
            cursor = JSONCursor(rest.dropFirst(equals + 1))
            cursor.skipBlanks()
            guard let value = cursor.string(&scratch) else { throw broken(text) }
            labels.append(.init(name.text, value.text))
            cursor.skipBlanks()
            if cursor.take(0x2C) { cursor.skipBlanks() } else if cursor.next != 0x7D { throw broken(text) }
        }
        return labels
    }

    private static func broken(_ text: ByteView) -> TelemetryProblem {
        LokiPush.broken("\"\(text.slice(0, min(100, text.count)).text)\" are no labels.")
    }
}
