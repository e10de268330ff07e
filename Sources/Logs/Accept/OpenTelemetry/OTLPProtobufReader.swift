import Telemetry

/// `ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }`
struct OTLPProtobufReader {
    private static let depthMax = 16

    private let intake: LogIntake
    private var streams: PushedStreams
    private(set) var accepted = 0
    /// Attributes of the resource in hand that are fields of each of its lines.
    private var resource: [(key: ByteView, value: ByteView)] = []

    init(_ intake: LogIntake) {
        self.intake = intake
        streams = PushedStreams(intake.stream)
    }

    mutating func read(_ text: ByteView, into processor: inout LogProcessor) throws(TelemetryProblem) {
        try each(1, of: text) { reader, logs throws(TelemetryProblem) in
            try reader.readResource(logs, into: &processor)
        }
    }

    /// Calls `body` with each field of that number, which holds bytes.
    private mutating func each(
        _ number: UInt64, of text: ByteView,
        _ body: (inout Self, ByteView) throws(TelemetryProblem) -> Void
    ) throws(TelemetryProblem) {
        var reader = ProtobufReader(text)
        while let (field, value) = reader.next() {
            if field == number, case .bytes(let bytes) = value { try body(&self, bytes) }
        }
        if reader.isBroken { throw OTLPLogs.broken("It is no protobuf.") }
    }

    /// `ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }`, `Resource { repeated KeyValue
    /// attributes = 1; }`
    private mutating func readResource(
        _ text: ByteView, into processor: inout LogProcessor
    ) throws(TelemetryProblem) {
        var labels: [LogStream.Label] = []
        resource = []
        try each(1, of: text) { reader, resource throws(TelemetryProblem) in
            try reader.each(1, of: resource) { reader, attribute throws(TelemetryProblem) in
                let (key, value) = Self.keyValue(attribute)
                if let label = OTLPLogs.label(key), let bytes = Self.string(value) {
                    labels.append(.init(label, bytes.text))
                } else {
                    reader.resource.append((key, value))
                }
            }
        }
        let number = try streams.number(labels, &processor)
        try each(2, of: text) { reader, scope throws(TelemetryProblem) in
            try reader.readScope(scope, number, into: &processor)
        }
    }

    /// `ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; }`
    private mutating func readScope(
        _ text: ByteView, _ stream: UInt32, into processor: inout LogProcessor
    ) throws(TelemetryProblem) {
        var scope = ByteView.empty
        try each(1, of: text) { reader, bytes throws(TelemetryProblem) in
            try reader.each(1, of: bytes) { _, name in scope = name }
        }
        try each(2, of: text) { reader, record throws(TelemetryProblem) in
            try LogIntake.checkRoom(processor, lines: reader.accepted)
            processor.begin(.empty, stream: stream, now: reader.intake.now)
            for (key, value) in reader.resource { Self.set(key, value, &processor.builder, depth: 0) }
            if !scope.isEmpty { processor.builder.line.set(ProgramNames.scope, scope) }
            guard Self.readRecord(record, &processor.builder) else {
                throw OTLPLogs.broken("A record is no protobuf.")
            }
            processor.finish()
            reader.accepted += 1
        }
    }

    private static func readRecord(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        var reader = ProtobufReader(text)
        var (time, observed): (UInt64, UInt64) = (0, 0)
        while let (field, value) = reader.next() {
            switch (field, value) {
            case (1, .fixed64(let number)): time = number
            case (11, .fixed64(let number)): observed = number
            case (2, .varint(let number)):
                if let level = OTLPLogs.level(severity: Int64(truncatingIfNeeded: number)) {
                    builder.line.level = level
                }
            case (3, .bytes(let text)):
                if builder.line.level == .none { builder.line.level = LevelText.level(text) ?? .none }
            case (5, .bytes(let body)): readBody(body, &builder)
            case (6, .bytes(let attribute)):
                let (key, value) = keyValue(attribute)
                set(key, value, &builder, depth: 0)
            case (9, .bytes(let trace)) where !trace.isEmpty:
                builder.line.set(ProgramNames.trace, OTLPLogs.hexadecimal(trace, &builder.line.scratch))
            case (10, .bytes(let span)) where !span.isEmpty:
                builder.line.set(ProgramNames.span, OTLPLogs.hexadecimal(span, &builder.line.scratch))
            case (12, .bytes(let event)) where !event.isEmpty: builder.line.set(ProgramNames.event, event)
            default: break
            }
        }
        let known = time > 0 ? time : observed
        if known > 0, known <= UInt64(Int64.max) { builder.line.setTime(Int64(known)) }
        return !reader.isBroken
    }

    private static func readBody(_ value: ByteView, _ builder: inout LogBatchBuilder) {
        var reader = ProtobufReader(value)
        if case (6, .bytes(let list))? = reader.next() {
            setList(list, prefix: [], &builder, depth: 0)
        } else {
            builder.line.message = text(of: value, &builder.line.scratch) ?? .empty
        }
    }

    /// `KeyValue { string key = 1; AnyValue value = 2; }`
    private static func keyValue(_ text: ByteView) -> (ByteView, ByteView) {
        var reader = ProtobufReader(text)
        var (key, found) = (ByteView.empty, ByteView.empty)
        while let (field, value) = reader.next() {
            guard case .bytes(let bytes) = value else { continue }
            if field == 1 { key = bytes }
            if field == 2 { found = bytes }
        }
        return (key, found)
    }

    /// The text of an `AnyValue` that is one.
    private static func string(_ value: ByteView) -> ByteView? {
        var reader = ProtobufReader(value)
        guard case (1, .bytes(let text))? = reader.next() else { return nil }
        return text
    }

    private static func set(
        _ key: ByteView, _ value: ByteView, _ builder: inout LogBatchBuilder, depth: Int
    ) {
        guard !key.isEmpty else { return }
        var reader = ProtobufReader(value)
        if case (6, .bytes(let list))? = reader.next(), depth < depthMax {
            return setList(list, prefix: Array(key.buffer) + [0x2E], &builder, depth: depth + 1)
        }
        if let text = text(of: value, &builder.line.scratch) { builder.line.set(builder.name(key), text) }
    }

    /// `KeyValueList { repeated KeyValue values = 1; }`
    private static func setList(
        _ list: ByteView, prefix: [UInt8], _ builder: inout LogBatchBuilder, depth: Int
    ) {
        var reader = ProtobufReader(list)
        while let (field, value) = reader.next() {
            guard field == 1, case .bytes(let pair) = value else { continue }
            let (key, value) = keyValue(pair)
            let name = builder.line.scratch.copy(prefix + Array(key.buffer.prefix(NameTable.nameBytesMax)))
            set(name.slice(0, min(name.count, NameTable.nameBytesMax)), value, &builder, depth: depth)
        }
    }

    /// `AnyValue`: string 1, bool 2, int 3, double 4, array 5, map 6, bytes 7. Lists are elements with commas between.
    private static func text(of value: ByteView, _ scratch: inout ByteArena) -> ByteView? {
        var reader = ProtobufReader(value)
        switch reader.next() {
        case (1, .bytes(let text))?: return text
        case (2, .varint(let number))?: return scratch.copy((number == 0 ? "false" : "true").utf8)
        case (3, .varint(let number))?: return scratch.copy("\(Int64(bitPattern: number))".utf8)
        case (4, .fixed64(let bits))?: return scratch.copy("\(Double(bitPattern: bits))".utf8)
        case (5, .bytes(let list))?:
            var elements = ProtobufReader(list)
            var made: [UInt8] = []
            while let (field, element) = elements.next() {
                guard field == 1, case .bytes(let bytes) = element else { continue }
                // Lists in lists are left out: they would have to be marked.
                guard let text = string(bytes) ?? scalar(bytes, &scratch) else { continue }
                if !made.isEmpty { made.append(UInt8(ascii: ",")) }
                made += text.buffer
            }
            return scratch.copy(made)
        case (7, .bytes(let bytes))?: return OTLPLogs.hexadecimal(bytes, &scratch)
        default: return nil
        }
    }

    private static func scalar(_ value: ByteView, _ scratch: inout ByteArena) -> ByteView? {
        var reader = ProtobufReader(value)
        guard let (field, _) = reader.next(), field < 5 else { return nil }
        return text(of: value, &scratch)
    }
}
