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
