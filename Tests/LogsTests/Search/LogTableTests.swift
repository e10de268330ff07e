import Logs
import Telemetry
import Testing

@Suite("What lines come to")
struct LogTableTests {
    private static func answer(
        _ text: String, _ lines: [(stream: LogStream, lines: [MemoryLogSource.Line])],
        _ limits: LogSearchLimits = LogSearchLimits(), rows: Int = 9
    ) async throws -> LogAnswer {
        let search = LogSearchTests.search(MemoryLogSource(lines, rows: rows), limits)
        return try await search.answer(try LogQuery(text), in: LogSearchTests.all)
    }

    private static func table(
        _ text: String, _ lines: [(stream: LogStream, lines: [MemoryLogSource.Line])],
        _ limits: LogSearchLimits = LogSearchLimits()
    ) async throws -> LogTable {
        guard case .table(let table) = try await answer(text, lines, limits) else {
            Issue.record("\(text) gives no table")
            return LogTable(columns: [], rows: [])
        }
        return table
    }

    @Test("groups are those of the lines, one by one", arguments: 1...10 as ClosedRange<UInt64>)
    func groups(seed: UInt64) async throws {
        var logs = RandomLogs(seed)
        let lines = logs.lines(200)
        let all = NaiveSearch.search(.all, lines)
        let table = try await Self.table(
            "| count, count(duration), sum(duration), min(duration), max(duration), avg(duration), distinct(status) by host, status",
            lines)
        var expected: [[String?]: [NaiveSearch.Found]] = [:]
        for found in all {
            let key = ["host", "status"].map { found.line.value(of: $0, in: found.stream) }
            expected[key, default: []].append(found)
        }
        #expect(table.rows.count == expected.count && table.others == nil)
        for row in table.rows {
            let key = row.prefix(2).map { cell -> String? in
                if case .text(let text) = cell { String(decoding: text, as: UTF8.self) } else { nil }
            }
            let group = try #require(expected[key])
            let texts = group.compactMap { $0.line.value(of: "duration", in: $0.stream) }
            let numbers = texts.compactMap { LogNumber.parse(Array($0.utf8)) }
            #expect(row[2] == .count(group.count))
            #expect(row[3] == .count(texts.count))
            let least: LogTable.Cell = numbers.min().map { .number($0) } ?? .none
            let greatest: LogTable.Cell = numbers.max().map { .number($0) } ?? .none
            #expect(row[5] == least && row[6] == greatest)
            if case .number(let sum) = row[4], case .number(let average) = row[7] {
                #expect(abs(sum - numbers.reduce(0, +)) < 1e-9 && abs(average * Double(numbers.count) - sum) < 1e-9)
            } else {
                #expect(numbers.isEmpty)
            }
            #expect(row[8] == .count(key[1] == nil ? 0 : 1))
        }
        let counts = table.rows.map { row in if case .count(let count) = row[2] { count } else { 0 } }
        #expect(counts == counts.sorted(by: >))
    }

    @Test("without groups there is one row, also for figures of fields")
    func ungrouped() async throws {
        let lines = (1...4).map { MemoryLogSource.Line(time: Int64($0), message: "m", fields: ["size": "\($0)"]) }
        let table = try await Self.table("| count, sum size, max size", [(["app": "shop"], lines)])
        #expect(table.rows == [[.count(4), .number(10), .number(4)]])
    }

    @Test("times are grouped by spans, and a rate is a second's")
    func times() async throws {
        let second: Int64 = 1_000_000_000
        let lines = [-90, -1, 0, 30, 59, 60, 185].map {
            MemoryLogSource.Line(time: Int64($0) * second, message: "m")
        }
        let table = try await Self.table("| count, rate by 1m", [(["app": "shop"], lines)])
        #expect(table.columns == ["time", "count", "rate"])
        let expected: [(Int64, Int)] = [(-120, 1), (-60, 1), (0, 3), (60, 1), (180, 1)]
        let rows: [[LogTable.Cell]] = expected.map {
            [.time($0 * second), .count($1), .number(Double($1) / 60)]
        }
        #expect(table.rows == rows)
    }

    @Test("top, sort, limit and fields shape a table")
    func shape() async throws {
        let lines = (0..<100).map { number -> MemoryLogSource.Line in
            MemoryLogSource.Line(
                time: Int64(number), message: "m", fields: ["path": "/\(number % 7)", "n": "\(number)"])
        }
        let streams = [(LogStream([.init("app", "shop")]), lines)]
        let top = try await Self.table("| top 3 path", streams)
        let expected: [(String, Int)] = [("/0", 15), ("/1", 15), ("/2", 14)]
        let rows: [[LogTable.Cell]] = expected.map { [.text(Array($0.utf8)), .count($1)] }
        #expect(top.rows == rows)
        let sorted = try await Self.table(
            "| max n, p50 n by path | sort max(n) desc | limit 2 | fields max(n), path", streams)
        #expect(sorted.columns == ["max(n)", "path"])
        let greatest: [[LogTable.Cell]] = [[.number(99), .text([0x2F, 0x31])], [.number(98), .text([0x2F, 0x30])]]
        #expect(sorted.rows == greatest)
    }

    @Test("lines are sorted by their values, and shown with the fields that were asked for")
    func sortedLines() async throws {
        let lines = (0..<100).map { number -> MemoryLogSource.Line in
            let value: String = number % 10 == 3 ? "?" : String(number * 37 % 100)
            return MemoryLogSource.Line(
                time: Int64(number), message: "m\(number)", fields: ["n": value, "x": "1"])
        }
        let answer = try await Self.answer("| sort n desc | limit 5 | fields n", [(["app": "shop"], lines)])
        guard case .lines(let found, let report) = answer else { return #expect(Bool(false)) }
        let numbers = (0..<100).filter { $0 % 10 != 3 }.map { $0 * 37 % 100 }.sorted(by: >)
        let values = found.compactMap { $0.fields.first.flatMap { Int(String(decoding: $0.value, as: UTF8.self)) } }
        #expect(values == Array(numbers.prefix(5)))
        #expect(found.allSatisfy { $0.message.isEmpty && $0.fields.allSatisfy { $0.name == "n" } })
        #expect(report.stop == .lines && !report.isPartial)
        guard case .lines(let ascending, _) = try await Self.answer("| sort n | limit 3", [(["app": "shop"], lines)])
        else {
            return #expect(Bool(false))
        }
        let least = ascending.map { String(decoding: $0.value(of: "n") ?? [], as: UTF8.self) }
        #expect(least == numbers.reversed().prefix(3).map(String.init))
    }

    @Test("groups beyond the limit are counted together, and the answer says so")
    func limit() async throws {
        var limits = LogSearchLimits()
        limits.groups = 10
        let lines = (0..<1000).map { number -> MemoryLogSource.Line in
            MemoryLogSource.Line(
                time: Int64(number), message: "m", fields: ["id": "\(number)", "k": "\(number % 3)"])
        }
        for query in ["| count by id", "| count by k, id", "| count by id, k", "| count by id, 1s"] {
            let table = try await Self.table(query, [(["app": "shop"], lines)], limits)
            #expect(table.rows.count <= 10 && table.report.stop == .groups && table.report.isPartial)
            var sum = 0
            for row in table.rows + [table.others ?? []] { if case .count(let count) = row.last { sum += count } }
            #expect(sum == 1000, "\(query)")
        }
    }

    @Test("lines that differ in numbers are one pattern")
    func patterns() async throws {
        let lines = (0..<90).map { number -> MemoryLogSource.Line in
            let message: String = number % 3 == 0 ? "user \(number) came" : "order no\(number) took \(number)ms"
            let level: LogLevel = number % 9 == 0 ? .error : .info
            return MemoryLogSource.Line(time: Int64(number), level: level, message: message)
        }
        guard case .patterns(let patterns) = try await Self.answer("| patterns", [(["app": "shop"], lines)]) else {
            return #expect(Bool(false))
        }
        #expect(patterns.groups.map(\.text) == ["order <*> took <*>", "user <*> came"])
        #expect(patterns.groups.map(\.count) == [60, 30])
        #expect(patterns.groups[1].levels[Int(LogLevel.error.rawValue)] == 10)
        #expect(patterns.groups[1].firstTime == 0 && patterns.groups[1].lastTime == 87)
        #expect(
            MemoryLogBlock.shape(String(decoding: patterns.groups[0].example, as: UTF8.self)) == "order <*> took <*>")
    }

    @Test("fields are listed with their most frequent values")
    func fields() async throws {
        let lines = (0..<300).map { number -> MemoryLogSource.Line in
            var line = MemoryLogSource.Line(time: Int64(number), level: .info, message: "m")
            if number % 2 == 0 { line.fields["status"] = number % 10 == 0 ? "500" : "200" }
            return line
        }
        let search = LogSearchTests.search(MemoryLogSource([(["app": "shop"], lines)], rows: 50))
        let list = try await search.fields(.all, in: LogSearchTests.all, top: 1)
        #expect(list.lines == 300)
        #expect(list.fields.map(\.name) == ["app", "level", "status"])
        let status = try #require(list.fields.last)
        #expect(status.lines == 150 && status.distinct == 2 && status.isExact && !status.isLabel)
        #expect(status.top.map(\.lines) == [120])
        let sample = try await search.fields(.all, in: LogSearchTests.all, sample: 75)
        #expect(sample.lines == 75 && sample.fields[0].lines == 75 && !sample.fields[0].isExact)
        #expect(sample.report.blocksRead == 2)
    }

    @Test(
        "a histogram's parts begin where clocks strike, and are no more than was asked for",
        arguments: [1, 2, 7, 60, 1000])
    func parts(most: Int) {
        let second: Int64 = 1_000_000_000
        let windows: [(Int64, Int64)] = [
            (0, second), (17, 3600 * second + 5), (-5 * second, 5 * second), (.min, .max), (3, 3), (5, 4),
        ]
        for (from, until) in windows {
            let counts = LogLevelCounts(LogWindow(from: from, until: until), spansMax: most)
            #expect(counts.counts.count <= most && counts.counts.count >= 1)
            #expect(counts.start <= max(from, .min / 2) && counts.start % counts.span == 0)
        }
    }
}
