import Core
import FoundationEssentials
import SystemPackage
import Testing
import Wire

@testable import ControlPlane
@testable import Server
@testable import Telemetry

@Suite("What is kept of metrics")
struct SeriesKeepingTests {
    @Test("is deleted by a pattern, after it was shown which, by an operator; a pattern of everything is refused")
    func delete() async throws {
        try await RunningServer.with { server async throws in
            try await server.metrics.fill(points: 3)
            func ask(_ body: String, as role: String = "operator") async throws -> RunningServer.Answer {
                try await server.send("POST", "/v1/series/delete", token: role, body: body)
            }
            #expect(try await ask(#"{"pattern":"hosts.web-1.**","isTrial":false}"#, as: "deployer").status == 403)
            let trial = try await ask(#"{"pattern":"hosts.web-?.load.*","isTrial":true}"#)
            #expect(trial.body.contains(#""count":2"#) && trial.body.contains("hosts.web-2.load.1"))
            let more = try await ask(#"{"pattern":"hosts.**","isTrial":false,"countMax":1}"#)
            #expect(more.body.contains("metrics.delete-more"))
            for wide in ["**", "*.web-1.load.1", "{hosts,apps}.**", "", "."] {
                let refused = try await ask(#"{"pattern":"\#(wide)","isTrial":false}"#)
                #expect(refused.body.contains("pattern.too-wide"), "\(wide): \(refused.body)")
            }
            #expect(server.metrics.service.statistics.series == 3)
            #expect(try await ask(#"{"pattern":"hosts.web-1.**","isTrial":false}"#).body.contains(#""count":1"#))
            #expect(try await ask(#"{"pattern":"host=web-1,device=sda","isTrial":false}"#).body.contains(#""count":1"#))
            let left = try await server.send("GET", "/v1/series/find?pattern=hosts.*.load.1", token: "viewer")
            #expect(left.body.contains("web-2") && !left.body.contains("web-1"))
            let written = try await server.metrics.audit.entries(AuditFilter(what: "metrics.delete"))
            #expect(written.map(\.outcome.word) == ["succeeded", "started", "succeeded", "started"])
            #expect(written.last?.action.subject.contains("hosts.web-1.**") == true)
        }
    }

    @Test("is backed up into a folder that is a store by itself, once by each name")
    func backup() async throws {
        try await RunningServer.with { server async throws in
            try await server.metrics.fill()
            func ask(_ name: String) async throws -> RunningServer.Answer {
                try await server.send(
                    "POST", "/v1/series/backup", token: "operator", body: #"{"name":"\#(name)"}"#)
            }
            let made = try JSONDecoder().decode(SeriesBackupView.self, from: Data(try await ask("before").body.utf8))
            #expect(made.series == 3)
            let (copy, report) = try SeriesStore.open(
                FilePath(made.folder), SeriesStoreOptions(), seed: 1, clock: { SampleFabric.now.milliseconds / 1000 })
            #expect(copy.statistics.series == 3 && report.dropped.isEmpty && report.points == 3 * 360)
            #expect(try await ask("before").status >= 400)
            for hostile in ["../out", "a/b", "", "/tmp", "UP", "-x"] { #expect(try await ask(hostile).status == 400) }
        }
    }

    @Test("is counted on /metrics, in a text that Prometheus reads")
    func exposition() async throws {
        try await RunningServer.with { server async throws in
            try await server.metrics.fill(points: 5)
            let answer = try await server.send("GET", "/metrics", token: "viewer")
            for line in [
                "apus_metrics_series 3", "apus_metrics_points_total 15", #"apus_metrics_bytes{kind="log"}"#,
                #"apus_metrics_refused_total{reason="too_old"} 0"#, "apus_metrics_sources_full 0",
            ] { #expect(answer.body.contains(line), "\(line)") }
            let read = try Scrape(Array(answer.body.utf8), dialect: .prometheus, tags: [], time: 1_700_000_000)
            #expect(read.points.count > 20)
        }
    }

    @Test("a source that is full is told once, and again after there was room; the doctor says what to do")
    func full() throws {
        var sources = FullSources()
        var statistics = SeriesStoreStatistics()
        let shop = SourceName("scrape:shop")
        statistics.seriesBySource[shop] = 99
        #expect(sources.receive(statistics, seriesMax: 100).isEmpty && sources.problem(seriesMax: 100) == nil)
        statistics.seriesBySource[shop] = 100
        #expect(sources.receive(statistics, seriesMax: 100).isEmpty)
        statistics.refusedBySource[shop] = 5
        #expect(sources.receive(statistics, seriesMax: 100) == [.init(name: shop, series: 100, refused: 5)])
        #expect(sources.receive(statistics, seriesMax: 100).isEmpty)
        statistics.refusedBySource[shop] = 6
        #expect(sources.receive(statistics, seriesMax: 100).isEmpty)
        let problem = try #require(sources.problem(seriesMax: 100))
        #expect(problem.code == "metrics.source-full" && problem.cause.contains("scrape:shop"))
        #expect(problem.remedy.contains("series-max"))
        // The cap was raised: there is room, until it is full again.
        #expect(sources.receive(statistics, seriesMax: 200).isEmpty && sources.problem(seriesMax: 200) == nil)
        statistics.seriesBySource[shop] = 200
        statistics.refusedBySource[shop] = 7
        #expect(sources.receive(statistics, seriesMax: 200).count == 1)
    }
}
