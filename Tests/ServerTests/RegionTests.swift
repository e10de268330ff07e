import ControlPlane
import Core
import FoundationEssentials
import Glibc
import NIOHTTP1
import Telemetry
import TestPrograms
import Testing
import Wire

@Suite("Regions", .timeLimit(.minutes(1)))
struct RegionTests {
    /// A port on which somebody listens who never answers.
    private final class Silence: Sendable {
        let descriptor: Int32
        let port: Int

        init() throws {
            port = Program.freePort()
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = UInt16(port).bigEndian
            name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let (end, length) = (descriptor, socklen_t(MemoryLayout<sockaddr_in>.size))
            let result = withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(end, $0, length) }
            }
            try #require(result == 0 && listen(descriptor, 8) == 0)
        }

        deinit { close(descriptor) }
    }

    private func policy(_ regions: [String: (port: Int, token: String)]) throws -> MetricsPolicy {
        MetricsPolicy(
            regions: try regions.map { name, place in
                RegionSpec(
                    name: try RegionName(name), url: try WebhookURL("http://127.0.0.1:\(place.port)"),
                    token: try SecretName(place.token))
            })
    }

    private let secrets = ["good": "viewer", "bad": "nobody-knows-this"]

    @Test("functions add up what several servers know; those that do not answer are notices within 5 seconds")
    func fanOut() async throws {
        let silence = try Silence()
        let closed = Program.freePort()
        try await RunningServer.with { eu in
            try await eu.metrics.fill()
            let moment = SampleFabric.now.milliseconds / 1000 - 10
            _ = try await eu.metrics.service.take(
                [NamedPoint(name: "disk.free;device=sda;host=web-1", time: moment, value: 0.5)],
                from: SourceName("test"))
            try await RunningServer.with { us in
                try await us.metrics.fill(points: 60)
                let asking = try SampleMetrics(
                    policy: try policy([
                        "eu": (eu.port, "good"), "us": (us.port, "good"), "closed": (closed, "good"),
                        "silent": (silence.port, "good"), "strange": (us.port, "bad"), "none": (us.port, "missing"),
                    ]), secrets: secrets)
                try await asking.running { _ in
                    try await RunningServer.with(metrics: asking) { server in
                        let target = "sumSeries(regions.*.hosts.*.load.1)"
                        let began = ContinuousClock.now
                        let answer = try await server.send(
                            "GET", "/render?format=raw&from=-60s&target=\(target)", token: "viewer")
                        #expect(ContinuousClock.now - began < .seconds(8))
                        #expect(answer.status == 200)
                        // The last of six points: (360 + 720) + (60 + 120)
                        #expect(answer.body.hasSuffix("1260.0\n") || answer.body.contains("1260.0"), "\(answer.body)")
                        let notices = answer.headers["apus-notice"]
                        #expect(
                            notices.map { $0.prefix { $0 != " " } }
                                == ["regions.closed", "regions.none", "regions.silent", "regions.strange"],
                            "\(notices)")
                        let one = try await server.send(
                            "GET", "/render?format=raw&from=-60s&target=regions.eu.hosts.web-1.load.1", token: "viewer")
                        let direct = try await eu.send(
                            "GET", "/render?format=raw&from=-60s&target=hosts.web-1.load.1", token: "viewer")
                        #expect(one.body == "regions.eu." + direct.body)
                        #expect(one.headers["apus-notice"].isEmpty)
                        let tagged = try await server.send(
                            "GET", "/render?format=raw&from=-60s&target=regions.eu.disk.free;device=sda;host=web-1",
                            token: "viewer")
                        #expect(tagged.body.contains("0.5"), "\(tagged.body)")
                        let tree = try await server.send(
                            "GET", "/metrics/find?query=regions.%7Beu,us%7D.hosts.*&format=json", token: "viewer")
                        #expect(tree.body.contains("regions.us.hosts.web-2"), "\(tree.body)")
                        let root = try await server.send("GET", "/metrics/find?query=*&format=json", token: "viewer")
                        #expect(root.body.contains("\"regions\""), "\(root.body)")
                    }
                }
            }
        }
    }
}
