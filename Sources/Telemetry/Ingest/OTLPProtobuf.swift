/// Reads OTLP's metrics in protobuf into the tree that their JSON would be, so that both are understood alike.
/// Source: open-telemetry/opentelemetry-proto, opentelemetry/proto/{collector/metrics,metrics,common,resource}/v1.
enum OTLPProtobuf {
    /// What a field is, beside its number.
    private indirect enum Kind: Sendable {
        case text
        case bool
        case integer
        /// With the sign in the lowest bit.
        case zigzag
        case fixed
        case double
        case message(Message)
    }

    private struct Field: Sendable {
        var name: String
        var kind: Kind
        var isList = false
    }

    private struct Message: Sendable {
        var fields: [UInt64: Field]
        /// What is zero when it is left out.
        var zeros: [String] = []
    }

    private static func list(_ name: String, _ message: Message) -> Field {
        Field(name: name, kind: .message(message), isList: true)
    }

    private static let anyValue = Message(fields: [
        1: Field(name: "stringValue", kind: .text), 2: Field(name: "boolValue", kind: .bool),
        3: Field(name: "intValue", kind: .integer), 4: Field(name: "doubleValue", kind: .double),
    ])
    private static let keyValue = Message(fields: [
        1: Field(name: "key", kind: .text), 2: Field(name: "value", kind: .message(anyValue)),
    ])
    private static let time = Field(name: "timeUnixNano", kind: .fixed)
    private static let flags = Field(name: "flags", kind: .integer)
    private static let number = Message(fields: [
        3: time, 4: Field(name: "asDouble", kind: .double), 6: Field(name: "asInt", kind: .fixed),
        7: list("attributes", keyValue), 8: flags,
    ])
    private static let histogram = Message(
        fields: [
            3: time, 4: Field(name: "count", kind: .fixed), 5: Field(name: "sum", kind: .double),
            6: Field(name: "bucketCounts", kind: .fixed, isList: true),
            7: Field(name: "explicitBounds", kind: .double, isList: true), 9: list("attributes", keyValue),
            10: flags, 11: Field(name: "min", kind: .double), 12: Field(name: "max", kind: .double),
        ], zeros: ["count"])
    private static let buckets = Message(fields: [
        1: Field(name: "offset", kind: .zigzag), 2: Field(name: "bucketCounts", kind: .integer, isList: true),
    ])
    private static let exponential = Message(
        fields: [
            1: list("attributes", keyValue), 3: time, 4: Field(name: "count", kind: .fixed),
            5: Field(name: "sum", kind: .double), 6: Field(name: "scale", kind: .zigzag),
            7: Field(name: "zeroCount", kind: .fixed), 8: Field(name: "positive", kind: .message(buckets)),
            9: Field(name: "negative", kind: .message(buckets)), 10: flags, 12: Field(name: "min", kind: .double),
            13: Field(name: "max", kind: .double),
        ], zeros: ["count"])
    private static let quantile = Message(
        fields: [1: Field(name: "quantile", kind: .double), 2: Field(name: "value", kind: .double)],
        zeros: ["quantile", "value"])
    private static let summary = Message(
        fields: [
            3: time, 4: Field(name: "count", kind: .fixed), 5: Field(name: "sum", kind: .double),
            6: list("quantileValues", quantile), 7: list("attributes", keyValue), 8: flags,
        ], zeros: ["count", "sum"])
    private static let temporality = Field(name: "aggregationTemporality", kind: .integer)
    private static func data(_ point: Message) -> Kind {
        .message(Message(fields: [1: list("dataPoints", point), 2: temporality]))
    }
    private static let metric = Message(fields: [
        1: Field(name: "name", kind: .text), 5: Field(name: "gauge", kind: data(number)),
        7: Field(name: "sum", kind: data(number)), 9: Field(name: "histogram", kind: data(histogram)),
        10: Field(name: "exponentialHistogram", kind: data(exponential)),
        11: Field(name: "summary", kind: data(summary)),
    ])
    private static let resource = Message(fields: [1: list("attributes", keyValue)])
    private static let request = Message(fields: [
        1: list(
            "resourceMetrics",
            Message(fields: [
                1: Field(name: "resource", kind: .message(resource)),
                2: list("scopeMetrics", Message(fields: [2: list("metrics", metric)])),
            ]))
    ])

    /// An `ExportMetricsServiceRequest`.
    static func read(_ body: [UInt8]) throws(TelemetryProblem) -> JSONValue {
        var count = 0
        return try read(body, 0..<body.count, request, &count)
    }

    private static func read(
        _ bytes: [UInt8], _ range: Range<Int>, _ message: Message, _ count: inout Int
    ) throws(TelemetryProblem) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for name in message.zeros { members[name] = .string("0") }
        var lists: [String: [JSONValue]] = [:]
        var reader = WireReader(bytes, range)
        while let (number, value) = try reader.next() {
            guard let field = message.fields[number] else { continue }
            count += 1
            guard count <= JSONReader.valuesMax else { throw tooMany }
            if field.isList {
                try append(value, of: field, bytes, to: &lists[field.name, default: []], &count)
            } else if let one = try read(value, field.kind, bytes, &count) {
                members[field.name] = one
            }
        }
        for (name, elements) in lists { members[name] = .array(elements) }
        return .object(members)
    }

    private static func append(
        _ value: WireReader.Value, of field: Field, _ bytes: [UInt8], to list: inout [JSONValue], _ count: inout Int
    ) throws(TelemetryProblem) {
        guard case .bytes(let range) = value, let width = width(field.kind) else {
            if let one = try read(value, field.kind, bytes, &count) { list.append(one) }
            return
        }
        // Numbers of a list are packed: one behind the other, without keys.
        var index = range.lowerBound
        while index < range.upperBound {
            count += 1
            guard count <= JSONReader.valuesMax else { throw tooMany }
            var bits: UInt64 = 0
            if width == 8, range.upperBound - index >= 8 {
                for position in 0..<8 { bits |= UInt64(bytes[index + position]) << UInt64(8 * position) }
                index += 8
            } else if width == 0, let number = WireReader.varint(bytes, &index), index <= range.upperBound {
                bits = number
            } else {
                throw TelemetryProblem(
                    "otlp.invalid", "The request was not taken.", cause: "A list of numbers is cut off.",
                    remedy: "Send an `ExportMetricsServiceRequest` as protobuf or JSON.")
            }
            if let one = try read(width == 0 ? .varint(bits) : .fixed64(bits), field.kind, bytes, &count) {
                list.append(one)
            }
        }
    }

    /// Bytes of a number in a packed list, 0 for one that is as long as it needs; nil for what is not packed.
    private static func width(_ kind: Kind) -> Int? {
        switch kind {
        case .fixed, .double: 8
        case .integer, .zigzag, .bool: 0
        case .text, .message: nil
        }
    }

    /// Nil for a value that is of another kind than its field: protobuf skips those.
    private static func read(
        _ value: WireReader.Value, _ kind: Kind, _ bytes: [UInt8], _ count: inout Int
    ) throws(TelemetryProblem) -> JSONValue? {
        switch (kind, value) {
        case (.text, .bytes(let range)): .string(String(decoding: bytes[range], as: UTF8.self))
        case (.bool, .varint(let number)): .bool(number != 0)
        case (.integer, .varint(let number)): .string("\(Int64(bitPattern: number))")
        case (.zigzag, .varint(let number)): .string("\(Int(zigzag: number))")
        case (.fixed, .fixed64(let number)): .string("\(Int64(bitPattern: number))")
        case (.double, .fixed64(let number)): .string(ExpositionWriter.number(Double(bitPattern: number)))
        case (.message(let message), .bytes(let range)): try read(bytes, range, message, &count)
        default: nil
        }
    }

    private static var tooMany: TelemetryProblem {
        TelemetryProblem(
            "otlp.invalid", "The request was not taken.",
            cause: "It has more than \(JSONReader.valuesMax) values.", remedy: "Send smaller batches.")
    }
}
