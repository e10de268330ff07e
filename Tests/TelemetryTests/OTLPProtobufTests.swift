import Testing

@testable import Telemetry

@Suite("OTLP in protobuf")
struct OTLPProtobufTests {
    /// An `ExportMetricsServiceRequest` of OpenTelemetry's own encoder (opentelemetry-proto 1.45): a counter, a
    /// gauge with an attribute, a histogram and an exponential histogram of a service.
    private static let request = [
        "0ae5030a180a160a0c736572766963652e6e616d6512060a0473686f7012c8030a030a0174122b0a066f72646572733a210a",
        "1b1191d79457d119ea1819b5879d57d119ea1831070000000000000010021801122d0a056c6576656c2a240a2219b5879d57",
        "d119ea182100000000000004c03a0e0a0474616e6b12060a046c656674126e0a04776169744a660a6211398c9a57d119ea18",
        "19b5879d57d119ea18210300000000000000290000000000c04b403218010000000000000001000000000000000100000000",
        "0000003a10000000000000f03f000000000000244059000000000000e03f610000000000004940100212f4010a0473697a65",
        "52eb010ae60111cb2f9c57d119ea1819b5879d57d119ea18210200000000000000290000000000001240300e42a601089401",
        "12a0010100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000001000000000000000000000000000000000000",
        "000000000000000000000000004a0312010061000000000000f83f6900000000000008401002",
    ].joined()

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    private static func points(_ body: [UInt8]) throws -> [String: Double] {
        var metrics = OTLPMetrics()
        let sink = CollectingSink()
        _ = try metrics.points(of: body, as: .protobuf, at: 5000).write(to: sink, source: SourceName("otlp"))
        return sink.lastValues
    }

    @Test("what OpenTelemetry's encoder writes")
    func read() throws {
        let points = try Self.points(Self.bytes(Self.request))
        #expect(points["orders;service.name=shop"] == 7)
        #expect(points["level;service.name=shop;tank=left"] == -2.5)
        #expect(points["wait.count;service.name=shop"] == 3)
        #expect(points["wait.bucket;le=10;service.name=shop"] == 2)
        #expect(points["wait.bucket;le=+Inf;service.name=shop"] == 3)
        #expect(points["size.count;service.name=shop"] == 2)
        #expect(points["size.bucket;le=4;service.name=shop"] == 2)
    }

    @Test("cut off or changed: refused, or other points; never a crash")
    func hostile() throws {
        let whole = Self.bytes(Self.request)
        for count in 0..<whole.count { _ = try? Self.points(Array(whole.prefix(count))) }
        var random = SplitMix(seed: 4)
        for _ in 0..<3000 {
            var changed = whole
            for _ in 0..<(1 + random.next() % 3) {
                changed[Int(random.next() % UInt64(whole.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            _ = try? Self.points(changed)
        }
    }
}
