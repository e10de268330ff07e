import Core
import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    /// Programs that people run, of Debian and PyPI, against the running server.
    @Suite("Real senders and readers of metrics")
    struct RealPartsTests {
        /// Programs that run until a test ends.
        private final class Running: Sendable {
            private let children = Mutex<[ChildProcess]>([])

            var all: [ChildProcess] { children.withLock { $0 } }

            func add(_ child: ChildProcess) { children.withLock { $0.append(child) } }
        }

        /// What a program of another's needs: where the server listens, and a folder.
        private struct Place {
            var fleet: TestFleet
            var statsd: Int
            var carbon: Int
            let running = Running()

            var folder: FilePath { fleet.folder }

            func write(_ name: String, _ text: String) throws -> String {
                let path = folder.appending(name).string
                try Data(text.utf8).write(to: URL(filePath: path))
                return path
            }

            /// Runs a program to its end.
            func run(_ arguments: [String]) async throws {
                let log = fleet.logs.appending("sender-\(UInt64.random(in: 0 ... .max)).log")
                let child = try ChildProcess(arguments, data: log, words: log)
                let code = try await child.end(within: 60)
                let text = (try? String(contentsOfFile: log.string, encoding: .utf8)) ?? ""
                #expect(code == 0, "\(arguments[0]): \(text.suffix(2000))")
            }

            /// A program that runs until the test ends.
            func begin(_ arguments: [String]) throws {
                let log = fleet.logs.appending(FilePath(arguments[0]).lastComponent?.string ?? "sender")
                let path = FilePath(log.string + ".log")
                let child = try ChildProcess(arguments, data: path, words: path)
                running.add(child)
            }

            /// Ends what `begin` has begun.
            func end() async {
                for child in running.all { try? await child.killNow() }
            }

            func values(_ target: String) async throws -> [Double] {
                try await fleet.client.series(target, from: "-10min").flatMap { $0.values.compactMap(\.self) }
            }

            func expect(_ target: String, within seconds: Int = 30, _ holds: ([Double]) -> Bool) async throws {
                try await eventually(target, within: seconds) {
                    let found = try await values(target)
                    guard holds(found) else { throw Trouble(description: "\(target): \(found.suffix(20))") }
                    return true
                }
            }
        }

        private func with(_ base: Int, _ policy: String, _ body: (Place) async throws -> Void) async throws {
            var sample = try SampleRepository(base: base)
            sample.policy = policy
            try await TestFleet.with { fleet in
                try await fleet.commit(sample.files, "Begin")
                try await start(fleet, sample)
                let place = try await place(fleet)
                do { try await body(place) } catch {
                    await place.end()
                    throw error
                }
                await place.end()
            }
        }

        private func start(_ fleet: TestFleet, _ sample: SampleRepository) async throws {
            try await fleet.startServer(
                edge: sample.edge, options: ["--statsd", "127.0.0.1:0", "--carbon", "127.0.0.1:0"])
        }

        private func place(_ fleet: TestFleet) async throws -> Place {
            let log = fleet.logs.appending("server.log").string
            return try await eventually("The ports of statsd and carbon") {
                let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
                func port(_ what: String) -> Int? {
                    lines.last { $0.contains("\(what) listens") }.flatMap { line in
                        line.split(separator: " ").first { $0.hasPrefix("port=") }.flatMap { Int($0.dropFirst(5)) }
                    }
                }
                guard let statsd = port("statsd"), let carbon = port("carbon") else { return nil }
                return Place(fleet: fleet, statsd: statsd, carbon: carbon)
            }
        }

        private static let flush = """
            metrics:
              flush: 1s
              retention: [{ match: "**", keep: "1s:1h,10s:1d" }]

            """

        @Test("statsd's and DogStatsD's own clients; collectd and carbon-c-relay", .timeLimit(.minutes(3)))
        func lines() async throws {
            try await with(60, Self.flush) { place in
                try await statsdClients(place)
                try await carbonRelay(place)
                try await collectd(place)
            }
        }

        private func statsdClients(_ place: Place) async throws {
            try await place.run([
                "/usr/bin/python3", "-c",
                """
                import statsd, sys
                client = statsd.StatsClient("127.0.0.1", int(sys.argv[1]), prefix="shop")
                with client.pipeline() as pipe:
                    pipe.incr("orders", 3)
                    pipe.timing("checkout", 320)
                    pipe.gauge("carts", 7)
                    pipe.gauge("carts", -2, delta=True)
                    pipe.set("users", "anna")
                """, "\(place.statsd)",
            ])
            try await place.run([
                "/usr/bin/python3", "-c",
                """
                import sys
                from datadog.dogstatsd import DogStatsd
                client = DogStatsd(host="127.0.0.1", port=int(sys.argv[1]), constant_tags=["env:prod"])
                client.increment("dog", 5, tags=["shop:a b"])
                client.distribution("size", 3)
                client.event("deployed", "release 7", tags=["app:shop"], alert_type="info")
                client.service_check("db", 2, message="away")
                client.flush()
                client.stop()
                """, "\(place.statsd)",
            ])
            try await place.expect("stats.counters.shop.orders.count") { $0.reduce(0, +) == 3 }
            try await place.expect("stats.timers.shop.checkout.upper") { $0.contains(320) }
            try await place.expect("stats.gauges.shop.carts") { $0.last == 5 }
            try await place.expect("seriesByTag('name=stats.counters.dog.count','shop=a_b')") { $0.reduce(0, +) == 5 }
            try await place.expect("seriesByTag('name=stats.gauges.service_checks.db')") { $0.last == 2 }
            try await eventually("The event") {
                try await fetch("/events/get_data?from=-1h", place).contains("\"what\":\"deployed\"")
            }
        }

        private func carbonRelay(_ place: Place) async throws {
            let port = try freePort()
            let configuration = try place.write(
                "relay.conf",
                """
                listen type linemode 127.0.0.1:\(port) proto tcp;
                cluster apus forward 127.0.0.1:\(place.carbon) proto tcp;
                match * send to apus stop;

                """)
            try place.begin(["/usr/bin/carbon-c-relay", "-f", configuration, "-s"])
            let program = """
                import socket, sys, time
                for attempt in range(100):
                    try:
                        out = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                        break
                    except OSError:
                        time.sleep(0.1)
                now = int(time.time())
                for number in range(100):
                    out.sendall(b"relayed.number %d %d\\n" % (number, now - 100 + number))
                out.sendall(b"relayed.tagged;zone=b 2 %d\\n" % now)
                out.close()
                """
            try await place.run(["/usr/bin/python3", "-c", program, "\(port)"])
            try await place.expect("relayed.number") { $0.count == 100 && $0.reduce(0, +) == 4950 }
            try await place.expect("seriesByTag('name=relayed.tagged','zone=b')") { $0 == [2] }
        }

        private func collectd(_ place: Place) async throws {
            let configuration = try place.write(
                "collectd.conf",
                """
                Hostname "web-9"
                BaseDir "\(place.folder)"
                PIDFile "\(place.folder)/collectd.pid"
                Interval 0.2
                LoadPlugin load
                LoadPlugin memory
                LoadPlugin write_graphite
                <Plugin write_graphite>
                  <Node "apus">
                    Host "127.0.0.1"
                    Port "\(place.carbon)"
                    Prefix "collectd."
                  </Node>
                </Plugin>

                """)
            try place.begin(["/usr/sbin/collectd", "-f", "-C", configuration])
            try await place.expect("collectd.web-9.memory.memory-used", within: 90) { ($0.last ?? 0) > 1e6 }
        }

        @Test(
            "Prometheus writes to us; we scrape its node exporter; OpenTelemetry sends protobuf",
            .timeLimit(.minutes(3)))
        func prometheus() async throws {
            let exporter = try freePort()
            let policy = """
                metrics:
                  flush: 1s
                  scrape:
                    node: { targets: ["http://127.0.0.1:\(exporter)/metrics"], every: 2s }

                """
            try await with(61, policy) { place in
                try place.begin([
                    "/usr/bin/prometheus-node-exporter", "--web.listen-address=127.0.0.1:\(exporter)",
                    "--collector.disable-defaults", "--collector.loadavg", "--collector.meminfo",
                ])
                try await openTelemetry(place)
                try await place.expect("seriesByTag('name=node_load1','job=node')", within: 60) { !$0.isEmpty }
                try await remoteWrite(place, exporter)
                // What was acknowledged outlasts a kill.
                let sums = try await place.values("seriesByTag('name=orders.taken')")
                try await place.fleet.process("server").killNow()
                try await start(place.fleet, try SampleRepository(base: 61))
                #expect(try await place.values("seriesByTag('name=orders.taken')") == sums)
            }
        }

        private func remoteWrite(_ place: Place, _ exporter: Int) async throws {
            let server = try place.fleet.current
            let port = try freePort()
            let configuration = try place.write(
                "prometheus.yml",
                """
                global: { scrape_interval: 1s }
                scrape_configs:
                  - job_name: written
                    static_configs: [{ targets: ["127.0.0.1:\(exporter)"] }]
                remote_write:
                  - url: \(server.url)/api/v1/write
                    basic_auth: { username: any, password: "\(server.token)" }

                """)
            try place.begin([
                "/usr/bin/prometheus", "--config.file=\(configuration)",
                "--storage.tsdb.path=\(place.folder)/prometheus", "--web.listen-address=127.0.0.1:\(port)",
            ])
            try await place.expect("seriesByTag('name=node_load1','job=written')", within: 90) { $0.count >= 1 }
            try await place.expect("seriesByTag('name=up','job=written')") { $0.last == 1 }
        }

        /// OpenTelemetry's own exporter; it packs with gzip.
        private func openTelemetry(_ place: Place) async throws {
            let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            let python = root.appending(".build/python/bin/python").string
            let server = try place.fleet.current
            let program = """
                import sys
                from opentelemetry.exporter.otlp.proto.http import Compression
                from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
                from opentelemetry.sdk.metrics import MeterProvider
                from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
                from opentelemetry.sdk.resources import Resource
                exporter = OTLPMetricExporter(
                    endpoint=sys.argv[1] + "/v1/metrics", headers={"authorization": "Bearer " + sys.argv[2]},
                    compression=Compression.Gzip)
                reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
                provider = MeterProvider([reader], resource=Resource({"service.name": "shop"}))
                meter = provider.get_meter("test")
                meter.create_counter("orders.taken").add(7)
                meter.create_gauge("level").set(-2.5, {"tank": "left"})
                histogram = meter.create_histogram("wait", explicit_bucket_boundaries_advisory=[1, 10])
                for value in (0.5, 5, 50):
                    histogram.record(value)
                assert provider.force_flush(), "nothing was taken"
                provider.shutdown()
                """
            try await place.run([python, "-c", program, server.url, server.token])
            try await place.expect("seriesByTag('name=orders.taken')") { $0.contains(7) }
            try await place.expect("seriesByTag('name=level','tank=left')") { $0.contains(-2.5) }
            try await place.expect("seriesByTag('name=wait.bucket','le=10')") { $0.contains(2) }
            try await place.expect("seriesByTag('name=wait.sum')") { $0.contains(55.5) }
        }

        @Test("Grafana's requests: test, find, expand, tags, functions, events, render", .timeLimit(.minutes(2)))
        func grafana() async throws {
            try await with(62, Self.flush) { place in
                let now = Int64(Date().timeIntervalSince1970)
                let points = (0..<60).flatMap { number in
                    ["web.a.load", "web.b.load", "disk.used;dc=ams;host=w1"].map { name in
                        PointView(
                            name: name, time: Instant(milliseconds: (now - 60 + Int64(number)) * 1000),
                            value: Double(number))
                    }
                }
                _ = try await place.fleet.client.send(points)
                try await expectAnswers(place, now)
            }
        }

        /// Source of the requests: grafana/grafana, public/app/plugins/datasource/graphite/datasource.ts.
        private func expectAnswers(_ place: Place, _ now: Int64) async throws {
            let form =
                "target=aliasSub(web.*.load%2C%20%22(%5E.*%24)%22%2C%20%22%5C1%20A%22)&from=\(now - 60)&until=\(now)"
                + "&format=json&maxDataPoints=1000"
            for (path, body, part) in [
                ("/render", "target=constantLine(100)&from=-1h&until=now&format=json&maxDataPoints=300", "100.0"),
                ("/render", form, "\"target\":\"web.a.load A\""),
                ("/metrics/find?query=*&from=-1h&until=now", nil, "\"text\":\"web\""),
                ("/metrics/find", "query=web.*", "\"text\":\"a\""),
                ("/metrics/expand?query=web.*", nil, "web.b"),
                ("/tags", nil, "\"tag\":\"dc\""), ("/tags/dc", nil, "\"value\":\"ams\""),
                ("/tags/autoComplete/tags?limit=100&expr=dc%3Dams", nil, "host"),
                ("/tags/autoComplete/values?tag=host&valuePrefix=w&limit=100", nil, "w1"),
                ("/functions", nil, "movingAverage"), ("/functions/sumSeries", nil, "sumSeries"),
                ("/version", nil, "1.1"),
                ("/events/get_data?from=-1h&until=now&tags=release", nil, "[]"),
            ] as [(String, String?, String)] {
                let answer = try await fetch(path, place, body)
                #expect(answer.contains(part), "\(path): \(answer.prefix(300))")
            }
            let event = #"{"what":"Release","tags":["release","shop"],"data":"r12"}"#
            _ = try await fetch("/events/", place, event, type: "application/json")
            let events = try await fetch("/events/get_data?from=-1h&until=now&tags=release", place)
            #expect(events.contains("\"what\":\"Release\""))
        }

        /// As Grafana asks: with the token as a password, and a body as a form.
        private func fetch(
            _ path: String, _ place: Place, _ body: String? = nil, type: String = "application/x-www-form-urlencoded"
        ) async throws -> String {
            let server = try place.fleet.current
            let answer = place.folder.appending("answer-\(UInt64.random(in: 0 ... .max))")
            let more = body.map { ["--data-binary", $0, "--header", "content-type: \(type)"] } ?? []
            let child = try ChildProcess(
                ["curl", "--silent", "--show-error", "--fail-with-body", "--user", "any:\(server.token)"] + more
                    + [server.url + path], data: answer, words: place.fleet.logs.appending("curl.log"))
            let code = try await child.end(within: 30)
            let text = try String(contentsOfFile: answer.string, encoding: .utf8)
            #expect(code == 0, "\(path): \(text.prefix(300))")
            return text
        }
    }
}
