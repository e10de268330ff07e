import Glibc
import Logs
import Testing

@testable import Agent
@testable import Core

/// Reads a bench's lines as the agent does, and parses them as the server does.
final class BalancerLines {
    private let logs: BalancerLogs
    private let events: LogEvents
    private(set) var all: [[String: String]] = []

    init(_ bench: BalancerBench, rateMax: Int? = nil) throws {
        logs = BalancerLogs(balancers: bench.root, rateMax: rateMax)
        events = LogEvents(try LogProgram([LogPipeline(name: "usual", steps: [.parse(.auto)])]), seed: 1)
    }

    var limited: Int { logs.limitedLines }

    private static let names = [
        "message", "level", "app", "process", "source", "instance", "release", "status", "path", "server", "backend",
        "client", "method",
    ]

    func read() {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        events.now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        while logs.read(into: events, bytesMax: 1 << 20) {}
        let batch = events.take()
        for index in batch.lines.indices {
            var line: [String: String] = [:]
            for name in Self.names {
                line[name] = batch.value(of: name, at: index) { bytes in
                    bytes.map { String(decoding: $0, as: UTF8.self) }
                }
            }
            // It says its time itself, to the millisecond.
            #expect(abs(batch.lines[index].time - events.now) < 60_000_000_000)
            all.append(line)
        }
    }

    /// The lines of requests for a path, once there are so many of them.
    func of(_ path: String, count: Int = 1) async throws -> [[String: String]] {
        try await eventually("\(count) lines of \(path)") {
            self.read()
            return self.found(path).count >= count
        }
        return found(path)
    }

    private func found(_ path: String) -> [[String: String]] {
        all.filter { $0["path"]?.split(separator: "?").first.map(String.init) == path }
    }
}

extension BalancerContract {
    func logsRequests() async throws {
        try await BalancerBench.with(instances: 1, make) { bench in
            let engine = bench.configuration.engine
            let lines = try BalancerLines(bench)
            _ = try await bench.get("/cart?id=7")
            let line = try #require(try await lines.of("/cart").first)
            #expect(line["message"]?.hasPrefix("GET /cart?id=7 HTTP/1.1") == true)
            let expected = [
                "level": "info", "app": "shop", "process": engine.rawValue, "instance": "shop.web.1.r1",
                "source": engine == .nginx ? "nginx.access" : "haproxy", "release": "r1", "status": "200",
                "server": "shop.web.1.r1", "backend": "shop.web", "client": "127.0.0.1", "method": "GET",
            ]
            for (name, value) in expected { #expect(line[name] == value, "\(name): \(line)") }
            let posted = try await bench.get("/posted", "-d", "x")
            #expect(posted.hasPrefix("HTTP/1.1 200"))
            #expect(try await lines.of("/posted").first?["backend"] == "shop.web")
            _ = try await bench.get("/nowhere", host: "else.example.org", "-A", "evil\" \u{1b}[31m agent")
            let unknown = try #require(try await lines.of("/nowhere").first)
            #expect(unknown["app"] == nil && unknown["status"] == "404" && unknown["level"] == "warn", "\(unknown)")
            bench.backends[0].kill()
            _ = try await bench.get("/gone")
            let gone = try #require(try await lines.of("/gone").first)
            #expect(gone["app"] == "shop" && gone["level"] == "error", "\(gone)")
            // What is no request of HTTP.
            _ = try await output("bash", ["-c", "exec 3<>/dev/tcp/\(BalancerBench.address)/\(bench.port); echo X >&3"])
            try await eventually("a line of what is no request") {
                lines.read()
                return lines.all.contains { $0["status"] == "400" }
            }
        }
    }

    func keepsLines() async throws {
        try await BalancerBench.with(instances: 1, make) { bench in
            _ = try await bench.get("/nobody")
            let lines = try BalancerLines(bench)
            #expect(try await lines.of("/nobody").count == 1)
            bench.configuration.routes.append(.init(host: "other.example.com", path: "/", backend: "shop.web"))
            try await bench.apply()
            _ = try await bench.get("/reloaded")
            #expect(try await lines.of("/reloaded").count == 1)
            let process = try #require(await bench.masterProcess())
            kill(process, SIGKILL)
            try await eventually("the death is noticed") { try await bench.driver.revive() }
            _ = try await bench.get("/revived")
            #expect(try await lines.of("/revived").count == 1)
            let limited = try BalancerLines(bench, rateMax: 1)
            limited.read()
            for _ in 0..<30 { _ = try await bench.get("/many") }
            try await eventually("lines beyond the rate") {
                limited.read()
                lines.read()
                return limited.limited + limited.all.count + lines.all.count { $0["path"] == "/many" } >= 30
            }
        }
    }

    func servesUnread() async throws {
        try await BalancerBench.with(instances: 2, make) { bench in
            let load = try await bench.load(seconds: 2)
            #expect(load.failures == 0 && load.requests > 1000, "\(load.text)")
            // As many as a pipe has room for.
            let lines = try BalancerLines(bench)
            _ = try await lines.of("/", count: 100)
            _ = try await bench.get("/after")
            #expect(try await lines.of("/after").count == 1)
        }
    }
}
