import Testing

@testable import Telemetry

@Suite("Points on their way")
struct PointBatchTests {
    @Test("come back as they went, whatever their times and values")
    func roundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        let points = (0..<1000).map { index in
            NamedPoint(
                name: "hosts.web-\(index % 7).cpu.user;größe=\(index)",
                time: .random(in: .min ... .max, using: &generator),
                value: Double(bitPattern: .random(in: 0..<0x7FF0_0000_0000_0000, using: &generator)))
        }
        #expect(try PointBatch.decode(PointBatch.encode(points)) == points)
        #expect(try PointBatch.decode(PointBatch.encode([])) == [])
    }

    @Test("every cut and every changed byte is refused or read, and nothing breaks")
    func damaged() throws {
        let bytes = PointBatch.encode([
            NamedPoint(name: "a.b", time: 1_700_000_000, value: 1.5), NamedPoint(name: "c", time: -5, value: -0.0),
        ])
        for end in 0..<bytes.count {
            #expect(throws: TelemetryProblem.self) { try PointBatch.decode(bytes[..<end]) }
        }
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var other = bytes
                other[index] = value
                _ = try? PointBatch.decode(other)
            }
        }
        #expect(throws: TelemetryProblem.self) { try PointBatch.decode(bytes + [0]) }
    }
}
