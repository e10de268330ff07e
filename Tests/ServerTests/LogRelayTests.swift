import ControlPlane
import Core
import FoundationEssentials
import Logging
import Logs
import SystemPackage
import Telemetry
import Testing
import Wire

/// Lines go to systems that nobody here wrote, and are found there.
@Suite("Relays of lines", .serialized, .timeLimit(.minutes(3)))
struct LogRelayTests {
    private static var now: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    private static let everything = LogWindow(from: .min, until: .max)

    private static func service(
        _ folder: ScratchFolder, _ name: String, _ relay: LogRelaySpec
    ) throws -> LogsService {
        var configuration = FabricConfiguration(fabric: try FabricName("prod"), commit: "c")
        configuration.policy.logs.relays = [relay]
        let current = configuration
        let place = FilePath(folder.path).appending(name)
        try FileManager.default.createDirectory(atPath: place.string, withIntermediateDirectories: true)
        return try LogsService(
            place.appending("logs"), archive: nil, configuration: configuration,
            sources: .init(configuration: { current }, announce: {}),
            secrets: WebhookSecrets(folder: FilePath(folder.path)), now: { now }, logger: Logger(label: "test"))
    }

    /// A secret that only this user reads.
    private static func keep(_ name: String, _ text: String, in folder: ScratchFolder) throws {
        let path = try folder.write(name, text)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    /// Runs a service for as long as something is done.
    private static func running(_ service: LogsService, _ body: @Sendable () async throws -> Void) async throws {
        let task = Task { try await service.run() }
        do {
            try await body()
        } catch {
            task.cancel()
            _ = try? await task.value
            throw error
        }
        task.cancel()
        _ = try? await task.value
    }

    private static func batch(_ numbers: Range<Int>, at time: (Int) -> Int64) -> LogBatch {
        var batch = LogBatch()
        batch.streams = [["app": "shop", "host": "web-1"]]
        for number in numbers {
            let text = Array(#"{"message":"order \#(number) 'done'","level":"warn","took":\#(number)}"#.utf8)
            let start = UInt32(batch.bytes.count)
            batch.bytes += text
            batch.lines.append(
                LogBatch.Line(
                    time: time(number), stream: 0, level: .none,
                    message: .init(start: start, count: UInt32(text.count)),
                    firstField: 0, fieldCount: 0))
        }
        return batch
    }

    private static func count(_ service: LogsService, _ query: String) async throws -> [[LogTable.Cell]] {
        guard case .table(let table) = try await service.search.answer(try LogQuery(query), in: everything) else {
            return []
        }
        #expect(!table.report.isPartial, "\(table.report.problems)")
        return table.rows
    }

    @Test(
        "ClickHouse, killed in the middle: every line arrives once, and older ones are found there and newer ones here")
    func clickHouse() async throws {
        let folder = try ScratchFolder()
        try Self.keep("ch", "password-of-apus\n", in: folder)
        let port = try ForeignProgram.freePort()
        let server = try RelayTests.clickHouse(folder, port: port)
        let url = "http://127.0.0.1:\(port)"
        let spec = LogRelaySpec(
            name: try RelayName("long"),
            target: .clickHouse(
                try WebhookURL(url), database: "default", table: "apus_lines", olderThan: .minutes(60)),
            match: "-private", user: "apus", secret: try SecretName("ch"))
        let service = try Self.service(folder, "first", spec)
        let start = Self.now.milliseconds * 1_000_000
        // Each other line is a day old.
        let day: Int64 = 86_400_000_000_000
        let time: @Sendable (Int) -> Int64 = { number in
            let fresh = start + Int64(number) * 1_000_000
            return number % 2 == 0 ? fresh : fresh - day
        }
        try await Self.running(service) {
            for round in 0..<100 {
                if round == 30 { server.kill() }
                if round == 60 { try server.start() }
                let batch = Self.batch(round * 20..<round * 20 + 20, at: time)
                let delivery = LogDelivery(sender: "web-1", number: UInt64(round + 1))
                try await service.append(batch, as: delivery)
                // A repeated batch counts once.
                if round % 7 == 0 { try await service.append(batch, as: delivery) }
                try await Task.sleep(for: .milliseconds(20))
            }
            try await RelayTests.until("Everything") {
                service.relayCounts.allSatisfy { $0.counts.waiting == 0 } && service.problems.isEmpty
            }
            let counts = try #require(service.relayCounts.first).counts
            #expect(counts.sent == 2000 && counts.dropped == 0 && counts.refused == 0 && counts.failures > 0)
            let figures = await service.figures(at: 5)
            #expect(
                figures.contains { $0.name == "apus.server.log-relays.long.sent" && $0.value == 2000 })
            let rows = try await RelayTests.ask(
                url + "/?user=apus&password=password-of-apus",
                "SELECT count(), uniqExact(message), sum(fields.number[indexOf(fields.name, 'took')]) FROM apus_lines")
            #expect(rows == "2000\t2000\t\(2000 * 1999 / 2)\n")
            let all = try await Self.count(service, "order done | count, sum took, p50 took")
            #expect(all.first?.prefix(2) == [.count(2000), .number(1_999_000)])
        }
        // A server with nothing of its own finds what is older.
        let other = try Self.service(folder, "second", spec)
        #expect(
            try await Self.count(other, "level:>=warn took:<100 | count by app") == [
                [.text(Array("shop".utf8)), .count(50)]
            ])
        let (lines, _) = try await other.search.page(.all, in: Self.everything, limit: 3)
        #expect(
            lines.map { String(decoding: $0.message, as: UTF8.self) }
                == [1999, 1997, 1995].map { "order \($0) 'done'" })
    }

    @Test("another Apus, as Elasticsearch: what the query of the relay wants is there once")
    func bulk() async throws {
        let folder = try ScratchFolder()
        try Self.keep("es", "reporter", in: folder)
        try await RunningServer.with { server in
            let spec = LogRelaySpec(
                name: try RelayName("es"), target: .elastic(try WebhookURL(server.url), index: "orders-%Y"),
                match: "took:<30", user: "apus", secret: try SecretName("es"))
            let service = try Self.service(folder, "sender", spec)
            let time = SampleFabric.now.milliseconds * 1_000_000
            try await Self.running(service) {
                try await service.append(Self.batch(0..<50) { time + Int64($0) }, as: nil)
                try await RelayTests.until("Everything") {
                    service.relayCounts.allSatisfy { $0.counts.sent == 30 && $0.counts.waiting == 0 }
                }
            }
            let client = try server.client()
            let found = try await client.searchLogs(
                .init(query: "index:orders-\(LogTime.text(time).prefix(4)) level:warn order", from: "-1d"))
            #expect(found.lines?.count == 30)
            await client.shutdown()
        }
    }
}
