@testable import Logs

/// Lines as tests look at them.
struct ParsedLine: Equatable, CustomStringConvertible {
    var time: String
    var level: String
    var message: String
    var fields: [String: String]
    var stream: LogStream

    /// `level|message|a=1 b=2`: fields in order of their names.
    var description: String {
        "\(level)|\(message)|"
            + fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }
}

extension LogBatch {
    var parsed: [ParsedLine] {
        lines.map { line in
            var values: [String: String] = [:]
            for field in fields[Int(line.firstField)..<Int(line.firstField + line.fieldCount)] {
                values[names[Int(field.name)]] = withBytes(of: field.value) { String(decoding: $0, as: UTF8.self) }
            }
            return ParsedLine(
                time: LogTime.text(line.time), level: LogLevel(rawValue: line.level)?.word ?? "?",
                message: withBytes(of: line.message) { String(decoding: $0, as: UTF8.self) }, fields: values,
                stream: streams[Int(line.stream)])
        }
    }
}

extension LogProcessor {
    mutating func take(_ bytes: [UInt8], now: Int64 = noon) {
        let stream = builder.stream(["source": "test"])
        bytes.withUnsafeBytes { take(ByteView($0), stream: stream, now: now) }
    }
}

/// 2026-11-21T12:00:00Z
let noon: Int64 = 1_795_262_400_000_000_000

/// What some steps make of a line; nil if they do not keep it.
func parsed(_ line: String, _ steps: [LogStep]) throws -> ParsedLine? {
    var processor = LogProcessor(try LogProgram([LogPipeline(name: "test", steps: steps)]), seed: 7)
    processor.take(Array(line.utf8))
    return processor.takeBatch().parsed.first
}
