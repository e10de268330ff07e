import SystemPackage
import Testing

@testable import Telemetry

@Suite("Relays")
struct RelayTests {
    private static let folder: FilePath = "/relay"

    private func limits(_ bytesMax: Int = 1 << 20) -> RelayFlow.Limits {
        var limits = RelayFlow.Limits()
        limits.bytesMax = bytesMax
        return limits
    }

    private func open(
        _ disk: TestDisk, _ patterns: [String] = ["**"], bytesMax: Int = 1 << 20, now: Int64 = 1000
    ) throws -> Relay {
        let (relay, lost) = try Relay.open("r", patterns, in: Self.folder, on: disk, limits: limits(bytesMax), now: now)
        #expect(lost.isEmpty)
        return relay
    }

    private func put(_ tap: RelayTap, _ name: String, _ values: [Double], at time: Int64) throws {
        let bytes = Array(name.utf8)
        let found = tap.series(named: bytes.span, source: SourceName("test"))
        let series = try #require(found)
        try tap.append(
            values.enumerated().map { SeriesPoint(series: series, time: time + Int64($0.offset), value: $0.element) })
    }

    @Test("what the store takes goes to the relays whose patterns match, in order")
    func tap() throws {
        let disk = TestDisk()
        let store = try StoreUnderTest(disk)
        let tap = RelayTap(store.store) { 1000 }
        let relay = try open(disk, ["hosts.*.cpu", "stats.**"])
        try put(tap, "hosts.a.cpu", [0], at: StoreUnderTest.start - 100)
        tap.set([relay])
        try put(tap, "hosts.a.cpu", [1, 2, 3], at: StoreUnderTest.start)
        try put(tap, "hosts.a.mem", [4], at: StoreUnderTest.start)
        try put(tap, "stats.timers.x.mean;k=v", [5], at: StoreUnderTest.start)
        let sent = try #require(relay.next(at: 5000)).points
        #expect(sent.map(\.point.name) == ["hosts.a.cpu", "hosts.a.cpu", "hosts.a.cpu", "stats.timers.x.mean;k=v"])
        #expect(sent.map(\.point.value) == [1, 2, 3, 5])
        #expect(sent.map(\.point.time) == [0, 1, 2, 0].map { StoreUnderTest.start + $0 })
        #expect(sent.map(\.sequence) == sent.map(\.sequence).sorted())
        #expect(relay.next(at: 6000) == nil, "One shipment at a time.")
        relay.arrived(.delivered, at: 6000)
        #expect(relay.counts.sent == 4 && relay.counts.waiting == 0)
        tap.set([])
        try put(tap, "hosts.a.cpu", [9], at: StoreUnderTest.start + 20)
        #expect(relay.counts.taken == 4)
    }

    @Test("what was not taken by the target is there after a crash, what was is not, and numbers go on")
    func reopening() throws {
        let disk = TestDisk()
        let store = try StoreUnderTest(disk)
        let tap = RelayTap(store.store) { 1000 }
        var relay: Relay? = try open(disk)
        tap.set([try #require(relay)])
        for round in 0..<50 { try put(tap, "a.b", (0..<200).map { Double(round * 200 + $0) }, at: 1_700_000_000) }
        let first = try #require(relay?.next(at: 5000)).points
        #expect(first.count == 10_000)
        let last = try #require(first.last).sequence
        relay?.giveBack()
        try relay?.sync()
        tap.set([])
        relay = nil
        let again = try open(disk, now: 2000)
        #expect(again.counts.waiting == 10_000)
        let sent = try #require(again.next(at: 9000)).points
        #expect(sent.map(\.point.value) == (0..<10_000).map(Double.init))
        #expect(sent.last?.sequence == last, "Sent again it has the same numbers.")
        again.arrived(.delivered, at: 9000)
        try again.sync()
        let third = try open(disk, now: 3000)
        #expect(third.counts.waiting == 0)
        tap.set([third])
        try put(tap, "a.b", [7], at: 1_700_000_000)
        let next = try #require(third.next(at: 9000)).points
        #expect(try #require(next.first).sequence > last)
    }

    @Test("beyond its bound the oldest goes, is counted, and the files stay small")
    func bounded() throws {
        let disk = TestDisk()
        let store = try StoreUnderTest(disk)
        let tap = RelayTap(store.store) { 1000 }
        let relay = try open(disk, bytesMax: 1 << 20)
        tap.set([relay])
        var random = SeededNumbers(7)
        for round in 0..<2000 {
            let now = Int64(round) * 1000
            if relay.next(at: now) != nil {
                relay.arrived(.failed(TelemetryProblem("test.away", "", cause: "", remedy: "")), at: now)
            }
            try put(tap, "a.b", (0..<200).map { _ in Double.random(in: 0..<1, using: &random) }, at: 1_700_000_000)
        }
        let counts = relay.counts
        #expect(counts.taken == 400_000)
        #expect(counts.dropped > 0 && counts.dropped + counts.waiting == counts.taken)
        #expect(counts.waitingBytes <= 1 << 20)
        let size = try disk.list(Self.folder).reduce(0) { $0 + (try disk.contents(Self.folder.appending($1))).count }
        #expect(size < 2 << 20)
        var received = 0
        while let shipment = relay.next(at: 10_000_000) {
            received += shipment.points.count
            relay.arrived(.delivered, at: 10_000_000)
        }
        #expect(received == counts.waiting)
    }

    @Test("a disk that takes nothing costs the relay its points, and the store none")
    func fullDisk() throws {
        let store = try StoreUnderTest(TestDisk())
        let full = TestDisk { _, operation, _, _, written in
            operation == .append && written > 2000 ? .refuse(.noSpace) : nil
        }
        let tap = RelayTap(store.store) { 1000 }
        let relay = try open(full)
        tap.set([relay])
        for index in 0..<200 { try put(tap, "a.b", [Double(index)], at: StoreUnderTest.start + Int64(index) * 10) }
        #expect(store.store.statistics.points == 200)
        let counts = relay.counts
        #expect(counts.waiting > 10 && counts.dropped > 10)
        #expect(counts.waiting + counts.dropped == 200)
        #expect(relay.lastFailure?.code == "storage.failed")
        #expect(relay.next(at: 5000)?.points.count == counts.waiting)
    }

    @Test("names for Prometheus: no two series become one")
    func labels() {
        func labels(_ name: String) -> String {
            RemoteWriteBody.labels(of: SeriesName(canonical: name)).map { "\($0.key)=\($0.value)" }
                .joined(separator: ",")
        }
        #expect(labels("http_requests_total;code=200") == "__name__=http_requests_total,code=200")
        #expect(labels("a.b-c;k=v") == "__name__=a_b_c,k=v,path=a.b-c")
        #expect(labels("a_b_c;k=v") == "__name__=a_b_c,k=v")
        #expect(labels("a.b;path=x;a.b=1;a_b=2") == "__name__=a_b,a_b=1,exported_a_b=2,exported_path=x,path=a.b")
        #expect(labels("9a") == "__name__=_9a,path=9a")
    }

    @Test("a body of remote_write is read as what it was made of, and Snappy is as small as it should be")
    func remoteWrite() throws {
        let points = (0..<5000).map { index in
            Relay.Shipment.Point(
                point: NamedPoint(
                    name: "cpu_seconds;host=web-\(index % 50)", time: 1_700_000_000 + Int64(index / 50) * 10,
                    value: Double(index) / 3), sequence: UInt64(index))
        }
        let body = RemoteWriteBody.encode(Relay.Shipment(points: points))
        var read: [NamedPoint] = []
        try RemoteWrite(body).points.forEach { name, time, value in
            let text = name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            read.append(NamedPoint(name: text, time: time, value: value))
        }
        #expect(Set(read) == Set(points.map(\.point)))
        #expect(body.count < 5000 * 20)
    }

    @Test("Snappy: packed and unpacked again is the same", arguments: 0..<40 as Range<UInt64>)
    func snappy(seed: UInt64) throws {
        var random = SeededNumbers(seed)
        let alphabet = UInt8.random(in: 1...255, using: &random)
        let bytes = (0..<Int.random(in: 0...200_000, using: &random)).map { _ in
            UInt8.random(in: 0...alphabet, using: &random) / (alphabet / 3 + 1)
        }
        let packed = Snappy.packed(bytes)
        #expect(try Snappy.unpacked(packed, bytesMax: 1 << 20) == bytes)
    }
}
