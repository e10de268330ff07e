package import Telemetry

/// OpenTelemetry's logs over HTTP. Sources: open-telemetry/opentelemetry-proto, opentelemetry/proto/logs/v1/logs.proto
/// and docs/specification.md (OTLP/HTTP).
///
/// `service.name` and `host.name` of the resource become the labels `app` and `host`; its other attributes and those of
/// the record become fields; the body is the message, or fields if it is a map.
package enum OTLPLogs {
    private static let form = "an `ExportLogsServiceRequest` as JSON or protobuf"
    package static let jsonAnswer = AcceptAnswer(status: 200, json: "{}")
    package static let protobufAnswer = AcceptAnswer(status: 200, body: [], contentType: "application/x-protobuf")

    package static func readJSON(
        _ body: [UInt8], _ intake: LogIntake, into processor: inout LogProcessor
    ) throws(TelemetryProblem) -> AcceptAnswer {
        try reading(body) { view throws(TelemetryProblem) in
            var reader = OTLPJSONReader(intake)
            try reader.read(view, into: &processor)
            var answer = jsonAnswer
            answer.accepted = reader.accepted
            return answer
        }
    }

    package static func readProtobuf(
        _ body: [UInt8], _ intake: LogIntake, into processor: inout LogProcessor
    ) throws(TelemetryProblem) -> AcceptAnswer {
        try reading(body) { view throws(TelemetryProblem) in
            var reader = OTLPProtobufReader(intake)
            try reader.read(view, into: &processor)
            var answer = protobufAnswer
            answer.accepted = reader.accepted
            return answer
        }
    }

    static func broken(_ cause: String) -> TelemetryProblem { LogIntake.unreadable(form, cause) }

    /// Source: logs.proto, `SeverityNumber`: 1 to 24, four of each.
    static func level(severity: Int64) -> LogLevel? {
        switch severity {
        case 1...4: .trace
        case 5...8: .debug
        case 9...12: .info
        case 13...16: .warn
        case 17...20: .error
        case 21...24: .critical
        default: nil
        }
    }

    /// The label that an attribute of the resource gives; nil: it is a field.
    static func label(_ key: ByteView) -> String? {
        if key.equals("service.name") { return "app" }
        if key.equals("host.name") { return "host" }
        return nil
    }

    /// Bytes as hexadecimal digits, as traces are named.
    static func hexadecimal(_ bytes: ByteView, _ scratch: inout ByteArena) -> ByteView {
        let digits: StaticString = "0123456789abcdef"
        let place = scratch.take(bytes.count * 2)
        for index in 0..<bytes.count {
            place.storeBytes(of: digits.utf8Start[Int(bytes[index] >> 4)], toByteOffset: index * 2, as: UInt8.self)
            place.storeBytes(of: digits.utf8Start[Int(bytes[index] & 15)], toByteOffset: index * 2 + 1, as: UInt8.self)
        }
        return ByteView(place, bytes.count * 2)
    }
}
