import Logs
import Telemetry
import Testing

@Suite("Batches as bytes")
struct LogBatchCodingTests {
    private static func sample() -> LogBatch {
        var batch = LogBatch()
        batch.streams = [["app": "shop", "host": "web-1"], [:]]
        batch.names = ["path", "status", ""]
        func text(_ bytes: [UInt8]) -> LogBatch.Text {
            defer { batch.bytes += bytes }
            return LogBatch.Text(start: UInt32(batch.bytes.count), count: UInt32(bytes.count))
        }
        for index in 0..<40 {
            let first = batch.fields.count
            let message = text(Array("line \(index) \u{1F980}".utf8))
            if index % 7 == 3 { _ = text(Array("cut out".utf8)) }
            for name in 0..<index % 3 {
                batch.fields.append(.init(name: UInt32(name), value: text([0xFF, UInt8(index)])))
            }
            let times: [Int64] = [Int64(index), .min, .max, -1]
            batch.lines.append(
                .init(
                    time: times[index % 4], stream: UInt32(index % 2), level: LogLevel.allCases[index % 10],
                    message: message, firstField: UInt32(first), fieldCount: UInt32(batch.fields.count - first)))
        }
        return batch
    }

    private static func lines(_ batch: LogBatch) -> [String] {
        batch.lines.map { line in
            let fields = batch.fields[Int(line.firstField)..<Int(line.firstField + line.fieldCount)].map { field in
                "\(batch.names[Int(field.name)])=\(batch.withBytes(of: field.value) { Array($0) })"
            }
            let message = batch.withBytes(of: line.message) { Array($0) }
            return "\(line.time) \(batch.streams[Int(line.stream)]) \(line.level) \(message) \(fields)"
        }
    }

    @Test("what is read is what was written, but for bytes that no line refers to")
    func roundTrip() throws {
        let batch = Self.sample()
        let encoded = batch.encoded
        #expect(!String(decoding: encoded, as: UTF8.self).contains("cut out"))
        let read = try LogBatch(encoded: encoded)
        #expect(Self.lines(read) == Self.lines(batch))
        #expect(read.streams == batch.streams)
        #expect(read.encoded == encoded)
        #expect(try LogBatch(encoded: LogBatch().encoded).lines.isEmpty)
    }

    @Test("bytes that were cut or changed are refused or are a batch, and nothing worse")
    func damaged() {
        let encoded = Self.sample().encoded
        for count in encoded.indices {
            #expect((try? LogBatch(encoded: Array(encoded[..<count]))) == nil, "cut at \(count)")
        }
        #expect((try? LogBatch(encoded: encoded + [0])) == nil)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var changed = encoded
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                changed[Int.random(in: changed.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard let batch = try? LogBatch(encoded: changed) else { continue }
            #expect(batch.lines.count == Self.lines(batch).count)
            #expect(batch.bytes.count <= changed.count)
        }
        for _ in 0..<20_000 {
            let bytes = [1] + (0..<Int.random(in: 0...60)).map { _ in UInt8.random(in: 0...255) }
            guard let batch = try? LogBatch(encoded: bytes) else { continue }
            #expect(batch.lines.count == Self.lines(batch).count)
        }
    }
}
