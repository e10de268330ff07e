import Synchronization
import Testing

@testable import Telemetry

#if canImport(Glibc)
    import Glibc
#endif

@Suite("statsd's sockets")
struct StatsdListenerTests {
    /// Starts a statsd whose intervals are long, and gives the points of what `send` sends.
    private func points(
        _ endpoint: StatsdEndpoint = .local, _ send: (StatsdListener) throws -> Void
    ) throws -> [String: Double] {
        let sink = CollectingSink()
        let aggregator = SharedAggregator(
            StatsdAggregator(settings: StatsdSettings(), sink: sink, seed: 7))
        let listener = try StatsdListener(endpoint, intervalSeconds: 100_000, seed: 7) { tally, _ in
            try? aggregator.aggregator.flush(tally, at: 1000)
        }
        try send(listener)
        listener.stop()
        return sink.values(at: 1000)
    }

    @Test("a datagram becomes points")
    func datagram() throws {
        let points = try points { listener in
            let client = try TestClient(datagramPort: listener.datagramPort)
            client.send("web.requests:3|c\nweb.time:20|ms\nweb.time:40|ms\n")
            client.send("web.load:1.5|g\nnonsense\nusers:anna|s\nusers:bob|s\nusers:anna|s")
        }
        #expect(points["stats.counters.web.requests.count"] == 3)
        #expect(points["stats.counters.web.requests.rate"] == 0.3)
        #expect(points["stats.timers.web.time.mean"] == 30)
        #expect(points["stats.timers.web.time.upper_90"] == 40)
        #expect(points["stats.gauges.web.load"] == 1.5)
        #expect(points["stats.sets.users.count"] == 2)
        #expect(points["stats.counters.statsd.bad_lines_seen.count"] == 1)
        #expect(points["stats.counters.statsd.packets_received.count"] == 2)
    }

    @Test("connections: lines cut anywhere, a last one without newline, one of ten megabytes refused")
    func streams() throws {
        let points = try points { listener in
            let client = try TestClient(streamPort: listener.streamPort)
            for byte in Array("a:1|c\r\na:2|c\n".utf8) { client.send([byte]) }
            client.send([UInt8](repeating: 0x61, count: 10 << 20))
            client.send("\na:4|c\na:8|c")
            client.finish()
            _ = client.readAll()
        }
        #expect(points["stats.counters.a.count"] == 15)
        #expect(points["stats.counters.statsd.bad_lines_seen.count"] == 1)
    }

    @Test("a full blast: every datagram is taken or counted as dropped")
    func blast() throws {
        let points = try points { listener in
            let client = try TestClient(datagramPort: listener.datagramPort)
            let lines = Array((0..<20).map { "k\($0):1|c" }.joined(separator: "\n").utf8)
            for _ in 0..<20_000 { client.send(lines) }
        }
        let taken = points["stats.counters.statsd.packets_received.count"] ?? 0
        #expect(taken + (points["stats.counters.statsd.packets_dropped.count"] ?? 0) == 20_000)
        #expect(points["stats.counters.k7.count"] == taken)
    }

    @Test("an address that is none, and a port that is taken, are refused")
    func refused() throws {
        var endpoint = StatsdEndpoint.local
        endpoint.address = "localhost"
        #expect(throws: TelemetryProblem.self) {
            try StatsdListener(endpoint, intervalSeconds: 10, seed: 1) { _, _ in }
        }
        let first = try StatsdListener(.local, intervalSeconds: 10, seed: 1) { _, _ in }
        defer { first.stop() }
        endpoint = .local
        endpoint.datagramPort = first.datagramPort
        #expect(throws: TelemetryProblem.self) {
            try StatsdListener(endpoint, intervalSeconds: 10, seed: 1) { _, _ in }
        }
    }

    @Test("the management port answers as statsd's")
    func management() throws {
        let sink = CollectingSink()
        var settings = StatsdSettings()
        settings.interval = 1
        settings.idle = StatsdIdle(deletesIdle: false)
        let reports = Mutex<[StatsdReport]>([])
        let server = try StatsdServer(
            .local, settings: settings, managementPort: 0, sink: sink, seed: 1,
            report: { report in reports.withLock { $0.append(report) } })
        defer { server.stop() }
        let client = try TestClient(streamPort: server.streamPort)
        client.send("shop.a:1|c\nshop.b:2|c\nshop.c:3|g\nbad\n_e{1,1}:a|b")
        client.finish()
        _ = client.readAll()
        let lines = eventually { reports.withLock { $0.reduce(0) { $0 + $1.counts.lines } == 5 ? true : nil } }
        #expect(lines == true)
        #expect(reports.withLock { $0.flatMap(\.badLines).map(\.text) } == ["bad"])
        #expect(reports.withLock { $0.flatMap(\.events).map(\.title) } == ["a"])
        let answer = try ask(
            server,
            "help\ncounters\ngauges\ndelcounters shop.*\ncounters\nhealth\nhealth down\nhealth\nstats\nconfig\nwhat\nquit\n"
        )
        #expect(answer.contains("Commands: help, config, health"))
        #expect(answer.contains("  'shop.a': 1,\n  'shop.b': 2"))
        #expect(answer.contains("{\n  'shop.c': 3\n}\nEND\n\n"))
        #expect(answer.contains("deleted: shop.a\ndeleted: shop.b\nEND\n\n"))
        #expect(answer.contains("health: up\nhealth: down\nhealth: down\n"))
        #expect(answer.contains("messages.bad_lines_seen: 1\n"))
        #expect(answer.contains("flushInterval: 1000\n"))
        #expect(answer.hasSuffix("ERROR\n"))
        let agent = StatsdTally(seed: 1)
        Array("shop.a:5|c".utf8).withUnsafeBytes { agent.receive($0) }
        #expect(try server.merge(StatsdSnapshot(agent, agent: "web-1", interval: 1)))
        server.stop()
        let points = sink.state.withLock { $0.points["stats.counters.shop.a.count"] ?? [:] }
        #expect(points.values.reduce(0, +) == 6)
    }

    private func ask(_ server: StatsdServer, _ commands: String) throws -> String {
        let client = try TestClient(streamPort: try #require(server.managementPort))
        client.send(commands)
        return client.readAll()
    }
}

/// An aggregator that a listener's thread uses.
final class SharedAggregator: @unchecked Sendable {
    let aggregator: StatsdAggregator
    init(_ aggregator: StatsdAggregator) { self.aggregator = aggregator }
}

extension StatsdEndpoint {
    static var local: StatsdEndpoint {
        var endpoint = StatsdEndpoint()
        endpoint.datagramPort = 0
        endpoint.streamPort = 0
        return endpoint
    }
}

/// A blocking socket to a port of this machine.
final class TestClient {
    let descriptor: Int32

    init(datagramPort port: UInt16) throws {
        descriptor = try Self.connected(Int32(SOCK_DGRAM.rawValue), port)
    }
    init(streamPort port: UInt16) throws {
        descriptor = try Self.connected(Int32(SOCK_STREAM.rawValue), port)
    }

    deinit { close(descriptor) }

    private struct NotConnected: Error {}

    private static func connected(_ type: Int32, _ port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw NotConnected()
        }
        return descriptor
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Says that nothing more comes.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Everything that comes until the other side closes.
    func readAll() -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
            all += buffer[..<count]
        }
        return String(decoding: all, as: UTF8.self)
    }
}
