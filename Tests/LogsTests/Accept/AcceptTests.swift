import Telemetry
import Testing

@testable import Logs

@Suite("What other senders push")
struct AcceptTests {
    private func read(
        _ body: [UInt8], _ format: LogIntake.Format
    ) throws -> (lines: [ParsedLine], answer: AcceptAnswer) {
        let (batch, answer, _) = try LogIntake(stream: ["source": "test"], now: noon).batch(
            of: body, as: format, program: nil, seed: 3)
        return (batch.parsed, answer)
    }

    @Test("Bulk: documents are lines, and each item has its answer")
    func bulk() throws {
        let body = """
            {"create":{"_index":"shop-2026","_id":"1"}}
            {"@timestamp":"2026-11-21T12:00:00.5Z","message":"hi","log":{"level":"warn"},"host":{"name":"web-1"}}\r
            {"index":{}}
            {"message":"two"}

            {"delete":{"_id":"1"}}
            {"update":{"_id":"1"}}
            {"doc":{}}
            {"index":{"_index":"shop-2026"}}
            no json
            {"index":{"_index":"shop-2026"}}
            """
        let (lines, answer) = try read(Array(body.utf8), .elasticBulk)
        #expect(lines.map(\.description) == ["warn|hi|", "|two|"])
        #expect(lines[0].stream == ["source": "test", "index": "shop-2026", "host": "web-1"])
        #expect(lines[0].time == "2026-11-21T12:00:00.500000000Z")
        #expect(lines[1].stream["index"] == "logs")
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(
            text.hasPrefix(#"{"took":0,"errors":true,"items":[{"create":{"_index":"shop-2026","_id":"","status":201"#))
        #expect(answer.accepted == 2 && answer.refused == 4 && answer.reasons.count == 3)
        #expect(JSONItems.count(text) == 6)
    }

    @Test(
        "Bulk: what is none is refused",
        arguments: ["x\n{}", "{}\n{}", #"{"index":1}"#, #"{"index":{}"#, "[]", #"{"nope":{}}"#])
    func badBulk(_ body: String) {
        var problem: TelemetryProblem?
        do { _ = try read(Array(body.utf8), .elasticBulk) } catch { problem = error as? TelemetryProblem }
        #expect(problem?.code == "logs.request")
    }

    @Test("Loki: JSON and protobuf say the same")
    func loki() throws {
        let json = #"""
            {"streams":[{"stream":{"app":"shop","pod":"a\"b"},"values":[["1795262400123456789","one"],
            ["1795262401000000000","two",{"trace_id":"7"}]]},{"values":[],"stream":{}}]}
            """#
        let entry1 =
            Proto.field(1, Proto.varint(1, 1_795_262_400) + Proto.varint(2, 123_456_789)) + Proto.field(2, "one")
        let pair = Proto.field(1, "trace_id") + Proto.field(2, "7")
        let entry2 = Proto.field(1, Proto.varint(1, 1_795_262_401)) + Proto.field(2, "two") + Proto.field(3, pair)
        let stream = Proto.field(1, #"{app="shop", pod="a\"b"}"#) + Proto.field(2, entry1) + Proto.field(2, entry2)
        let (fromJSON, answer) = try read(Array(json.utf8), .lokiJSON)
        let (fromProtobuf, _) = try read(Proto.snappy(Proto.field(1, stream)), .lokiProtobuf)
        #expect(fromJSON == fromProtobuf)
        #expect(fromJSON.map(\.description) == ["|one|", "|two|trace_id=7"])
        #expect(fromJSON[0].time == "2026-11-21T12:00:00.123456789Z")
        #expect(fromJSON[0].stream == ["source": "test", "app": "shop", "pod": "a\"b"])
        #expect(answer.status == 204 && answer.accepted == 2)
    }

    @Test("OpenTelemetry: JSON and protobuf say the same")
    func openTelemetry() throws {
        let json = #"""
            {"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1795262400123456789","severityNumber":17,
            "severityText":"ERROR","body":{"stringValue":"it failed"},"traceId":"0af7","spanId":"b7ad",
            "attributes":[{"key":"http","value":{"kvlistValue":{"values":[{"key":"status","value":{"intValue":"500"}}]}}},
            {"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"a"},{"boolValue":true}]}}}]}],
            "scope":{"name":"lib"}}],"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
            {"key":"host.name","value":{"stringValue":"web-1"}},{"key":"pid","value":{"intValue":7}}]}}]}
            """#
        func attribute(_ key: String, _ value: [UInt8]) -> [UInt8] { Proto.field(1, key) + Proto.field(2, value) }
        let resource =
            Proto.field(1, attribute("service.name", Proto.field(1, "shop")))
            + Proto.field(1, attribute("host.name", Proto.field(1, "web-1")))
            + Proto.field(1, attribute("pid", Proto.varint(3, 7)))
        let map = Proto.field(1, attribute("status", Proto.varint(3, 500)))
        let list = Proto.field(1, Proto.field(1, "a")) + Proto.field(1, Proto.varint(2, 1))
        let record =
            Proto.fixed64(1, 1_795_262_400_123_456_789) + Proto.varint(2, 17) + Proto.field(3, "ERROR")
            + Proto.field(5, Proto.field(1, "it failed")) + Proto.field(6, attribute("http", Proto.field(6, map)))
            + Proto.field(6, attribute("tags", Proto.field(5, list))) + Proto.field(9, [0x0A, 0xF7])
            + Proto.field(10, [0xB7, 0xAD])
        let scope = Proto.field(1, Proto.field(1, "lib")) + Proto.field(2, record)
        let body = Proto.field(1, Proto.field(1, resource) + Proto.field(2, scope))
        let (fromJSON, _) = try read(Array(json.utf8), .openTelemetryJSON)
        let (fromProtobuf, _) = try read(body, .openTelemetryProtobuf)
        #expect(fromJSON == fromProtobuf)
        #expect(
            fromJSON.map(\.description) == [
                "error|it failed|http.status=500 pid=7 scope=lib span_id=b7ad tags=a,true trace_id=0af7"
            ])
        #expect(fromJSON.first?.stream == ["source": "test", "app": "shop", "host": "web-1"])
    }

    @Test("Lines are lines, of JSON or not")
    func lines() throws {
        let body = Array("{\"msg\":\"a\",\"x\":1}\r\n\nplain {\n".utf8)
        #expect(try read(body, .jsonLines).lines.map(\.description) == ["|a|x=1", "|plain {|"])
        #expect(try read(body, .plainLines).lines.map(\.message) == [#"{"msg":"a","x":1}"#, "plain {"])
    }

    @Test("A stream of syslog is cut the same wherever its packets end", arguments: [1, 2, 3, 7, 1000])
    func framing(_ packet: Int) {
        let text = "<1>one\n11 <2>two\nmore<3>three\r\n\u{0}7 <4>four123 no length\n5 <5>x"
        var stream = LogLineStream()
        var lines: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: packet) {
            bytes[start..<min(start + packet, bytes.count)].withUnsafeBytes { part in
                stream.take(part) { line, _ in lines.append(line.text) }
            }
        }
        stream.finish { line, _ in lines.append(line.text) }
        #expect(lines == ["<1>one", "<2>two\nmore", "<3>three", "\u{0}7 <4>four123 no length", "5 <5>x"])
    }

    @Test("Messages that are too long are cut, and those behind them are whole")
    func longMessages() {
        var stream = LogLineStream(lineBytesMax: 10)
        var lines: [String] = []
        let text = "<1>0123456789abcdef\n<2>x\n20 <3>0123456789abcdefg<4>y\n"
        for byte in text.utf8 {
            withUnsafeBytes(of: byte) { stream.take($0) { lines.append($0.text + ($1.map { " of \($0)" } ?? "")) } }
        }
        #expect(lines.map { $0.prefix(10) } == ["<1>0123456", "<2>x", "<3>0123456", "<4>y"])
        #expect(stream.counts.cutLines == 2)
    }

    @Test("Shippers find the Elasticsearch that they look for")
    func handshake() {
        for (method, path) in [
            ("GET", "/"), ("HEAD", "/"), ("GET", "/_license"), ("PUT", "/_ilm/policy/x"), ("HEAD", "/shop"),
        ] {
            #expect(ElasticHandshake.answer(method: method, path: path)?.status == 200)
        }
        #expect(ElasticHandshake.answer(method: "GET", path: "/_search") == nil)
    }
}

extension JSONItems {
    /// How many items an answer of bulk has.
    fileprivate static func count(_ text: String) -> Int {
        var text = text
        return text.withUTF8 { bytes in
            var cursor = JSONCursor(ByteView(UnsafeRawBufferPointer(bytes)))
            guard let list = cursor.members()?.value(of: "items") else { return -1 }
            var items = JSONItems(list)
            var count = 0
            while items.next() != nil { count += 1 }
            return items.isBroken ? -1 : count
        }
    }
}

/// Writes protobuf, and Snappy without anything packed.
enum Proto {
    static func number(_ value: UInt64) -> [UInt8] {
        var (bytes, rest): ([UInt8], UInt64) = ([], value)
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func varint(_ field: UInt64, _ value: UInt64) -> [UInt8] { number(field << 3) + number(value) }
    static func fixed64(_ field: UInt64, _ value: UInt64) -> [UInt8] {
        number(field << 3 | 1) + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    static func field(_ field: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        number(field << 3 | 2) + number(UInt64(bytes.count)) + bytes
    }
    static func field(_ field: UInt64, _ text: String) -> [UInt8] { self.field(field, Array(text.utf8)) }

    static func snappy(_ bytes: [UInt8]) -> [UInt8] {
        var made = number(UInt64(bytes.count))
        for start in stride(from: 0, to: bytes.count, by: 60) {
            let piece = bytes[start..<min(start + 60, bytes.count)]
            made += [UInt8(piece.count - 1) << 2] + piece
        }
        return made
    }
}
