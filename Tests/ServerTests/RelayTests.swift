import AsyncHTTPClient
import ControlPlane
import Core
import FoundationEssentials
import NIOCore
import NIOHTTP1
import SystemPackage
import Telemetry
import Testing
import Wire

/// Points go to systems that nobody here wrote.
@Suite("Relays to real systems", .serialized, .timeLimit(.minutes(3)))
struct RelayTests {
    private static var now: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    private static func metrics(
        _ relays: [RelaySpec], secrets: [String: String] = [:]
    ) throws -> SampleMetrics {
        try SampleMetrics(policy: MetricsPolicy(relays: relays), secrets: secrets, now: { now })
    }

    /// `count` series of a moment.
    private static func points(_ count: Int, at time: Int64, value: Double) -> [NamedPoint] {
        (0..<count).map { NamedPoint(name: "test.s\($0).value", time: time, value: value + Double($0) / 4) }
    }

    static func ask(_ url: String, _ body: String? = nil) async throws -> String {
        var request = HTTPClientRequest(url: url)
        if let body {
            request.method = .POST
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await RunningServer.sharedHTTP.execute(request, timeout: .seconds(10))
        return String(buffer: try await response.body.collect(upTo: 64 << 20))
    }

    static func until(
        _ what: String, within seconds: Int = 60, _ isSo: @Sendable () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if (try? await isSo()) == true { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Problem("test.failed", "\(what) did not come.", cause: "\(seconds) s are over.", remedy: "Look.")
    }

    static func clickHouse(_ folder: ScratchFolder, port: Int) throws -> ForeignProgram {
        let native = try ForeignProgram.freePort()
        let path = folder.path
        _ = try folder.write(
            "users.xml",
            """
            <yandex><profiles><default></default></profiles><quotas><default></default></quotas>
            <users><apus><password>password-of-apus</password><networks><ip>127.0.0.1</ip></networks>
            <profile>default</profile><quota>default</quota></apus></users></yandex>
            """)
        let configuration = try folder.write(
            "config.xml",
            """
            <yandex><logger><level>error</level><log>\(path)/log</log><errorlog>\(path)/errors</errorlog></logger>
            <http_port>\(port)</http_port><tcp_port>\(native)</tcp_port><listen_host>127.0.0.1</listen_host>
            <path>\(path)/data/</path><tmp_path>\(path)/tmp/</tmp_path><user_files_path>\(path)/files/</user_files_path>
            <users_config>users.xml</users_config><default_profile>default</default_profile>
            <default_database>default</default_database><mark_cache_size>5242880</mark_cache_size></yandex>
            """)
        return try ForeignProgram(
            ["/usr/sbin/clickhouse-server", "--config-file=\(configuration)"], output: "\(path)/output")
    }

    @Test("ClickHouse, killed in the middle: every point arrives once, and is read back by the render API")
    func killed() async throws {
        let folder = try ScratchFolder()
        let port = try ForeignProgram.freePort()
        let server = try Self.clickHouse(folder, port: port)
        let url = "http://127.0.0.1:\(port)"
        let spec = RelaySpec(
            name: try RelayName("long"),
            target: .clickHouse(try WebhookURL(url), database: "default", table: "apus_points", answers: true),
            match: ["test.**"], user: "apus", secret: try SecretName("ch"))
        let metrics = try Self.metrics([spec], secrets: ["ch": "password-of-apus\n"])
        let start = Self.now.milliseconds / 10_000 * 10 - 3000
        try await metrics.running { service in
            for round in 0..<200 {
                if round == 60 { server.kill() }
                if round == 120 {
                    try await Self.until("The problem") { service.problems.contains { $0.code == "relay.away" } }
                    try server.start()
                }
                let time = start + Int64(round) * 10
                let taken = try await service.take(
                    Self.points(20, at: time, value: Double(round)), from: SourceName("test"))
                #expect(taken.taken == 20)
                try await Task.sleep(for: .milliseconds(20))
            }
            try await Self.until("Everything") {
                service.relayCounts.allSatisfy { $0.counts.waiting == 0 } && service.problems.isEmpty
            }
            let counts = try #require(service.relayCounts.first).counts
            #expect(counts.sent == 4000)
            #expect(counts.dropped == 0 && counts.refused == 0)
            #expect(counts.failures > 0)
            let rows = try await Self.ask(
                url + "/?user=apus&password=password-of-apus",
                "SELECT count(), sum(value) FROM (SELECT name, time, argMax(value, sequence) AS value "
                    + "FROM apus_points GROUP BY name, time)")
            let sum = (0..<200).reduce(0.0) { sum, round in sum + 20 * Double(round) } + 200 * 47.5
            #expect(rows == "4000\t\(Int(sum))\n")

            let request = try RenderRequest(
                FormFields([
                    ("target", "sumSeries(relays.long.test.*.value)"), ("target", "sumSeries(test.*.value)"),
                    ("from", "\(start - 10)"), ("until", "\(start + 1990)"), ("format", "json"),
                ]), now: Self.now.milliseconds / 1000)
            let series = try await GraphEvaluator(source: service.series).evaluate(request)
            try #require(series.count == 2)
            #expect(series[0].values == series[1].values)
            #expect(series[0].values.count == 200 && series[0].step == 10)
        }
    }

    @Test("victoria-metrics by Graphite's lines and by remote_write; prometheus by remote_write")
    func receivers() async throws {
        let folder = try ScratchFolder()
        let (http, lines) = (try ForeignProgram.freePort(), try ForeignProgram.freePort())
        let (web, second) = (try ForeignProgram.freePort(), try ForeignProgram.freePort())
        let victoria = try ForeignProgram(
            [
                "/usr/bin/victoria-metrics", "-storageDataPath=\(folder.path)/victoria",
                "-httpListenAddr=127.0.0.1:\(http)", "-graphiteListenAddr=127.0.0.1:\(lines)",
            ], output: "\(folder.path)/victoria.log")
        let other = try ForeignProgram(
            [
                "/usr/bin/victoria-metrics", "-storageDataPath=\(folder.path)/second",
                "-httpListenAddr=127.0.0.1:\(second)",
            ], output: "\(folder.path)/second.log")
        let configuration = try folder.write("prometheus.yml", "global: { scrape_interval: 1h }\n")
        let prometheus = try ForeignProgram(
            [
                "/usr/bin/prometheus", "--config.file=\(configuration)",
                "--storage.tsdb.path=\(folder.path)/prometheus",
                "--web.listen-address=127.0.0.1:\(web)", "--web.enable-remote-write-receiver",
            ], output: "\(folder.path)/prometheus.log")
        let relays = [
            RelaySpec(
                name: try RelayName("lines"), target: .graphite(host: "127.0.0.1", port: lines), match: ["test.**"]),
            RelaySpec(
                name: try RelayName("second"),
                target: .remoteWrite(try WebhookURL("http://127.0.0.1:\(second)/api/v1/write")), match: ["test.**"]),
            RelaySpec(
                name: try RelayName("prom"),
                target: .remoteWrite(try WebhookURL("http://127.0.0.1:\(web)/api/v1/write")), match: ["test.**"]),
        ]
        let metrics = try Self.metrics(relays)
        let time = Self.now.milliseconds / 1000 - 60
        try await metrics.running { service in
            _ = try await service.take(Self.points(50, at: time, value: 1), from: SourceName("test"))
            _ = try await service.take(Self.points(50, at: time + 10, value: 2), from: SourceName("test"))
            try await Self.until("Everything") { service.relayCounts.allSatisfy { $0.counts.sent == 100 } }
            #expect(service.relayCounts.allSatisfy { $0.counts.dropped + $0.counts.refused == 0 })
            let query = "query=sum(SELECTOR)&time=\(time + 15)"
            @Sendable func sum(_ port: Int, _ selector: String) async throws -> String {
                let text = query.replacing("SELECTOR", with: selector).replacing(" ", with: "%20")
                    .replacing("{", with: "%7B").replacing("}", with: "%7D").replacing("\"", with: "%22")
                    .replacing("~", with: "%7E").replacing("+", with: "%2B")
                return try await Self.ask("http://127.0.0.1:\(port)/api/v1/query?\(text)")
            }
            // 50 × 2 + 0.25 × (0 + … + 49)
            for (port, selector) in [
                (http, "{__name__=~\"test.*value\"}"), (second, "{path=~\"test.*value\"}"),
                (web, "{path=~\"test.*value\"}"),
            ] {
                try await Self.until("The sum at \(selector)") { try await sum(port, selector).contains("\"406.25\"") }
            }
        }
        for program in [victoria, other, prometheus] { program.kill() }
    }

    @Test("carbon-c-relay takes lines, and nothing is lost when it is killed and comes back")
    func carbon() async throws {
        let folder = try ScratchFolder()
        let port = try ForeignProgram.freePort()
        let configuration = try folder.write(
            "relay.conf",
            """
            listen type linemode 127.0.0.1:\(port) proto tcp;
            cluster out file \(folder.path)/lines;
            match * send to out stop;
            """)
        let relay = try ForeignProgram(
            ["/usr/bin/carbon-c-relay", "-f", configuration], output: "\(folder.path)/output")
        let metrics = try Self.metrics([
            RelaySpec(
                name: try RelayName("lines"), target: .graphite(host: "127.0.0.1", port: port), match: ["test.**"])
        ])
        let time = Self.now.milliseconds / 1000 - 600
        try await metrics.running { service in
            for round in 0..<10 {
                _ = try await service.take(
                    Self.points(20, at: time + Int64(round) * 10, value: Double(round)), from: SourceName("test"))
            }
            try await Self.until("The first") { service.relayCounts.allSatisfy { $0.counts.sent == 200 } }
            let path = "\(folder.path)/lines"
            try await Self.until("The file") {
                Set(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")).count == 200
            }
            relay.kill()
            for round in 10..<20 {
                _ = try await service.take(
                    Self.points(20, at: time + Int64(round) * 10, value: Double(round)), from: SourceName("test"))
            }
            try await Self.until("The problem") { service.problems.contains { $0.code == "relay.away" } }
            try relay.start()
            try await Self.until("The file") {
                Set(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")).count == 400
            }
            #expect(service.problems.isEmpty)
        }
    }
}
