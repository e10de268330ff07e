import FoundationEssentials
import Glibc
import SystemPackage
import Testing

@testable import Agent
@testable import Core

/// What every driver of a balancer has to do, tried on the real program.
struct BalancerContract: Sendable {
    let make: @Sendable (BalancerName, FilePath) -> any BalancerDriver

    func routesByHostAndPath() async throws {
        try await BalancerBench.with(instances: 1, make) { bench in
            bench.configuration.backends.append(.init(name: "shop.api", servers: []))
            bench.configuration.backends.append(.init(name: "site.web", servers: []))
            bench.configuration.backends.append(.init(name: "none.web", servers: []))
            try bench.add("shop.api.1.r1", to: 1)
            try bench.add("site.web.1.r1", to: 2)
            bench.configuration.routes += [
                .init(host: BalancerBench.host, path: "/api", backend: "shop.api"),
                .init(host: "*.example.com", path: "/", backend: "site.web"),
                .init(host: nil, path: "/empty", backend: "none.web"),
            ]
            try await bench.apply()
            let expected: [(host: String, path: String, answer: String)] = [
                (BalancerBench.host, "/", "shop.web.1.r1"), ("SHOP.example.com:8080", "/x", "shop.web.1.r1"),
                ("shop.example.com.", "/", "shop.web.1.r1"), (BalancerBench.host, "/api", "shop.api.1.r1"),
                (BalancerBench.host, "/api/x?y=/", "shop.api.1.r1"), (BalancerBench.host, "/apix", "shop.web.1.r1"),
                ("other.example.com", "/empty", "site.web.1.r1"), ("a.b.example.com", "/", " 404 "),
                ("example.com", "/", " 404 "), ("else", "/empty/x", " 503 "),
            ]
            for (host, path, answer) in expected {
                let text = try await bench.get(path, host: host)
                #expect(text.contains(answer), "\(host)\(path): \(text)")
            }
            let text = try await bench.get("/", "-H", "X-Forwarded-For: 6.6.6.6")
            #expect(text.contains("for=127.0.0.1 proto=http"), "\(text)")
        }
    }

    func answersPreflights() async throws {
        try await BalancerBench.with(instances: 0, make) { bench in
            bench.configuration.routes[0].cors = ["example.com"]
            try await bench.apply()
            let preflight = [
                "-X", "OPTIONS", "-H", "Access-Control-Request-Method: PUT", "-H",
                "Access-Control-Request-Headers: a, b",
            ]
            let answered = try await output(
                "curl",
                ["-si", "-H", "Host: \(BalancerBench.host)", "-H", "Origin: https://example.com"] + preflight + [
                    bench.url
                ])
            #expect(answered.hasPrefix("HTTP/1.1 204"))
            #expect(answered.lowercased().contains("access-control-allow-origin: https://example.com"))
            #expect(answered.lowercased().contains("access-control-allow-headers: a, b"))
            let refused = try await output(
                "curl",
                ["-si", "-H", "Host: \(BalancerBench.host)", "-H", "Origin: https://evil.example"] + preflight + [
                    bench.url
                ])
            #expect(refused.hasPrefix("HTTP/1.1 503") && !refused.lowercased().contains("access-control"))
        }
    }

    func keepsSourcesWhereTheyAre() async throws {
        try await BalancerBench.with(instances: 3, make) { bench in
            bench.configuration.backends[0].sticky = .source
            try await bench.apply()
            let first = try await bench.answering()
            #expect(first.count == 1)
            try bench.add("shop.web.9.r1")
            try await bench.apply()
            #expect(try await bench.answering().count == 1)
        }
    }

    /// Bytes beyond the handshake, in both directions, while everything around the tunnel changes.
    func passesWebsockets() async throws {
        try await BalancerBench.with(instances: 1, make) { bench in
            bench.configuration.backends[0].websocket = true
            try await bench.apply()
            let tunnel = try Tunnel(port: bench.port)
            #expect(tunnel.echo("before").hasSuffix("before"))
            try bench.add("shop.web.1.r2")
            bench.set("shop.web.1.r1", .standby)
            try await bench.apply()
            #expect(tunnel.echo("switched").hasSuffix("switched"))
            bench.configuration.routes[0].cors = ["example.com"]
            try await bench.apply()
            #expect(tunnel.echo("read again").hasSuffix("read again"))
            #expect(try await bench.answering(requests: 2) == ["shop.web.1.r2"])
        }
    }

    /// A tunnel would last for ever: its app's limit ends it.
    func cutsLongConnections() async throws {
        try await BalancerBench.with(instances: 2, make) { bench in
            bench.configuration.backends[0].websocket = true
            bench.configuration.backends[0].drain = Interval(milliseconds: 300)
            bench.set("shop.web.2.r1", .standby)
            try await bench.apply()
            let tunnel = try Tunnel(port: bench.port)
            #expect(tunnel.echo("before").hasSuffix("before"))
            bench.set("shop.web.2.r1", .serving)
            bench.set("shop.web.1.r1", .draining)
            let began = ContinuousClock().now
            try await bench.apply(drained: [try InstanceID("shop.web.1.r1")])
            let waited = ContinuousClock().now - began
            #expect(waited >= .milliseconds(300) && waited < .seconds(5), "\(waited)")
            #expect(tunnel.hasEnded())
            #expect(try await bench.answering(requests: 2) == ["shop.web.2.r1"])
        }
    }

    func obeysWeights() async throws {
        try await BalancerBench.with(instances: 2, make) { bench in
            for weight in [25, 256] {
                bench.weigh("shop.web.1.r1", weight)
                try await bench.apply()
                let before = try await bench.served()
                #expect(try await bench.load(seconds: 1).failures == 0)
                let after = try await bench.served()
                let counts = [1, 2].map { slot in
                    Double((after["shop.web.\(slot).r1"] ?? 0) - (before["shop.web.\(slot).r1"] ?? 0))
                }
                let share = counts[0] / (counts[0] + counts[1])
                let expected = Double(weight) / Double(weight + 100)
                #expect(abs(share - expected) < 0.03, "weight \(weight): \(share), not \(expected)")
            }
        }
    }

    func terminatesTLS() async throws {
        try await BalancerBench.with(instances: 1, make) { bench in
            let pem = try await output(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=t",
                    "-keyout", "-", "-out", "-",
                ])
            let port = try freePort(BalancerBench.address)
            bench.configuration.listeners.append(.init(address: BalancerBench.address, port: port, certificate: pem))
            try await bench.apply()
            let text = try await output(
                "curl", ["-ski", "-H", "Host: \(BalancerBench.host)", "https://\(BalancerBench.address):\(port)/"])
            #expect(text.hasPrefix("HTTP/2 200") && text.contains("proto=https"), "\(text)")
        }
    }

    func switchesUnderLoad() async throws {
        try await BalancerBench.with(instances: 2, make) { bench in
            try bench.add("shop.web.1.r2", .standby)
            try bench.add("shop.web.2.r2", .standby)
            try await bench.apply()
            #expect(try await bench.answering() == ["shop.web.1.r1", "shop.web.2.r1"])
            async let load = bench.load(seconds: 2)
            for round in 0..<10 {
                for slot in 1...2 {
                    bench.set("shop.web.\(slot).r1", round % 2 == 0 ? .standby : .serving)
                    bench.set("shop.web.\(slot).r2", round % 2 == 0 ? .serving : .standby)
                }
                try await bench.apply()
                let release = round % 2 == 0 ? "r2" : "r1"
                #expect(try await bench.answering(requests: 3).allSatisfy { $0.hasSuffix(release) })
            }
            let seen = try await load
            #expect(seen.requests > 100 && seen.failures == 0, "\(seen.text)")
            let counters = try await bench.driver.counters()
            #expect(counters.requests >= seen.requests && counters.failures == 0)
        }
    }

    func addsAndRemovesUnderLoad() async throws {
        try await BalancerBench.with(instances: 2, make) { bench in
            async let load = bench.load(seconds: 2)
            for round in 2..<6 {
                try bench.add("shop.web.1.r\(round)")
                try await bench.apply()
                bench.configuration.backends[0].servers.removeAll { $0.instance.release < round }
                try await bench.apply()
                #expect(try await bench.answering(requests: 3) == ["shop.web.1.r\(round)"])
            }
            let seen = try await load
            #expect(seen.requests > 100 && seen.failures == 0, "\(seen.text)")
            // Servers that are gone are counted still, and each request once.
            let traffic = try await bench.driver.traffic()
            #expect(Set(traffic.map(\.instance.release)) == Set(1..<6))
            let served = traffic.reduce(0) { $0 + Int($1.traffic.requests) }
            #expect(served >= seen.requests && served <= seen.requests + 100, "\(served), wrk \(seen.requests)")
            let slowest = try #require(traffic.compactMap { $0.traffic.latency.quantile(0.99) }.max())
            #expect(slowest > 50 && slowest < 5_000_000, "99 % within \(slowest) µs")
            #expect(traffic.allSatisfy { $0.traffic.failed == 0 })
            #expect(try await bench.driver.traffic() == traffic)
        }
    }

    func reloadsUnderLoad() async throws {
        try await BalancerBench.with(instances: 2, make) { bench in
            async let load = bench.load(seconds: 3)
            for round in 0..<5 {
                bench.configuration.routes[0].cors = ["round\(round).example"]
                try await bench.apply()
                #expect(try await bench.answering(requests: 2).count > 0)
            }
            let seen = try await load
            #expect(seen.requests > 100 && seen.failures == 0, "\(seen.text)")
            // Each request once, whichever worker answered it; those on their way at the end too.
            try await eventually("all requests are counted") {
                try await bench.served().values.reduce(0, +) >= Int64(seen.requests)
            }
            #expect(try await bench.served().values.reduce(0, +) <= Int64(seen.requests + 100))
        }
    }

    func survivesKilledBackend() async throws {
        try await BalancerBench.with(instances: 3, make) { bench in
            async let load = bench.load(seconds: 3)
            try await eventually("requests arrive") { try await bench.driver.counters().requests > 200 }
            bench.backends[1].kill()
            let seen = try await load
            #expect(seen.requests > 100 && seen.failures == 0, "\(seen.text)")
            #expect(try await !bench.answering().contains("shop.web.2.r1"))
        }
    }

    /// An instance that takes a request and breaks off may have carried it out.
    func repeatsOnlyWhatMayBeRepeated() async throws {
        try await BalancerBench.with(instances: 3, make) { bench in
            func dropped() async throws -> Int {
                var sum = 0
                for backend in bench.backends {
                    sum +=
                        Int(try await output("curl", ["-s", "http://\(backend.address):\(backend.port)/dropped"])) ?? 0
                }
                return sum
            }
            for method in ["POST", "PATCH"] {
                let before = try await dropped()
                let answer = try await bench.get("/drop", "-X", method, "-d", "order")
                #expect(answer.hasPrefix("HTTP/1.1 50"), "\(answer)")
                #expect(try await dropped() == before + 1, "\(method)")
            }
            let before = try await dropped()
            _ = try await bench.get("/drop")
            #expect(try await dropped() > before + 1)
            bench.backends[0].kill()
            for _ in 0..<6 {
                let answer = try await bench.get("/", "-X", "POST", "-d", "order")
                #expect(answer.contains(" 200 "), "nothing was sent to the dead one: \(answer)")
            }
        }
    }

    /// Instances close connections on which the next request may be on its way, and releases switch meanwhile.
    func postsOnce() async throws {
        try await BalancerBench.with(instances: 0, make) { bench in
            for release in 1...2 {
                for slot in 1...2 {
                    try bench.add("shop.web.\(slot).r\(release)", release == 1 ? .serving : .standby, isHasty: true)
                }
            }
            try await bench.apply()
            async let load = bench.load(seconds: 3, posts: true)
            for round in 0..<10 {
                for slot in 1...2 {
                    bench.set("shop.web.\(slot).r1", round % 2 == 0 ? .standby : .serving)
                    bench.set("shop.web.\(slot).r2", round % 2 == 0 ? .serving : .standby)
                }
                try await bench.apply()
                #expect(try await bench.answering(requests: 5).count > 0)
            }
            let seen = try await load
            #expect(seen.requests > 100 && seen.failures == 0, "\(seen.text)")
            var posted: [Substring] = []
            for backend in bench.backends {
                let text = try await output("curl", ["-s", "http://\(backend.address):\(backend.port)/posted"])
                posted += text.split(separator: "\n")
            }
            #expect(Set(posted).count == posted.count)
            // What was under way when the load ended was carried out as well.
            #expect((seen.requests...seen.requests + 8).contains(posted.count), "\(posted.count), \(seen.text)")
        }
    }

    func waitsForDrainedServers() async throws {
        try await BalancerBench.with(instances: 2, make) { bench in
            bench.set("shop.web.2.r1", .standby)
            try await bench.apply()
            async let slow = bench.get("/slow")
            let leaving = try InstanceID("shop.web.1.r1")
            try await eventually("the slow request arrives") {
                try await bench.driver.counters().servers["shop.web"]?[leaving.description]?.sessions == 1
            }
            bench.set("shop.web.2.r1", .serving)
            bench.set("shop.web.1.r1", .draining)
            try await bench.apply(drained: [leaving])
            #expect(try await bench.driver.counters().servers["shop.web"]?[leaving.description]?.sessions == 0)
            #expect(try await slow.contains("shop.web.1.r1"))
            #expect(try await bench.answering() == ["shop.web.2.r1"])
        }
    }

    /// What is written to the disk at a change does not fit any more.
    func survivesFullDisk() async throws {
        try await BalancerBench.with(instances: 2, diskBytes: 1 << 20, make) { bench in
            bench.set("shop.web.2.r1", .standby)
            let digest = try await bench.apply()
            let filler = try bench.fillDisk()
            bench.set("shop.web.2.r1", .serving)
            let problem = await #expect(throws: Problem.self) { try await bench.apply() }
            #expect(problem?.code == "balancer.file-failed", "\(String(describing: problem))")
            bench.configuration.routes[0].cors = ["example.com"]
            await #expect(throws: Problem.self) { try await bench.apply() }
            #expect(await bench.driver.live().applied == digest)
            #expect(try await bench.answering(requests: 4) == ["shop.web.1.r1"])
            unlink(filler.string)
            try await bench.apply()
            #expect(try await bench.answering() == ["shop.web.1.r1", "shop.web.2.r1"])
        }
    }

    /// Killed with all that its counters hold, it serves again and what was counted stays counted.
    func revives() async throws {
        try await BalancerBench.with(instances: 1, make) { bench in
            _ = try await bench.answering(requests: 5)
            let before = try await bench.served()["shop.web.1.r1"] ?? 0
            #expect(before >= 5)
            let process = try #require(await bench.masterProcess())
            kill(process, SIGKILL)
            try await eventually("the death is noticed") { try await bench.driver.revive() }
            #expect(try await bench.answering(requests: 3) == ["shop.web.1.r1"])
            #expect(try await bench.served()["shop.web.1.r1"] ?? 0 >= before + 3)
            #expect(await bench.driver.live().isRunning)
        }
    }

    func keepsServingWhenRefused() async throws {
        try await BalancerBench.with(instances: 1, make) { bench in
            let good = bench.configuration
            let digest = try await bench.apply()
            let busy = try BackendProcess(name: "busy", address: BalancerBench.address)
            defer { busy.kill() }
            let edits: [(code: String, edit: (inout BalancerConfiguration) throws -> Void)] = [
                ("balancer.port-busy", { $0.listeners.append(.init(address: BalancerBench.address, port: busy.port)) }),
                (
                    "balancer.configuration-refused",
                    {
                        $0.listeners.append(
                            .init(
                                address: BalancerBench.address, port: try freePort(BalancerBench.address),
                                certificate: "no PEM"))
                    }
                ),
                ("balancer.value-refused", { $0.routes[0].path = "/\nbackend injected" }),
                ("balancer.value-refused", { $0.routes[0].host = "a;b" }),
            ]
            for (code, edit) in edits {
                bench.configuration = good
                try edit(&bench.configuration)
                let problem = await #expect(throws: Problem.self) { try await bench.apply() }
                #expect(problem?.code == code, "\(String(describing: problem))")
                #expect(await bench.driver.live().failure?.code == code)
                #expect(await bench.driver.live().applied == digest)
                #expect(try await bench.answering(requests: 2) == ["shop.web.1.r1"])
            }
            bench.configuration = good
            try await bench.apply()
            #expect(await bench.driver.live().failure == nil)
        }
    }

    /// A second driver on the same folder is what an agent is after its restart.
    func isAdopted() async throws {
        try await BalancerBench.with(instances: 1, make) { bench in
            let digest = try await bench.apply()
            let next = make(bench.driver.name, bench.root)
            try await next.adopt()
            let live = await next.live()
            #expect(live.isRunning && live.applied == digest && live.failure == nil)
            try bench.add("shop.web.2.r1")
            try await next.apply(bench.configuration, drained: [], deadline: ContinuousClock().now + .seconds(5))
            #expect(try await bench.answering() == ["shop.web.1.r1", "shop.web.2.r1"])
        }
    }
}
