import Synchronization
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
        let folder = try TemporaryFolder()
        let port = try Program.freePort()
        let configuration = try folder.write(
            "relay.conf",
            """
            listen type linemode 127.0.0.1:\(port) proto tcp;
            cluster apus forward 127.0.0.1:\(listener.linePort) proto tcp;
            match * send to apus stop;
            """)
        let relay = try Program(["/usr/bin/carbon-c-relay", "-f", configuration, "-s"], in: folder)
        defer { relay.end() }
        let client = try #require(eventually { try? TestClient(streamPort: port) })
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
        let folder = try TemporaryFolder()
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
        let collectd = try Program(["/usr/sbin/collectd", "-f", "-C", configuration], in: folder)
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

/// A folder that goes with its owner.
final class TemporaryFolder {
    let path: String
    private struct NotMade: Error {}

    init() throws {
        let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(root)/apus-telemetry-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw NotMade() }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { _ = try? Program.run(["/bin/rm", "-r", path]) }

    /// The beginning of a file.
    func read(_ name: String) -> String {
        guard let file = fopen("\(path)/\(name)", "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Writes a file and gives its path.
    func write(_ name: String, _ text: String) throws -> String {
        guard let file = fopen("\(path)/\(name)", "w") else { throw NotMade() }
        fputs(text, file)
        fclose(file)
        return "\(path)/\(name)"
    }
}

/// A program that a test started, and that is ended by its id.
final class Program {
    private let id: pid_t
    private var hasEnded = false
    private struct NotStarted: Error { var command: [String] }

    /// - Parameter folder: what it says goes into a file there.
    init(_ command: [String], in folder: TemporaryFolder? = nil) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if let folder {
            posix_spawn_file_actions_addopen(&actions, 1, "\(folder.path)/output", O_WRONLY | O_CREAT | O_APPEND, 0o600)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        // Threads of a pool block signals, and a program inherits that: it could not be asked to end.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var id: pid_t = 0
        guard posix_spawn(&id, command[0], &actions, &attributes, &arguments, environ) == 0 else {
            throw NotStarted(command: command)
        }
        self.id = id
    }

    deinit { end() }

    /// Asks it to end, and makes it end if it does not within three seconds.
    func end() {
        guard !hasEnded else { return }
        kill(id, SIGTERM)
        for _ in 0..<600 {
            if waitpid(id, nil, WNOHANG) == id {
                hasEnded = true
                return
            }
            usleep(5000)
        }
        kill(id, SIGKILL)
        _ = wait()
    }

    private func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        hasEnded = true
        return status
    }

    /// Runs a program to its end and gives its status.
    static func run(_ command: [String]) throws -> Int32 { try Program(command).wait() }

    /// A port that was free a moment ago.
    static func freePort() throws -> UInt16 {
        let descriptor = try Socket.bound(Socket.stream, address: "127.0.0.1", port: 0)
        defer { close(descriptor) }
        return Socket.port(descriptor)
    }
}
