import Testing

@testable import Telemetry

@Suite("Graphite's points")
struct CarbonTests {
    private func received(_ text: String) -> (CollectingSink, CarbonCounts) {
        receive { receiver in
            let copy = PaddedBytes(capacity: text.utf8.count)
            copy.start.copyMemory(from: Array(text.utf8), byteCount: text.utf8.count)
            PaddedBytes.close(copy.start, count: text.utf8.count)
            receiver.receive(closed: copy.start, count: text.utf8.count)
        }
    }

    private func receive(_ send: (CarbonReceiver) -> Void) -> (CollectingSink, CarbonCounts) {
        let sink = CollectingSink(seriesMax: 100)
        let receiver = CarbonReceiver(sink: sink, source: SourceName("carbon"), seed: 1)
        receiver.now = 5000
        send(receiver)
        receiver.pass()
        return (sink, receiver.counts)
    }

    @Test(
        "lines that are points",
        arguments: [
            ("a.b 1 100", "a.b", Int64(100), 1.0), ("a.b 1.5e3 100.9\r", "a.b", 100, 1500),
            ("a.b\t-2  100 ", "a.b", 100, -2), ("a.b 3 -1", "a.b", 5000, 3), ("a.b 3 N", "a.b", 5000, 3),
            ("a.b;y=2;x=1 3 7", "a.b;x=1;y=2", 7, 3), ("caf\u{e9} 1 7", "caf\u{e9}", 7, 1),
        ])
    func lines(line: String, name: String, time: Int64, value: Double) {
        let (sink, counts) = received("first 1 1\n\(line)\n")
        #expect(sink.values(at: time)[name] == value)
        #expect(counts.points == 2)
        #expect(counts.bad == 0)
    }

    @Test(
        "lines that are none are counted, and the connection goes on",
        arguments: [
            "a", "a 1", "a 1 2 3", " 1 2", "a nan 1", "a inf 1", "a 1e400 1", "a x 1", "a 1 x", "a 1 -2", "a 1 1e20",
            "a 1 nan", "\0",
        ])
    func bad(line: String) {
        let (_, counts) = received("\(line)\nlast 1 1")
        #expect(counts.points == 1)
        #expect(counts.bad == 1)
    }

    @Test("names that are none, and names beyond the cap, are refused and counted")
    func refused() {
        let (sink, counts) = received(
            "a..b 1 1\na;b 1 1\n" + (0..<1000).map { "s\($0) 1 1" }.joined(separator: "\n") + "\ns1 2 2")
        #expect(counts.points == 101)
        #expect(counts.refused == 902)
        #expect(sink.values(at: 2) == ["s1": 2])
    }

    @Test("pickles of all protocols")
    func pickles() {
        for (number, hex) in CarbonSamples.pickles.enumerated() {
            let body = CarbonSamples.bytes(hex)
            let (sink, counts) = receive { receiver in body.withUnsafeBytes { receiver.receive(pickle: $0) } }
            #expect(counts.points == 2, "protocol \(number)")
            #expect(sink.values(at: 100) == ["a.b": 1.5])
            #expect(sink.values(at: 200) == ["c;x=1;y=2": 7])
        }
    }

    @Test("a pickle that would run something, or is changed, is refused whole; never a crash")
    func hostilePickles() {
        // os.system("true"), and a list that holds itself.
        for text in ["cos\nsystem\n(S'true'\ntR.", "(lp0\ng0\na.", "]q\0h\0a.", ".", "(", "]", "t.", "g1\n.", "(l(tt."]
        {
            #expect(Array(text.utf8).withUnsafeBytes { CarbonPickle.points($0) } == nil, "\(text)")
        }
        var random = SplitMix(seed: 2)
        for hex in CarbonSamples.pickles {
            let body = CarbonSamples.bytes(hex)
            for count in 0..<body.count {
                #expect(body.prefix(count).withUnsafeBytes { CarbonPickle.points($0) } == nil)
            }
            for _ in 0..<5000 {
                var changed = body
                for _ in 0..<(1 + random.next() % 4) {
                    changed[Int(random.next() % UInt64(body.count))] = UInt8(truncatingIfNeeded: random.next())
                }
                _ = receive { receiver in changed.withUnsafeBytes { receiver.receive(pickle: $0) } }
            }
        }
        let deep = [UInt8](repeating: UInt8(ascii: "("), count: 1 << 20)
        #expect(deep.withUnsafeBytes { CarbonPickle.points($0) } == nil)
    }

    @Test("all protocols over real sockets, many connections, a line of ten megabytes among them")
    func sockets() throws {
        var endpoint = CarbonEndpoint()
        endpoint.linePort = 0
        endpoint.datagramPort = 0
        endpoint.picklePort = 0
        let sink = CollectingSink()
        let listener = try CarbonListener(endpoint, sink: sink, seed: 1)
        let clients = try (0..<20).map { _ in try TestClient(streamPort: listener.linePort) }
        for (number, client) in clients.enumerated() {
            client.send("tcp.\(number) \(number) 60\ntcp.\(number) ")
            client.send("1 120")
            client.finish()
        }
        let large = try TestClient(streamPort: listener.linePort)
        large.send([UInt8](repeating: 0x61, count: 10 << 20) + Array("\nafter 1 60\n".utf8))
        large.finish()
        try TestClient(datagramPort: listener.datagramPort).send("udp.a 1 60\nudp.b 2 60")
        let pickle = try TestClient(streamPort: listener.picklePort)
        let body = CarbonSamples.bytes(CarbonSamples.pickles[2])
        let frame = withUnsafeBytes(of: UInt32(body.count).bigEndian, Array.init) + body
        pickle.send(frame + frame)
        pickle.finish()
        let tooLong = try TestClient(streamPort: listener.picklePort)
        tooLong.send([0xFF, 0xFF, 0xFF, 0xFF, 0, 0])
        // The other side closes when it has read everything.
        for client in clients + [large, pickle, tooLong] { _ = client.readAll() }
        listener.stop()
        let values = sink.values(at: 60)
        #expect(values.count == 23)
        #expect(values["tcp.19"] == 19)
        #expect(values["after"] == 1)
        #expect(sink.values(at: 120).count == 20)
        #expect(sink.values(at: 100) == ["a.b": 1.5])
        #expect(listener.counts.points == 47)
        #expect(listener.counts.bad == 2)
    }
}
