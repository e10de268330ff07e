import Synchronization
import TestPrograms
import Testing

@testable import Telemetry

#if canImport(Glibc)
    import Glibc
#endif

/// Clients that people use, on real sockets.
@Suite("Real clients", .timeLimit(.minutes(1)))
struct RealClientTests {
    /// A statsd whose intervals are long, what a program sends to it, and the points that come of it.
    private func statsd(_ python: String) throws -> [String: Double] {
        let sink = CollectingSink()
        let server = try StatsdServer(
            .local, settings: Self.settings, managementPort: nil, sink: sink, seed: 1, report: { _ in })
        let status = try Program.run([
            "/usr/bin/python3", "-c", python, "\(server.datagramPort)", "\(server.streamPort)",
        ])
        #expect(status == 0)
        server.stop()
        return sink.lastValues
    }

    private static var settings: StatsdSettings {
        var settings = StatsdSettings()
        settings.interval = 100_000
        return settings
    }

    @Test("python3-statsd, by UDP with a pipeline and by TCP")
    func pythonStatsd() throws {
        let points = try statsd(
            """
            import statsd, sys
            client = statsd.StatsClient("127.0.0.1", int(sys.argv[1]), prefix="shop")
            with client.pipeline() as pipe:
                pipe.incr("orders", 3)
                pipe.decr("orders")
                pipe.timing("checkout", 320)
                pipe.gauge("carts", 7)
                pipe.gauge("carts", -2, delta=True)
                pipe.set("users", "anna")
                pipe.set("users", "bob")
            other = statsd.TCPStatsClient("127.0.0.1", int(sys.argv[2]))
            for _ in range(100):
                other.incr("tcp")
            other.close()
            """)
        #expect(points["stats.counters.shop.orders.count"] == 2)
        #expect(points["stats.timers.shop.checkout.upper"] == 320)
        #expect(points["stats.gauges.shop.carts"] == 5)
        #expect(points["stats.sets.shop.users.count"] == 2)
        #expect(points["stats.counters.tcp.count"] == 100)
        #expect(points["stats.counters.statsd.bad_lines_seen.count"] == 0)
    }

    @Test("datadog: tags, distributions, events, checks and its own figures")
    func datadog() throws {
        let points = try statsd(
            """
            import sys
            from datadog.dogstatsd import DogStatsd
            client = DogStatsd(host="127.0.0.1", port=int(sys.argv[1]), constant_tags=["env:prod"])
            client.increment("orders", 5, tags=["shop:a b", "urgent"])
            client.histogram("size", 12.5)
            client.distribution("time", 3)
            client.gauge("carts", 4.25)
            client.set("users", "anna")
            client.event("deployed", "release 7\\nis out", tags=["app:shop"], alert_type="info")
            client.service_check("db", 2, message="away")
            client.flush()
            client.stop()
            """)
        #expect(points["stats.counters.orders.count;env=prod;shop=a_b;urgent=true"] == 5)
        #expect(points["stats.timers.size.mean;env=prod"] == 12.5)
        #expect(points["stats.timers.time.upper;env=prod"] == 3)
        #expect(points["stats.gauges.carts;env=prod"] == 4.25)
        #expect(points["stats.sets.users.count;env=prod"] == 1)
        #expect(points["stats.counters.statsd.bad_lines_seen.count"] == 0)
    }

    @Test("graphyte, by lines with tags")
    func graphyte() throws {
        let sink = CollectingSink()
        let listener = try CarbonListener(.local, sink: sink, seed: 1)
        let python = """
            import graphyte, sys
            graphyte.init("127.0.0.1", port=int(sys.argv[1]), prefix="shop")
            graphyte.send("orders", 42, timestamp=1000)
            graphyte.send("carts", 1.5, timestamp=1000, tags={"zone": "b", "app": "a"})
            sender = graphyte.Sender("127.0.0.1", port=int(sys.argv[2]), protocol="udp")
            sender.send("udp", 2, timestamp=1000)
            """
        let status = try Program.run(
            ["/usr/bin/python3", "-c", python, "\(listener.linePort)", "\(listener.datagramPort)"])
        #expect(status == 0)
        listener.stop()
        #expect(sink.values(at: 1000) == ["shop.orders": 42, "shop.carts;app=a;zone=b": 1.5, "udp": 2])
    }

    @Test("carbon-c-relay passes lines on")
    func carbonRelay() throws {
        let sink = CollectingSink()
        let listener = try CarbonListener(.local, sink: sink, seed: 1)
        defer { listener.stop() }
        let folder = try ScratchFolder()
        let port = Program.freePort()
        let configuration = try folder.write(
            "relay.conf",
            """
            listen type linemode 127.0.0.1:\(port) proto tcp;
            cluster apus forward 127.0.0.1:\(listener.linePort) proto tcp;
            match * send to apus stop;
            """)
        let relay = try Program(
            ["/usr/bin/carbon-c-relay", "-f", configuration, "-s"], output: "\(folder.path)/output")
        defer { relay.end() }
        let client = try #require(eventually { try? TestClient(streamPort: UInt16(port)) })
        client.send("a.b 1 1000\na.c;k=v 2 1000\n")
        client.finish()
        #expect(eventually { sink.values(at: 1000).count == 2 ? true : nil } == true)
        #expect(sink.values(at: 1000) == ["a.b": 1, "a.c;k=v": 2])
    }

    @Test("collectd writes what it reads of this machine")
    func collectd() throws {
        let sink = CollectingSink()
        let listener = try CarbonListener(.local, sink: sink, seed: 1)
        defer { listener.stop() }
        let folder = try ScratchFolder()
        let configuration = try folder.write(
            "collectd.conf",
            """
            Hostname "web-1"
            BaseDir "\(folder.path)"
            PIDFile "\(folder.path)/pid"
            Interval 0.1
            LoadPlugin load
            LoadPlugin write_graphite
            <Plugin write_graphite>
              <Node "apus">
                Host "127.0.0.1"
                Port "\(listener.linePort)"
                Prefix "collectd."
              </Node>
            </Plugin>

            """)
        let collectd = try Program(["/usr/sbin/collectd", "-f", "-C", configuration], output: "\(folder.path)/output")
        // It writes what it has gathered when it ends, at the latest.
        _ = eventually { listener.counts.points > 0 ? true : nil }
        collectd.end()
        let load = eventually { sink.lastValues["collectd.web-1.load.load.shortterm"] }
        #expect(load != nil, "\(listener.counts), \(sink.lastValues.keys.sorted()): \(folder.read("output"))")
        #expect(listener.counts.bad == 0)
    }
}

extension CarbonEndpoint {
    static var local: CarbonEndpoint {
        var endpoint = CarbonEndpoint()
        endpoint.linePort = 0
        endpoint.datagramPort = 0
        endpoint.picklePort = 0
        return endpoint
    }
}

extension CollectingSink {
    /// The last value of each series.
    var lastValues: [String: Double] {
        state.withLock { $0.points.compactMapValues { $0.max { $0.key < $1.key }?.value } }
    }
}

/// The first value that is there before twenty seconds are over.
func eventually<Value>(_ value: () -> Value?) -> Value? {
    for _ in 0..<4000 {
        if let found = value() { return found }
        usleep(5000)
    }
    return value()
}
