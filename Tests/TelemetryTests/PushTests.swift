import Testing

@testable import Telemetry

/// Writes protobuf, as far as tests of remote_write need it.
private enum Wire {
    static func varint(_ number: UInt64) -> [UInt8] {
        number < 0x80 ? [UInt8(number)] : [UInt8(number & 0x7F) | 0x80] + varint(number >> 7)
    }
    static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }
    static func sample(_ value: Double, _ milliseconds: Int64) -> [UInt8] {
        sample(bits: value.bitPattern, milliseconds)
    }
    static func sample(bits: UInt64, _ milliseconds: Int64) -> [UInt8] {
        let fixed: [UInt8] = (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
        return [0x09] + fixed + [0x10] + varint(UInt64(bitPattern: milliseconds))
    }
    static func series(_ labels: [(String, String)], _ samples: [[UInt8]]) -> [UInt8] {
        field(
            1,
            labels.flatMap { field(1, field(1, Array($0.0.utf8)) + field(2, Array($0.1.utf8))) }
                + samples.flatMap { field(2, $0) })
    }
    /// Snappy's format with literals only.
    static func packed(_ bytes: [UInt8]) -> [UInt8] {
        var output = varint(UInt64(bytes.count))
        for begin in stride(from: 0, to: bytes.count, by: 60) {
            let part = bytes[begin..<min(bytes.count, begin + 60)]
            output += [UInt8(part.count - 1) << 2] + part
        }
        return output
    }
}

@Suite("Points that are pushed")
struct PushTests {
    @Test("Snappy's blocks: literals and copies of every kind, and copies that overlap")
    func snappy() throws {
        #expect(try Snappy.unpacked([0], bytesMax: 10) == [])
        // "abcd", then 8 bytes from 4 before (a copy with one byte), then 3 from 1 before (two bytes).
        let small: [UInt8] = [15, 3 << 2, 97, 98, 99, 100, 4 << 2 | 1, 4, 2 << 2 | 2, 1, 0]
        #expect(String(decoding: try Snappy.unpacked(small, bytesMax: 15), as: UTF8.self) == "abcdabcdabcdddd")
        let four: [UInt8] = [5, 0, 97, 3 << 2 | 3, 1, 0, 0, 0]
        #expect(String(decoding: try Snappy.unpacked(four, bytesMax: 5), as: UTF8.self) == "aaaaa")
        let long = [UInt8](repeating: 7, count: 70_000)
        let lengths: [[UInt8]] = [[62 << 2, 0x6F, 0x11, 0x01], [63 << 2, 0x6F, 0x11, 0x01, 0]]
        for length in lengths {
            #expect(try Snappy.unpacked(Wire.varint(70_000) + length + long, bytesMax: 1 << 20) == long)
        }
    }

    @Test("what Google's own library has packed")
    func snappyLibrary() throws {
        let hex = Array(
            "9e041061707573203a050014666c6965733b3e16000525fe1b00fe1b00a21b00684142434445464748494a4b4c4d4e4f505152535455565758595a78fe0100fe0100fe0100fe0100aa0100"
        )
        let packed = stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(String(hex[$0...$0 + 1]), radix: 16) }
        let letters = String(decoding: Array(UInt8(ascii: "A")...UInt8(ascii: "Z")), as: UTF8.self)
        let text =
            String(repeating: "apus apus apus apus flies; ", count: 8) + letters + String(repeating: "x", count: 300)
        #expect(String(decoding: try Snappy.unpacked(packed, bytesMax: 1000), as: UTF8.self) == text)
    }

    @Test(
        "Snappy's blocks that lie are refused",
        arguments: [
            [], [0x80], [5], [1, 0], [1, 0, 97, 0, 98], [4, 0, 97, 1, 0], [4, 0, 97, 1, 2],
            [200, 1, 0, 97, 0xFE, 1, 0],
            [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 97], [2, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 97], [11, 0, 97, 2],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ] as [[UInt8]])
    func snappyLies(packed: [UInt8]) {
        #expect(throws: TelemetryProblem.self) { try Snappy.unpacked(packed, bytesMax: 1 << 20) }
    }

    @Test("remote_write: names, times, marks of the end")
    func remoteWrite() throws {
        let body =
            Wire.series(
                [("__name__", "up"), ("job", "node"), ("instance", "web-1:9100")],
                [
                    Wire.sample(1, 1_772_438_400_999), Wire.sample(0, 1_772_438_415_000),
                    Wire.sample(bits: 0x7FF0_0000_0000_0002, 5),
                ])
            + Wire.field(3, [1, 2, 3]) + Wire.series([("job", "nameless")], [Wire.sample(1, 1000)])
            + Wire.series(
                [("__name__", "x")], [Wire.sample(.infinity, 1000), Wire.sample(-2.5, -1), Wire.sample(1, .max)])
        let request = try RemoteWrite(Wire.packed(body))
        #expect(
            lines(request.points) == [
                "up;instance=web-1:9100;job=node 1 1772438400", "up;instance=web-1:9100;job=node 0 1772438415",
                "x -2.5 -1",
            ])
        #expect(request.staleMarks == 1 && request.points.unfit == 3)
    }

    @Test("remote_write: messages that are cut off are refused, or lose their end")
    func remoteWriteCut() throws {
        let body = Wire.series([("__name__", "up")], [Wire.sample(1, 1000)])
        for count in 1..<body.count {
            #expect(throws: TelemetryProblem.self) { try RemoteWrite(Wire.packed(Array(body.prefix(count)))) }
        }
        let many = Wire.series((0..<200).map { ("l\($0)", "v") }, [])
        #expect(throws: TelemetryProblem.self) { try RemoteWrite(Wire.packed(many)) }
    }

    private func export(_ metrics: String) -> [UInt8] {
        Array(
            """
            {"resourceMetrics":[{"resource":{"attributes":[
              {"key":"service.name","value":{"stringValue":"shop"}},{"key":"process.pid","value":{"intValue":"77"}}]},
             "scopeMetrics":[{"scope":{"name":"s"},"metrics":[\(metrics)]}]}]}
            """.utf8)
    }

    @Test("OTLP: gauges, sums, summaries; attributes are tags")
    func otlp() throws {
        var metrics = OTLPMetrics()
        let body = export(
            """
            {"name":"queue.depth","unit":"1","gauge":{"dataPoints":[
              {"asInt":"12","timeUnixNano":"1772438400999999999","attributes":[{"key":"queue","value":{"stringValue":"mail out"}},
               {"key":"urgent","value":{"boolValue":true}},{"key":"shard","value":{"intValue":3}},{"key":"list","value":{"arrayValue":{}}}]},
              {"asDouble":"NaN"},{"asDouble":1.5,"flags":1},{"asDouble":2.25}]}},
            {"name":"bytes","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"9007199254740993"}]}},
            {"name":"latency","summary":{"dataPoints":[{"count":"4","sum":2.5,"quantileValues":[{"quantile":0.5,"value":0.5},{"quantile":1,"value":1}]}]}},
            {"gauge":{"dataPoints":[{"asInt":"1"}]}},{"name":"nothing"}
            """)
        let points = try metrics.points(of: body, at: 1000)
        #expect(
            lines(points) == [
                "queue.depth;queue=mail_out;service.name=shop;shard=3;urgent=true 12 1772438400",
                "queue.depth;service.name=shop 2.25 1000", "bytes;service.name=shop 9007199254740992 1000",
                "latency.count;service.name=shop 4 1000", "latency.sum;service.name=shop 2.5 1000",
                "latency;quantile=0.5;service.name=shop 0.5 1000", "latency;quantile=1;service.name=shop 1 1000",
            ])
        #expect(points.unfit == 1 && metrics.totalCount == 0)
    }

    @Test("OTLP: differences are added up, and forgotten after an hour")
    func deltas() throws {
        var metrics = OTLPMetrics(resourceKeys: [])
        let body = export(
            """
            {"name":"hits","sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","dataPoints":[{"asInt":"5"}]}},
            {"name":"time","histogram":{"aggregationTemporality":1,"dataPoints":[
              {"count":"3","sum":6,"min":1,"max":3,"explicitBounds":[1,2.5],"bucketCounts":["1","1","1"]}]}}
            """)
        _ = try metrics.points(of: body, at: 1000)
        #expect(
            lines(try metrics.points(of: body, at: 1010)) == [
                "hits 10 1010", "time.count 6 1010", "time.sum 12 1010", "time.min 1 1010", "time.max 3 1010",
                "time.bucket;le=1 2 1010", "time.bucket;le=2.5 4 1010", "time.bucket;le=+Inf 6 1010",
            ])
        metrics.expire(at: 2000)
        #expect(metrics.totalCount == 6)
        metrics.expire(at: 5000)
        #expect(metrics.totalCount == 0)
    }

    @Test("OTLP: exponential histograms become buckets of powers of two, whatever their scale")
    func exponential() throws {
        func point(_ scale: Int, _ offset: Int, _ counts: String) -> [UInt8] {
            export(
                """
                {"name":"t","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"count":"9","sum":1,"scale":\(scale),
                "zeroCount":"2","positive":{"offset":\(offset),"bucketCounts":\(counts)},"negative":{"offset":0,"bucketCounts":["1"]}}]}}
                """)
        }
        var metrics = OTLPMetrics(resourceKeys: [])
        // Scale 1: bounds at 2^(1/2). (1, 1.41], (1.41, 2], (2, 2.83]: two buckets up to 2, one up to 4.
        let first = lines(try metrics.points(of: point(1, 0, #"["1","2","3"]"#), at: 1)).filter {
            $0.hasPrefix("t.bucket")
        }
        #expect(
            first == [
                "t.bucket;le=-1 1 1", "t.bucket;le=0 3 1", "t.bucket;le=2 6 1", "t.bucket;le=4 9 1",
                "t.bucket;le=+Inf 9 1",
            ])
        // Scale -1: bounds at powers of 4. (4, 16]; what was up to 2 still is.
        let second = lines(try metrics.points(of: point(-1, 1, #"["6"]"#), at: 2)).filter { $0.hasPrefix("t.bucket") }
        #expect(
            second == [
                "t.bucket;le=-1 2 2", "t.bucket;le=0 6 2", "t.bucket;le=2 9 2", "t.bucket;le=4 12 2",
                "t.bucket;le=16 18 2",
                "t.bucket;le=+Inf 18 2",
            ])
        _ = try metrics.points(of: point(20, .max, #"["6"]"#), at: 3)
        _ = try metrics.points(of: point(-99, 0, #"["6"]"#), at: 3)
    }

    @Test(
        "what is no JSON, or is made to hurt, is refused",
        arguments: [
            "", "{", "[", "\"", "{\"a\":1,}", "[1,]", "{'a':1}", "nul", "01x", "1 2", "{\"a\" 1}", "[\"\\x\"]",
            "[\"\\ud800\"]", "+1",
            "[\"\\u12g4\"]", "[\"\u{1}\"]", "1", "[]", String(repeating: "[", count: 100_000),
        ])
    func json(text: String) {
        var metrics = OTLPMetrics()
        #expect(throws: TelemetryProblem.self) { try metrics.points(of: Array(text.utf8), at: 0) }
    }

    @Test("JSON's texts and numbers")
    func jsonValues() throws {
        let value = try JSONReader.read(
            Array(#" {"a\u00e9\ud83d\ude00\n\/":[1e3,-0.5,"18",true,null,{"b":{}}]} "#.utf8))
        #expect(value["aé😀\n/"]?.elements.prefix(3).map(\.double) == [1000, -0.5, 18])
        #expect(value["aé😀\n/"]?.elements[3] == .bool(true))
    }
}

@Suite("Parsers under any bytes")
struct IngestFuzzTests {
    /// Inputs that are good, for a start: most of what is found is found near them.
    private static let seeds: [[UInt8]] = [
        Array(
            "# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total{x=\"# {\\n\"} 17.5 123.9 # {t=\"é\"} 0.5 1\n# EOF\n"
                .utf8),
        Array(
            "# HELP h x\n# TYPE h histogram\nh_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_count 3\nh_sum 2\nq{quantile=\"0.9\"} NaN\n# EOF\n"
                .utf8),
        Wire.packed(
            Wire.series(
                [("__name__", "up"), ("job", "n;~d")], [Wire.sample(1, 1_772_438_400_999), Wire.sample(0, -7)])),
        [15, 3 << 2, 97, 98, 99, 100, 4 << 2 | 1, 4, 2 << 2 | 2, 1, 0],
        Array(
            """
            {"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a..b","sum":{"aggregationTemporality":1,"dataPoints":[{"asInt":"5",
            "timeUnixNano":"1772438400999999999","attributes":[{"key":"k","value":{"intValue":"3"}}]}]}},{"name":"t","exponentialHistogram":
            {"aggregationTemporality":1,"dataPoints":[{"count":"9","sum":1,"scale":3,"zeroCount":2,"positive":{"offset":-7,"bucketCounts":[1,2]}}]}}]}]}]}
            """.utf8),
    ]

    @Test("no input ends the program, and every name that comes out is canonical", arguments: 0..<8)
    func fuzz(seed: UInt64) throws {
        var random = SeededBytes(seed: seed)
        var metrics = OTLPMetrics()
        for _ in 0..<1500 {
            var bytes = Self.seeds[random.below(Self.seeds.count)]
            for _ in 0...random.below(6) { random.change(&bytes, with: Self.seeds) }
            var found: [NamedPoints] = []
            for dialect in ExpositionDialect.allCases {
                if let scrape = try? Scrape(bytes, dialect: dialect, tags: [(key: "job", value: "x")], time: 1) {
                    found.append(scrape.points)
                }
            }
            if let request = try? RemoteWrite(bytes) { found.append(request.points) }
            if let request = try? RemoteWrite(Wire.packed(bytes)) { found.append(request.points) }
            if let points = try? metrics.points(of: bytes, at: 1) { found.append(points) }
            for points in found {
                points.forEach { name, time, value in
                    var copy: [UInt8] = []
                    for index in 0..<name.count { copy.append(name[index]) }
                    let text = String(validating: copy, as: UTF8.self)
                    #expect(text != nil && (try? SeriesName(text ?? ""))?.text == text, "seed \(seed): \(copy)")
                    #expect(value.isFinite && time.magnitude < 1 << 40)
                }
            }
        }
    }
}

/// Bytes that follow from a seed.
struct SeededBytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0xD1B5_4A32_D192_ED03 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func below(_ count: Int) -> Int { Int(next() >> 11) % max(1, count) }

    /// Changes, removes, repeats or puts in some of the bytes.
    mutating func change(_ bytes: inout [UInt8], with others: [[UInt8]]) {
        guard !bytes.isEmpty else { return bytes = others[below(others.count)] }
        let place = below(bytes.count)
        let end = min(bytes.count, place + 1 + below(12))
        switch below(6) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
        case 1: bytes[place] ^= 1 << UInt8(below(8))
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4:
            let marks: [UInt8] = Array("\n \"{}=,#\\;~.-+eE09[]:\0".utf8) + [0xFF, 0x80]
            bytes.insert(marks[below(marks.count)], at: place)
        default:
            let other = others[below(others.count)]
            let begin = below(other.count)
            bytes.replaceSubrange(place..<end, with: other[begin..<min(other.count, begin + 20)])
        }
    }
}
