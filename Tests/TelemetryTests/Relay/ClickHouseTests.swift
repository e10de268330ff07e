import SystemPackage
import Testing

@testable import Telemetry

@Suite("ClickHouse", .timeLimit(.minutes(2)))
struct ClickHouseTests {
    private static func shipment(_ windows: [SeriesWindow], first: UInt64 = 1) -> Relay.Shipment {
        var points: [Relay.Shipment.Point] = []
        for window in windows {
            for (index, value) in window.values.enumerated() where !value.isNaN {
                let time = window.start + Int64(index) * window.step
                points.append(
                    .init(
                        point: NamedPoint(name: window.name, time: time, value: value),
                        sequence: first + UInt64(points.count)))
            }
        }
        return Relay.Shipment(points: points)
    }

    private static let rules = [
        RetentionRule(
            pattern: "**", archives: [Archive(step: 60, retention: 86_400), Archive(step: 600, retention: 864_000)])
    ]

    @Test(
        "what is relayed into it keeps the contract of sources; sent twice it is there once, the last of a step counts")
    func contract() async throws {
        let server = try ClickHouseServer()
        let table = try ClickHouseTable(database: "default", table: "apus_points")
        for _ in 0..<2 { for statement in table.statements { _ = try server.ask(statement, []) } }
        let rows = ClickHouseTable.rows(Self.shipment(SeriesSourceContract.series))
        for _ in 0..<2 { _ = try server.ask(table.insert, rows) }
        let queue = Box(server)
        let source = ClickHouseSource(table, rules: Self.rules) { query async throws(TelemetryProblem) in
            do { return try queue.server.ask(query, []) } catch {
                throw TelemetryProblem("test.failed", "No answer.", cause: "\(error)", remedy: "")
            }
        }
        try await SeriesSourceContract(source: source).check()

        let later = [
            SeriesWindow(name: "l.sum", start: 1_700_000_000, step: 20, values: [1, 2, 4, 8, 16, 32]),
            SeriesWindow(name: "l.quo'te\\;k=v'", start: 1_700_000_040, step: 60, values: [7]),
        ]
        _ = try server.ask(table.insert, ClickHouseTable.rows(Self.shipment(later, first: 1 << 40)))
        let sum = SeriesName(canonical: "l.sum")
        let fine = try await source.windows([sum], from: 1_699_999_900, until: 1_700_000_100, now: 1_700_000_100)
        #expect(fine.first?.step == 60)
        #expect(fine.first?.values.filter { !$0.isNaN } == [2, 16, 32], "Of a step the last counts.")
        let year = try await source.windows(
            [sum], from: 1_700_000_000 - 86_400 * 100, until: 1_700_000_100, now: 1_700_000_100)
        #expect(year.first?.step == 600)
        #expect(year.first?.values.filter { !$0.isNaN } == [50], "Coarser points are made of those of steps.")
        let odd = SeriesName(canonical: "l.quo'te\\;k=v'")
        #expect(try await source.names(matching: odd.text) == [odd])
        #expect(
            try await source.windows([odd], from: 1_700_000_000, until: 1_700_000_100, now: 0).first?.values
                .contains(7) == true)
        _ = try server.ask("OPTIMIZE TABLE \(table.points) FINAL", [])
        let count = try server.ask("SELECT count() FROM \(table.points) FORMAT TabSeparated", [])
        #expect(String(decoding: count, as: UTF8.self) == "\(35 + 7)\n")
    }

    @Test("names of tables that could be SQL are refused", arguments: ["a b", "a`", "1a", "", "a;DROP", "ä", "a.b"])
    func names(name: String) {
        #expect((try? ClickHouseTable(database: "default", table: name)) == nil)
        #expect((try? ClickHouseTable(database: name, table: "t")) == nil)
    }

    /// One thread at a time asks in this test.
    private final class Box: @unchecked Sendable {
        let server: ClickHouseServer
        init(_ server: ClickHouseServer) { self.server = server }
    }
}
