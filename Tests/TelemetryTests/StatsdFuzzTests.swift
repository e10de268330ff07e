import Testing

@testable import Telemetry

@Suite("statsd and hostile input")
struct StatsdFuzzTests {
    @Test("random bytes and changed lines: no crash, all lines counted, finite points only", arguments: UInt64(1)...8)
    func fuzz(seed: UInt64) throws {
        let alphabet = Array("a:1|c@.#T-+e,;=\n{}_\r \0\u{ff}smghd9".utf8)
        let valid = Array(
            "web.a:1|c|@0.1|#x:y,z\nweb.b:1:2.5:3e2|ms|T17\n_e{1,1}:a|b|t:c\n_sc|a|1|m:b\nu:é|s\ng:-1.5|g|c:id\n".utf8)
        var random = SplitMix(seed: seed)
        var limits = StatsdLimits()
        limits.keysMax = 500
        let harness = StatsdHarness(limits: limits)
        for round in 0..<4000 {
            var bytes: [UInt8]
            switch random.next() % 3 {
            case 0: bytes = (0..<(random.next() % 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            case 1:
                bytes = (0..<(random.next() % 60)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            default:
                bytes = valid
                for _ in 0..<(1 + random.next() % 6) {
                    let place = Int(random.next() % UInt64(bytes.count))
                    bytes[place] = alphabet[Int(random.next() % UInt64(alphabet.count))]
                    if random.next() % 4 == 0 { bytes.removeSubrange(place...min(place + 3, bytes.count - 1)) }
                    if bytes.isEmpty { bytes = valid }
                }
            }
            let before = harness.tally.counts
            harness.receive(bytes)
            let lines = bytes.split(separator: 0x0A).count
            #expect(harness.tally.counts.lines - before.lines == UInt64(lines))
            if round % 500 == 499 {
                for (name, value) in try harness.flush(at: Int64(round)) {
                    #expect(value.isFinite, "\(name)")
                    #expect((try? SeriesName(name))?.text == name, "\(name) is not canonical")
                }
            }
        }
    }

    @Test("lines of ten megabytes, names of a megabyte, a hundred thousand tags")
    func large() throws {
        let harness = StatsdHarness()
        harness.receive([UInt8](repeating: 0x61, count: 10 << 20))
        harness.receive(String(repeating: "a", count: 1 << 20) + ":1|c")
        harness.receive("a:1|c|#" + (0..<100_000).map { "k\($0):v" }.joined(separator: ","))
        harness.receive("a:" + String(repeating: "9", count: 1 << 20) + "|c")
        harness.receive("a:" + String(repeating: "1:", count: 1 << 19) + "1|c")
        harness.receive(String(repeating: ":", count: 1 << 20))
        harness.receive(String(repeating: "a.", count: 2000) + "b:1|c")
        harness.receive("a:1|c|#" + (0..<100).map { "k\($0):v" }.joined(separator: ","))
        #expect(harness.tally.counts.badLines == 7)
        #expect(try harness.flush()["stats.counters.a.count"] == Double(1 << 19) + 1)
    }

    @Test("numbers are rounded as the standard library rounds them")
    func numbers() {
        var random = SplitMix(seed: 9)
        for _ in 0..<50_000 {
            let exponent = Int(random.next() % 40) - 20
            let text = "\(random.next() >> (random.next() % 60)).\(random.next() % 100_000)e\(exponent)"
            #expect(parse(text) == Double(text), "\(text)")
            let short = "\(random.next() % 100_000).\(random.next() % 1000)"
            #expect(parse(short) == Double(short), "\(short)")
        }
        for text in ["", ".", "-", "+.", "1e", "1e+", "e1", "1.2.3", "1e400", "nan", "inf", "0x1p3", "1_0", " 1", "1 "]
        {
            #expect(parse(text) == nil, "\(text)")
        }
        #expect(parse("1e-400") == 0)
        #expect(parse("0e999999999999") == 0)
    }

    private func parse(_ text: String) -> Double? {
        Array(text.utf8).withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap { DecimalNumber.parse($0, $0 + bytes.count) }
        }
    }
}
