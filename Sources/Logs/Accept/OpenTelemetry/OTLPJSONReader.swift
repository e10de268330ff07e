import Telemetry

/// `{"resourceLogs":[{"resource":{"attributes":[…]},"scopeLogs":[{"scope":{…},"logRecords":[…]}]}]}`
struct OTLPJSONReader {
    private static let depthMax = 16

    private let intake: LogIntake
    private var streams: PushedStreams
    private(set) var accepted = 0
    private var resource: [(key: ByteView, value: ByteView)] = []

    init(_ intake: LogIntake) {
        self.intake = intake
        streams = PushedStreams(intake.stream)
    }

    mutating func read(_ text: ByteView, into processor: inout LogProcessor) throws(TelemetryProblem) {
        var cursor = JSONCursor(text)
        guard let request = cursor.members() else { throw OTLPLogs.broken("It is no object.") }
        cursor.skipBlanks()
        guard cursor.next == nil else { throw OTLPLogs.broken("Something comes behind the object.") }
        for logs in try Self.objects(request, "resourceLogs") {
            let scopes = try Self.objects(logs, "scopeLogs")
            let number = try readResource(logs, &processor)
            for scope in scopes { try readScope(scope, number, into: &processor) }
        }
    }

    private static func objects(
        _ members: JSONMembers, _ key: StaticString
    ) throws(TelemetryProblem) -> [JSONMembers] {
        guard let list = members.value(of: key) else { return [] }
        var items = JSONItems(list)
        var objects: [JSONMembers] = []
        while let item = items.next() {
            var cursor = JSONCursor(item)
            guard let object = cursor.members() else { throw OTLPLogs.broken("`\(key)` has what is no object.") }
            objects.append(object)
        }
        if items.isBroken { throw OTLPLogs.broken("`\(key)` is no list.") }
        return objects
    }

    private static func object(_ members: JSONMembers, _ key: StaticString) -> JSONMembers? {
        guard let text = members.value(of: key) else { return nil }
        var cursor = JSONCursor(text)
        return cursor.members()
    }

    private mutating func readResource(
        _ logs: JSONMembers, _ processor: inout LogProcessor
    ) throws(TelemetryProblem) -> UInt32 {
        resource = []
        var labels: [LogStream.Label] = []
        if let attributes = Self.object(logs, "resource")?.value(of: "attributes") {
            Self.eachAttribute(attributes) { key, value in
                var scratch = ByteArena()
                if let label = OTLPLogs.label(key), let text = Self.text(of: value, &scratch) {
                    labels.append(.init(label, text.text))
                } else {
                    resource.append((key, value))
                }
            }
        }
        return try streams.number(labels, &processor)
    }

    private mutating func readScope(
        _ scope: JSONMembers, _ stream: UInt32, into processor: inout LogProcessor
    ) throws(TelemetryProblem) {
        let name = Self.object(scope, "scope")?.value(of: "name")
        guard let list = scope.value(of: "logRecords") else { return }
        var items = JSONItems(list)
        while let item = items.next() {
            try LogIntake.checkRoom(processor, lines: accepted)
            var cursor = JSONCursor(item)
            guard let record = cursor.members() else { throw OTLPLogs.broken("A record is no object.") }
            processor.begin(.empty, stream: stream, now: intake.now)
            for (key, value) in resource { Self.set(key, value, &processor.builder, depth: 0) }
            if let name, let text = Self.string(name, &processor.builder.line.scratch), !text.isEmpty {
                processor.builder.line.set(ProgramNames.scope, text)
            }
            Self.read(record, &processor.builder)
            processor.finish()
            accepted += 1
        }
        if items.isBroken { throw OTLPLogs.broken("`logRecords` is no list.") }
    }

    private static func read(_ record: JSONMembers, _ builder: inout LogBatchBuilder) {
        var (time, observed): (Int64, Int64) = (0, 0)
        var word: ByteView?
        for (key, value) in record.list {
            if key.equals("timeUnixNano") {
                time = integer(value) ?? 0
            } else if key.equals("observedTimeUnixNano") {
                observed = integer(value) ?? 0
            } else if key.equals("severityNumber") {
                if let number = integer(value), let level = OTLPLogs.level(severity: number) {
                    builder.line.level = level
                }
            } else if key.equals("severityText") {
                word = string(value, &builder.line.scratch)
            } else if key.equals("body") {
                readBody(value, &builder)
            } else if key.equals("attributes") {
                eachAttribute(value) { set($0, $1, &builder, depth: 0) }
            } else if key.equals("traceId") {
                setText(ProgramNames.trace, value, &builder)
            } else if key.equals("spanId") {
                setText(ProgramNames.span, value, &builder)
            } else if key.equals("eventName") {
                setText(ProgramNames.event, value, &builder)
            }
        }
        if builder.line.level == .none, let word, let level = LevelText.level(word) { builder.line.level = level }
        let known = time > 0 ? time : observed
        if known > 0 { builder.line.setTime(known) }
    }

    private static func readBody(_ value: ByteView, _ builder: inout LogBatchBuilder) {
        if let values = list(of: value, "kvlistValue") {
            eachAttribute(values) { set($0, $1, &builder, depth: 1) }
        } else {
            builder.line.message = text(of: value, &builder.line.scratch) ?? .empty
        }
    }

    private static func setText(_ name: UInt32, _ value: ByteView, _ builder: inout LogBatchBuilder) {
        if let text = string(value, &builder.line.scratch), !text.isEmpty { builder.line.set(name, text) }
    }

    /// `[{"key":"a","value":{"stringValue":"b"}}]`; what is none of that is passed over.
    private static func eachAttribute(_ list: ByteView, _ body: (ByteView, ByteView) -> Void) {
        var items = JSONItems(list)
        while let item = items.next() {
            var cursor = JSONCursor(item)
            guard let pair = cursor.members(), let quoted = pair.value(of: "key"), let value = pair.value(of: "value")
            else { continue }
            var key = JSONCursor(quoted)
            if let (name, _) = key.rawString(), !name.isEmpty { body(name, value) }
        }
    }

    private static func set(_ key: ByteView, _ value: ByteView, _ builder: inout LogBatchBuilder, depth: Int) {
        if depth < depthMax, let values = list(of: value, "kvlistValue") {
            let prefix = Array(key.buffer.prefix(NameTable.nameBytesMax)) + [0x2E]
            return eachAttribute(values) { inner, value in
                let name = builder.line.scratch.copy(prefix + Array(inner.buffer.prefix(NameTable.nameBytesMax)))
                set(name, value, &builder, depth: depth + 1)
            }
        }
        if let text = text(of: value, &builder.line.scratch) { builder.line.set(builder.name(key), text) }
    }

    /// The `values` of a map or of a list.
    private static func list(of value: ByteView, _ kind: StaticString) -> ByteView? {
        var cursor = JSONCursor(value)
        guard let members = cursor.members() else { return nil }
        return object(members, kind)?.value(of: "values")
    }

    private static func text(of value: ByteView, _ scratch: inout ByteArena) -> ByteView? {
        var cursor = JSONCursor(value)
        guard let (key, inner) = cursor.members()?.list.last else { return nil }
        if key.equals("arrayValue") {
            guard let values = list(of: value, "arrayValue") else { return nil }
            var items = JSONItems(values)
            var made: [UInt8] = []
            while let item = items.next() {
                var element = JSONCursor(item)
                // Lists in lists are left out: they would have to be marked.
                guard let inner = element.members()?.list.last?.value, let text = string(inner, &scratch) else {
                    continue
                }
                if !made.isEmpty { made.append(UInt8(ascii: ",")) }
                made += text.buffer
            }
            return scratch.copy(made)
        }
        return string(inner, &scratch)
    }

    /// A text, a number or a truth.
    private static func string(_ value: ByteView, _ scratch: inout ByteArena) -> ByteView? {
        var cursor = JSONCursor(value)
        if cursor.next == 0x22 { return cursor.string(&scratch) }
        guard let text = cursor.scalar(), !text.equals("null") else { return nil }
        return text
    }

    private static func integer(_ value: ByteView) -> Int64? {
        var cursor = JSONCursor(value)
        let text = cursor.next == 0x22 ? cursor.rawString()?.text : cursor.scalar()
        guard let text else { return nil }
        return text.integer ?? LokiJSONReader.long(text)
    }
}
