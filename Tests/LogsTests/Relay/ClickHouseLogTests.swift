import Logs
import SystemPackage
import Telemetry
import Testing

@Suite("Lines in ClickHouse", .enabled(if: ClickHouseProcess.isThere), .timeLimit(.minutes(5)))
struct ClickHouseLogTests {
    private static let second: Int64 = 1_000_000_000
    private static let base: Int64 = 1_700_000_000 * second

    private static func table() throws -> ClickHouseLogTable {
        ClickHouseLogTable(try ClickHouseTable(database: "default", table: "apus_lines"))
    }

    private static func source(_ server: ClickHouseProcess) throws -> ClickHouseLogSource {
        ClickHouseLogSource(try table()) { query async throws(TelemetryProblem) in try server.ask(query) }
    }

    private static func sender(_ server: ClickHouseProcess) throws -> ClickHouseLogSender {
        ClickHouseLogSender(try table(), name: "test") { query, rows, id async throws(TelemetryProblem) in
            try server.ask(query, rows, id)
        }
    }

    private static func search(_ source: any LogSource) -> LogSearch {
        var limits = LogSearchLimits()
        limits.lines = 10_000
        return LogSearch(source, limits: limits) { .zero }
    }

    /// Lines of each stream in order of time, over some months.
    private static func lines(
        _ logs: inout RandomLogs, _ count: Int
    ) -> [(stream: LogStream, lines: [MemoryLogSource.Line])] {
        logs.lines(count).map { stream, lines in
            let moved = lines.map { line in
                var line = line
                line.time = base + line.time * 7 * 3600 * second + Int64(line.message.utf8.count % 3)
                return line
            }
            return (
                stream,
                moved.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
                    .map(\.element)
            )
        }
    }

    private static func shipment(
        _ streams: [(stream: LogStream, lines: [MemoryLogSource.Line])], first: UInt64 = 1
    ) -> LogShipment {
        var batch = LogBatch()
        for (stream, lines) in streams { batch.add(lines, of: stream) }
        return LogShipment(parts: [.init(first: first, batch: batch)])
    }

    private static func isDelivered(_ outcome: Relay.Outcome) -> Bool {
        if case .delivered = outcome { return true }
        Issue.record("\(outcome)")
        return false
    }

    @Test("200 questions have the same answers as in the engine, and none of 60 fails on hostile texts")
    func differential() async throws {
        let server = try ClickHouseProcess()
        var logs = RandomLogs(7)
        let streams = Self.lines(&logs, 5000)
        let sender = try Self.sender(server)
        #expect(Self.isDelivered(await sender.send(Self.shipment(streams))))
        let near = Self.search(MemoryLogSource(streams, rows: 500))
        let far = Self.search(try Self.source(server))
        let all = LogWindow(from: .min, until: .max)
        for number in 0..<130 {
            let query = LogQuery(filter: logs.expression())
            guard let filter = try? query.compiled() else { continue }
            let middle = Self.base + Int64.random(in: 0..<1000, using: &logs.random) * 7 * 3600 * Self.second
            let window = number % 3 == 0 ? LogWindow(from: middle, until: middle + 3_000_000 * Self.second) : all
            let (expected, _) = try await near.page(filter, in: window, limit: 10_000)
            let (found, report) = try await far.page(filter, in: window, limit: 10_000)
            #expect(found == expected, "\(query)")
            #expect(report.problems.isEmpty && report.damagedBlocks == 0, "\(query): \(report.problems)")
        }
        for _ in 0..<70 {
            let query = Self.tableQuery(&logs)
            guard let filter = try? query.compiled(), case .table(let aggregation) = query.output else { continue }
            let expected = try await near.table(aggregation, filter, in: all)
            let found = try await far.table(aggregation, filter, in: all)
            #expect(found.report.problems.isEmpty, "\(query): \(found.report.problems)")
            #expect(Self.isSame(found, expected), "\(query)\n\(found.rows)\n\(expected.rows)")
        }
        let year = LogWindow(from: Self.base, until: Self.base + 30_000_000 * Self.second)
        let counts = try await far.levelCounts(.all, in: year)
        let same = try await near.levelCounts(.all, in: year)
        #expect(counts.counts == same.counts && counts.counts.flatMap { $0 }.reduce(0, +) > 4000)
        try await hostile(far, near)
        try await tiers(near, far, server)
    }

    private static func tableQuery(_ logs: inout RandomLogs) -> LogQuery {
        let fields = ["status", "duration", "host", "app", "level", "message", "nothing"]
        let functions: [LogAggregate.Function] = [
            .sum, .avg, .min, .max, .percentile(99_000), .percentile(50_000), .distinct, .count, .rate,
        ]
        var aggregates = [LogAggregate(.count), LogAggregate(.rate)]
        for _ in 0..<3 { aggregates.append(LogAggregate(logs.random.pick(functions), logs.random.pick(fields))) }
        var groups: [LogGroup] = []
        if logs.random.chance(0.7) { groups.append(.field(logs.random.pick(fields))) }
        if logs.random.chance(0.4) { groups.append(.time(logs.random.pick([3600, 86_400, 90]) * second)) }
        return LogQuery(filter: logs.expression(depth: 2), stages: [.aggregate(aggregates, by: groups)])
    }

    /// Sums of doubles depend on their order.
    private static func isSame(_ left: LogTable, _ right: LogTable) -> Bool {
        guard left.columns == right.columns, left.rows.count == right.rows.count else { return false }
        return zip(left.rows, right.rows).allSatisfy { row, other in
            zip(row, other).allSatisfy { cell, same in
                if case .number(let one) = cell, case .number(let two) = same {
                    return one == two || abs(one - two) <= 1e-9 * max(abs(one), abs(two))
                }
                return cell == same
            }
        }
    }

    private func hostile(_ far: LogSearch, _ near: LogSearch) async throws {
        let all = LogWindow(from: .min, until: .max)
        let texts = [
            "'", "\\'", "'; DROP TABLE apus_lines; --", "`", "\0", "a\0b", "\n", "\\", "%", "_", "{x:String}", "${x}",
            "')) OR 1=1 --", "\u{202E}", "ünï'", "\"", "/*", "*/", "?", "\\N", "\u{FFFD}", "]", "[", "\\E", "(?i)",
            String(repeating: "x'", count: 120),
        ]
        for text in texts {
            let bytes = Array(text.utf8)
            var filters: [LogFilter] = [
                .condition(LogCondition(field: text, .exists)),
                .condition(LogCondition(field: "message", .equals(bytes))),
                .condition(LogCondition(field: "message", .phrase(bytes))),
                .condition(LogCondition(field: text, .prefix(bytes))),
                .condition(LogCondition(field: text, .range(1...2))),
            ]
            if let pattern = try? LogRegex(LogRegex.escaped(text)) {
                filters.append(.condition(LogCondition(field: "host", .matches(pattern))))
            }
            let filter = LogFilter.or(filters.map { .not($0) } + filters)
            let (found, report) = try await far.page(.and(filters), in: all)
            #expect(found.isEmpty && report.problems.isEmpty, "\(report.problems)")
            let aggregation = LogAggregation(
                [LogAggregate(.count), LogAggregate(.sum, text), LogAggregate(.distinct, text)], by: [.field(text)])
            let table = try await far.table(aggregation, filter, in: all)
            let expected = try await near.table(aggregation, filter, in: all)
            #expect(table.rows == expected.rows, "\(text): \(table.report.problems)")
        }
    }

    /// What both have is found once, on whichever side of the boundary it is.
    private func tiers(_ near: LogSearch, _ far: LogSearch, _ server: ClickHouseProcess) async throws {
        let all = LogWindow(from: .min, until: .max)
        let (lines, _) = try await near.page(.all, in: all, limit: 10_000)
        let boundary = lines[lines.count / 3].time
        var both = near
        both = Self.search(LogTieredSource(near: near.source, far: far.source, boundary: boundary))
        let (found, _) = try await both.page(.all, in: all, limit: 10_000)
        #expect(found == lines)
        let query = try LogQuery("| count, p50 duration, distinct status by host, 1d")
        guard case .table(let expected) = try await near.answer(query, in: all),
            case .table(let table) = try await both.answer(query, in: all)
        else { return }
        #expect(Self.isSame(table, expected))
        let (page, report) = try await both.page(.all, in: all, limit: 1000)
        let (next, _) = try await both.page(.all, in: all, after: report.next, limit: 10_000)
        #expect(page + next == lines)
        let context = try await both.context(of: lines[lines.count / 2].position, before: 5, after: 5)
        #expect(context.before.count == 5 && context.after.count == 5)
        server.kill()
        let (newer, partial) = try await both.page(.all, in: all, limit: 10_000)
        #expect(newer == lines.filter { $0.time >= boundary })
        #expect(partial.isPartial && !partial.problems.isEmpty)
        guard case .table(let part) = try await both.answer(try LogQuery("| count"), in: all) else { return }
        #expect(part.rows == [[.count(newer.count)]] && part.report.isPartial)
    }

    @Test("ClickHouse is killed again and again, and then has every line once")
    func killed() async throws {
        let server = try ClickHouseProcess()
        var sender = try Self.sender(server)
        var random = SearchRandom(11)
        let disk = TestDisk()
        var limits = RelayFlow.Limits()
        limits.backoffMin = 1
        limits.backoffMax = 10
        limits.delay = 1
        let (relay, _) = try LogRelay.open(
            "ch", try LogQuery("-skipped").compiled(), in: "/relay", on: disk, limits: limits, now: 1000)
        var now: Int64 = 1000
        var sent = 0
        var kills = 0
        let wanted = 30_000
        while sent < wanted || relay.relay.counts.waiting > 0 {
            now += 20
            if sent < wanted {
                let lines = (0..<500).map { offset in
                    MemoryLogSource.Line(
                        time: Self.base + Int64(sent + offset) * Self.second, message: "line \(sent + offset)",
                        fields: ["n": "\(sent + offset)"])
                }
                var batch = LogBatch()
                batch.add(lines + [.init(time: Self.base, message: "skipped")], of: ["app": "shop"])
                relay.take(batch, at: now)
                sent += 500
            }
            if kills < 6, sent / 4500 > kills {
                kills += 1
                // Some go in the middle of an insert.
                let victim = Task.detached {
                    server.kill()
                    try server.start()
                }
                if let shipment = relay.next(at: now) {
                    relay.relay.arrived(await sender.send(shipment), at: now)
                }
                try await victim.value
                if random.chance(0.5) { sender = try Self.sender(server) }
                try server.waitUntilThere()
            }
            if let shipment = relay.next(at: now) { relay.relay.arrived(await sender.send(shipment), at: now) }
        }
        #expect(kills == 6)
        let figures = try server.text(
            "SELECT count(), uniqExact(message), sum(fields.number[1]) FROM apus_lines FORMAT TabSeparated")
        #expect(figures == "\(wanted)\t\(wanted)\t\(wanted * (wanted - 1) / 2)")
        #expect(relay.relay.counts.sent == wanted && relay.relay.counts.dropped == 0)
    }
}

extension LogBatch {
    /// Adds lines of a stream, in their order.
    mutating func add(_ lines: [MemoryLogSource.Line], of stream: LogStream) {
        let number = UInt32(streams.count)
        streams.append(stream)
        func text(_ text: String) -> Text {
            defer { bytes += Array(text.utf8) }
            return Text(start: UInt32(bytes.count), count: UInt32(text.utf8.count))
        }
        for line in lines {
            let message = text(line.message)
            let first = UInt32(fields.count)
            for (name, value) in line.fields.sorted(by: { $0.key < $1.key }) {
                let place = names.firstIndex(of: name) ?? names.count
                if place == names.count { names.append(name) }
                fields.append(Field(name: UInt32(place), value: text(value)))
            }
            self.lines.append(
                Line(
                    time: line.time, stream: number, level: line.level, message: message, firstField: first,
                    fieldCount: UInt32(line.fields.count)))
        }
    }
}
