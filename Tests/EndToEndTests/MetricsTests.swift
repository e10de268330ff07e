import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    @Suite("Metrics of a fleet")
    struct MetricsTests {
        /// Counts ten times a second, on whatever statsd its host has.
        private static let counter = """
            import os, socket, time
            statsd = (os.environ["STATSD_HOST"], int(os.environ["STATSD_PORT"]))
            out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            while True:
                out.sendto(b"demo.beats:1|c\\ndemo.time:%d|ms" % (100 + 50 * int(os.environ["APUS_INSTANCE"].split(".")[2])), statsd)
                time.sleep(0.1)
            """

        private func sample(_ base: Int) throws -> SampleRepository {
            var sample = try SampleRepository(base: base)
            sample.policy = """
                metrics:
                  flush: 2s
                  retention: [{ match: "stats.**", keep: "2s:1h,10s:1d" }]

                """
            sample.processes = """
                  counter:
                    run: python3 count.py
                    on: { labels: { role: web } }
                    instances: 2
                """
            return sample
        }

        private func values(_ fleet: TestFleet, _ target: String) async throws -> [Double] {
            try await fleet.client.series(target, from: "-10min").flatMap { $0.values.compactMap(\.self) }
        }

        @Test(
            "what apps send on several hosts is one series; hosts, instances and balancers have figures; deploys are marked",
            .timeLimit(.minutes(2)))
        func fleet() async throws {
            let sample = try sample(230)
            try await TestFleet.with { fleet in
                var files = sample.files
                files["src/demo/count.py"] = Self.counter
                try await fleet.commit(files, "Begin")
                try await fleet.startDev(fleet.repository)
                try await fleet.succeed("deploy", "demo", "--wait")
                try await TestLoad.expectNoFailure(fleet) { load in
                    try await load.served(50)
                    // Two instances, ten times a second each: about forty in two seconds.
                    try await eventually("Both hosts' counters as one", within: 40) {
                        let counts = try await values(fleet, "stats.counters.demo.beats.count")
                        guard counts.contains(where: { (30...50).contains($0) }) else {
                            throw Trouble(description: "\(counts)")
                        }
                        return true
                    }
                    try await eventually("Figures of the balancer", within: 40) {
                        let requests = try await values(fleet, "balancers.edge.edge-1.demo.web.requests")
                        return requests.contains { $0 > 0 }
                    }
                }
                // 150 and 200 ms, from one host each: the median of all is neither's own.
                let upper = try await values(fleet, "stats.timers.demo.time.upper")
                let lower = try await values(fleet, "stats.timers.demo.time.lower")
                #expect(upper.max() == 200 && lower.min() == 150)
                try await eventually("Figures of hosts and instances", within: 30) {
                    for target in ["hosts.web-1.load.1", "hosts.edge-1.memory.available", "apps.demo.web.1.memory"] {
                        guard try await !values(fleet, target).isEmpty else { return false }
                    }
                    return true
                }
                try await expectReading(fleet)
            }
        }

        /// What people and Grafana read with.
        private func expectReading(_ fleet: TestFleet) async throws {
            let found = try await fleet.succeed("metrics", "find", "hosts.*")
            #expect(found.data.contains("hosts.web-1.*") && found.data.contains("hosts.edge-1.*"))
            let drawn = try await fleet.succeed(
                "metrics", "graph", "hosts.*.load.1", "--width", "60", "--from", "-15min")
            #expect(drawn.data.contains("hosts.web-1.load.1"))
            let sent = try await fleet.succeed("metrics", "send", "backup.seconds", "412")
            #expect(sent.data.contains("1 point kept"))
            #expect(try await values(fleet, "backup.seconds") == [412])
            let refused = try await fleet.apus("metrics", "send", "no..name", "1")
            #expect(refused.code == 1 && refused.words.contains("points.refused"))
            let server = try fleet.current
            for (path, part) in [
                ("/render?target=aliasSub(constantLine(100),%22(%5E.*%24)%22,%22%5C1%20A%22)&format=json", " A\""),
                ("/render?target=backup.seconds&format=csv&from=-5min", "backup.seconds"),
                ("/metrics/find?query=*", "\"text\":\"hosts\""), ("/functions", "movingAverage"),
                ("/events/get_data", "demo r1"),
            ] {
                let answer = try await fetch(server.url + path, server.token, in: fleet)
                #expect(answer.contains(part), "\(path): \(answer.prefix(300))")
            }
        }

        /// As a program that knows nothing of Apus asks: with the token as a password.
        private func fetch(_ url: String, _ token: String, in fleet: TestFleet) async throws -> String {
            let answer = fleet.folder.appending("answer-\(UInt64.random(in: 0 ... .max))")
            let program = """
                import base64, sys, urllib.request
                request = urllib.request.Request(sys.argv[1])
                request.add_header("authorization", "Basic " + base64.b64encode(b"any:" + sys.argv[2].encode()).decode())
                sys.stdout.buffer.write(urllib.request.urlopen(request, timeout=20).read())
                """
            let child = try ChildProcess(
                ["python3", "-c", program, url, token], data: answer, words: fleet.logs.appending("fetch.log"))
            let code = try await child.end(within: 30)
            #expect(code == 0, "\(url)")
            return try String(contentsOfFile: answer.string, encoding: .utf8)
        }

        @Test("a server that is killed and comes back has every point that was acknowledged", .timeLimit(.minutes(2)))
        func killed() async throws {
            var sample = try sample(235)
            sample.processes = ""
            try await TestFleet.withServerAndAgents(sample) { fleet in
                let name = "acknowledged.points"
                let begin = Int64(Date().timeIntervalSince1970) / 10 * 10 - 3000
                for round in 0..<3 {
                    for number in 0..<20 {
                        let time = Instant(milliseconds: (begin + Int64(round * 20 + number) * 10) * 1000)
                        _ = try await fleet.client.send([PointView(name: name, time: time, value: Double(number))])
                    }
                    try await fleet.process("server").killNow()
                    try await fleet.startServer(edge: sample.edge)
                }
                let points = try await eventually("All points", within: 20) {
                    let found = try await fleet.client.series(name, from: "-1h").flatMap(\.values).compactMap(\.self)
                    guard found.count == 60 else { throw Trouble(description: "\(found.count)") }
                    return found
                }
                #expect(points.reduce(0, +) == 570)
            }
        }
    }
}
