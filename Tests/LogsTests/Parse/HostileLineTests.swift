import Telemetry
import Testing

@testable import Logs

/// SplitMix64: the same seed, the same lines.
private struct SeededRandom: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

@Suite("Hostile lines")
struct HostileLineTests {
    private func auto() throws -> LogProgram { try LogProgram([LogPipeline(name: "a", steps: [.parse(.auto)])]) }

    /// Bytes in which some were changed, taken out, doubled or cut off.
    private func damaged(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.removeLast(bytes.count - place)
            case 3: bytes.insert(contentsOf: bytes[place..<min(place + 9, bytes.count)], at: place)
            default: bytes[place] = #"{}[]":,\<>= -+.09"#.utf8.randomElement(using: &random)!
            }
        }
        return bytes
    }

    @Test("Every parser takes every damaged line, and every text of it is whole", arguments: LogFormat.allCases)
    func damagedLines(_ format: LogFormat) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(state: seed)
        var processor = LogProcessor(
            try LogProgram([LogPipeline(name: "f", steps: [.parse(format), .clean()])]), labels: .usual, seed: seed)
        var lines = 0
        for example in FormTests.examples {
            for _ in 0..<300 {
                processor.take(damaged(Array(example.line.utf8), &random))
                lines += 1
            }
        }
        for _ in 0..<300 {
            processor.take(
                (0..<Int.random(in: 0...200, using: &random)).map { _ in .random(in: 0...255, using: &random) })
            lines += 1
        }
        let batch = processor.takeBatch()
        #expect(batch.lines.count == lines, "seed \(seed)")
        #expect(Set(batch.names).count == batch.names.count, "seed \(seed)")
        for line in batch.lines {
            #expect(Int(line.message.start) + Int(line.message.count) <= batch.bytes.count, "seed \(seed)")
            let fields = batch.fields[Int(line.firstField)..<Int(line.firstField + line.fieldCount)]
            #expect(Set(fields.map(\.name)).count == fields.count, "seed \(seed)")
            #expect(fields.allSatisfy { Int($0.name) < batch.names.count }, "seed \(seed)")
        }
    }

    @Test("Every intake takes or refuses every damaged request", arguments: LogIntake.Format.allCases)
    func damagedRequests(_ format: LogIntake.Format) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(state: seed)
        let entry = Proto.field(1, Proto.varint(1, 1_795_262_400)) + Proto.field(2, "one")
        let stream = Proto.field(1, #"{app="shop"}"#) + Proto.field(2, entry)
        let record = Proto.fixed64(1, 1_795_262_400_000_000_000) + Proto.field(5, Proto.field(1, "x"))
        let bodies: [[UInt8]] = [
            Array("{\"index\":{\"_index\":\"a\"}}\n{\"message\":\"x\",\"a\":{\"b\":[1,{}]}}\n".utf8),
            Array(#"{"streams":[{"stream":{"a":"b"},"values":[["1795262400000000000","x",{"c":"d"}]]}]}"#.utf8),
            Proto.snappy(Proto.field(1, stream)),
            Array(#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}"#.utf8),
            Proto.field(1, Proto.field(2, Proto.field(2, record))),
        ]
        var (taken, refused) = (0, 0)
        for _ in 0..<400 {
            for body in bodies {
                do {
                    _ = try LogIntake(stream: [:], now: noon).batch(
                        of: damaged(body, &random), as: format, program: nil, seed: seed)
                    taken += 1
                } catch { refused += 1 }
            }
        }
        #expect(taken + refused == 2000, "seed \(seed)")
    }

    @Test("Long lines, deep nesting, many members and control characters are taken as they come")
    func extremes() throws {
        var processor = LogProcessor(try auto(), seed: 1)
        processor.take([UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20))
        processor.take([UInt8](repeating: UInt8(ascii: "["), count: 10 << 20))
        processor.take(Array(String(repeating: #"{"a":"#, count: 1_000_000).utf8))
        let depth = 100_000
        processor.take(
            Array((#"{"a":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}").utf8))
        processor.take(
            Array((String(repeating: #"{"a":"#, count: 100) + "1" + String(repeating: "}", count: 100)).utf8))
        processor.take(Array(("{" + (0..<2000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}").utf8))
        processor.take(Array("fine\r\n\u{1B}]0;evil\u{7}\u{1B}[2Jdone\u{0}".utf8))
        processor.take(Array(("{\"" + String(repeating: "n", count: 5000) + "\":1}").utf8))
        let lines = processor.takeBatch().parsed
        #expect(lines.count == 8)
        #expect(lines[0].message.utf8.count == 10 << 20)
        #expect(lines[2].fields.isEmpty)
        #expect(lines[4].fields.count == 1)
        #expect(lines[5].fields.count == LogRecord.fieldsMax && lines[5].fields["lost_fields"] == "1489")
        #expect(lines[6].message == "fine\r\n\u{1B}]0;evil\u{7}\u{1B}[2Jdone\u{0}")
        #expect(lines[7].fields.keys.first?.utf8.count == 256)
    }

    @Test("Names are numbered anew when there are too many")
    func manyNames() throws {
        var processor = LogProcessor(try auto(), seed: 1)
        for round in 0..<3 {
            for line in 0..<10_000 { processor.take(Array(#"{"n\#(round)_\#(line)":"\#(line)","msg":"x"}"#.utf8)) }
            let batch = processor.takeBatch()
            #expect(batch.names.count == 10_000)
            #expect(batch.parsed[77].fields == ["n\(round)_77": "77"])
        }
    }
}
