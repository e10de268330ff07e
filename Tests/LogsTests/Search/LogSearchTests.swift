import Logs
import Synchronization
import Telemetry
import Testing

@Suite("Searching lines")
struct LogSearchTests {
    static let all = LogWindow(from: .min, until: .max)

    static func search(_ source: any LogSource, _ limits: LogSearchLimits = LogSearchLimits()) -> LogSearch {
        LogSearch(source, limits: limits) { .zero }
    }

    static func key(_ line: LogLine) -> [String] {
        [
            String(line.time), line.stream.description, line.level.word, String(decoding: line.message, as: UTF8.self),
            line.fields.map { "\($0.name)=\(String(decoding: $0.value, as: UTF8.self))" }.joined(separator: ";"),
        ]
    }

    static func key(_ found: NaiveSearch.Found) -> [String] {
        [
            String(found.line.time), found.stream.description, found.line.level.word, found.line.message,
            found.line.fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ";"),
        ]
    }

    @Test("a line's level is no field of it because a line beside it has one of that name")
    func levelField() async throws {
        let lines = [
            MemoryLogSource.Line(time: 1, level: .warn, message: "a"),
            MemoryLogSource.Line(time: 2, level: .info, message: "b", fields: ["level": "42"]),
        ]
        let (found, _) = try await Self.search(MemoryLogSource([(["app": "shop"], lines)])).page(.all, in: Self.all)
        #expect(found.map { $0.fields.map(\.name) } == [["level"], []])
    }

    @Test("a search finds what the simplest reading of the query finds", arguments: 1...30 as ClosedRange<UInt64>)
    func likeNaive(seed: UInt64) async throws {
        var logs = RandomLogs(seed)
        var lines = logs.lines(150)
        // Blocks do not tell which of two came first, if their times overlap: then lines of one time are in any order.
        let isInOrder = seed % 2 == 0
        if isInOrder {
            for stream in lines.indices {
                lines[stream].lines = lines[stream].lines.enumerated().sorted {
                    ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
                }.map(\.element)
            }
        }
        let search = Self.search(MemoryLogSource(lines, rows: Int.random(in: 1...20, using: &logs.random)))
        for _ in 0..<15 {
            let query = LogQuery(filter: logs.expression())
            guard let filter = try? query.compiled() else { continue }
            let expected = NaiveSearch.search(query.filter, lines).map(Self.key)
            let (oldest, _) = try await search.page(filter, in: Self.all, order: .oldestFirst)
            let found = oldest.map(Self.key)
            if isInOrder {
                #expect(found == expected, "\(query)")
            } else {
                #expect(Set(found) == Set(expected) && found.count == expected.count, "\(query)")
                #expect(oldest.map(\.position) == oldest.map(\.position).sorted())
            }
            let (newest, report) = try await search.page(filter, in: Self.all)
            #expect(newest.reversed() == oldest)
            #expect(report.stop == nil && report.next == nil && report.rowsFound == expected.count)
            #expect(Set(newest.map(\.position)).count == newest.count)
            let table = try await search.table(LogAggregation([LogAggregate(.count)]), filter, in: Self.all)
            #expect(table.rows == [[.count(expected.count)]])
            let counts = try await search.levelCounts(filter, in: LogWindow(from: -10, until: 100), spansMax: 7)
            #expect(counts.counts.count <= 7)
            #expect(counts.counts.reduce(0) { $0 + $1.reduce(0, +) } == expected.count)
        }
    }

    @Test("pages join to the whole, in both orders", arguments: 1...20 as ClosedRange<UInt64>)
    func pages(seed: UInt64) async throws {
        var logs = RandomLogs(seed)
        let search = Self.search(MemoryLogSource(logs.lines(120), rows: Int.random(in: 1...30, using: &logs.random)))
        for order in [LogOrder.newestFirst, .oldestFirst] {
            let filter = try LogQuery(filter: logs.expression()).compiled()
            let whole = try await search.page(filter, in: Self.all, order: order).lines
            var joined: [LogLine] = []
            var next: LogPosition?
            for _ in 0...whole.count {
                let (lines, report) = try await search.page(
                    filter, in: Self.all, order: order, after: next, limit: Int.random(in: 1...9, using: &logs.random))
                joined += lines
                next = report.next
                if next == nil { break }
                #expect(report.stop == .lines)
            }
            #expect(next == nil)
            #expect(joined == whole)
        }
    }

    @Test("a page of the newest lines opens the newest blocks and no more")
    func lazy() async throws {
        let lines = (0..<10_000).map { MemoryLogSource.Line(time: Int64($0), message: "line \($0)") }
        let source = MemoryLogSource([(["app": "shop"], lines)], rows: 100)
        let (found, report) = try await Self.search(source).page(.all, in: Self.all, limit: 150)
        #expect(found.map(\.time) == (0..<150).map { Int64(9999 - $0) })
        #expect(source.opened == 2)
        #expect(report.blocks == 100 && report.blocksRead == 2 && report.next == found.last?.position)
    }

    @Test("lines around one are those of its stream", arguments: 1...10 as ClosedRange<UInt64>)
    func context(seed: UInt64) async throws {
        var logs = RandomLogs(seed)
        let lines = logs.lines(100)
        let search = Self.search(MemoryLogSource(lines, rows: 6))
        let whole = try await search.page(.all, in: Self.all, order: .oldestFirst).lines
        for line in whole where logs.random.chance(0.2) {
            let stream = whole.filter { $0.stream == line.stream }
            let place = try #require(stream.firstIndex { $0.position == line.position })
            let context = try await search.context(of: line.position, before: 3, after: 4)
            #expect(context.line == line)
            #expect(context.before == Array(stream[..<place].suffix(3)))
            #expect(context.after == Array(stream[(place + 1)...].prefix(4)))
            #expect(!context.report.isPartial)
        }
        await #expect(throws: TelemetryProblem.self) {
            try await search.context(of: LogPosition(time: 5000), before: 1, after: 1)
        }
    }

    @Test("who watches gets what a search finds", arguments: 1...10 as ClosedRange<UInt64>)
    func tail(seed: UInt64) async throws {
        var logs = RandomLogs(seed)
        let lines = logs.lines(60)
        let batch = LogBatch(lines)
        for _ in 0..<10 {
            let expression = logs.expression()
            let tail = LogTail(try LogQuery(filter: expression).compiled())
            let expected = NaiveSearch.search(expression, lines).map(Self.key).sorted {
                $0.description < $1.description
            }
            let found = tail.lines(of: batch)
            #expect(found.map(Self.key).sorted { $0.description < $1.description } == expected)
            #expect(Set(found.map(\.position)).count == found.count)
        }
    }

    @Test("each limit ends a search and says so")
    func limits() async throws {
        let lines = (0..<100).map { MemoryLogSource.Line(time: Int64($0), message: "line \($0)") }
        func report(_ change: (inout LogSearchLimits) -> Void, tick: Duration = .zero) async throws -> LogSearchReport {
            var limits = LogSearchLimits()
            change(&limits)
            let clock = Mutex(Duration.zero)
            let search = LogSearch(MemoryLogSource([(["app": "shop"], lines)], rows: 10), limits: limits) {
                clock.withLock { time in
                    time += tick
                    return time
                }
            }
            return try await search.page(.all, in: Self.all).report
        }
        #expect(try await report { _ in }.stop == nil)
        #expect(try await report { $0.lines = 99 }.stop == .lines)
        #expect(try await report { $0.lines = 100 }.isPartial == false)
        #expect(try await report { $0.blocks = 3 }.stop == .blocks)
        #expect(try await report { $0.bytes = 200 }.stop == .bytes)
        let late = try await report({ $0.duration = .seconds(3) }, tick: .seconds(1))
        #expect(late.stop == .time && late.isPartial && late.next != nil)
        #expect(late.blocksRead < 10)
    }

    @Test("cancelling ends a search at the next block")
    func cancel() async throws {
        let lines = (0..<100).map { MemoryLogSource.Line(time: Int64($0), message: "line \($0)") }
        let source = MemoryLogSource([(["app": "shop"], lines)], rows: 10) { _ in
            false
        } whenOpened: { count in
            if count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
        }
        let report = try await Task {
            try await Self.search(source).table(LogAggregation([LogAggregate(.count)]), .all, in: Self.all).report
        }.value
        #expect(report.stop == .cancelled && report.isPartial && source.opened == 3)
    }

    @Test("a block that cannot be read costs that block, and the answer says so")
    func damaged() async throws {
        let lines = (0..<100).map { MemoryLogSource.Line(time: Int64($0), message: "line \($0)") }
        let search = Self.search(MemoryLogSource([(["app": "shop"], lines)], rows: 10, damaged: { $0 == 4 }))
        let (found, report) = try await search.page(.all, in: Self.all)
        #expect(found.count == 90 && report.damagedBlocks == 1 && report.isPartial && report.stop == nil)
        #expect(report.problems.first?.code == "logs.damaged")
        let table = try await search.table(LogAggregation([LogAggregate(.count)]), .all, in: Self.all)
        #expect(table.rows == [[.count(90)]] && table.report.isPartial)
    }

    @Test("positions are read as they were written, and nothing else is")
    func positions() throws {
        for position in [
            LogPosition(time: 5, stream: .max, ordinal: 7), LogPosition(time: .min), LogPosition(time: -1),
        ] {
            #expect(try LogPosition(position.description) == position)
        }
        for text in ["", "1", "1-2", "x-1-1", "1-2-3-4", "1--1", String(repeating: "1", count: 100), "\u{1B}[31m"] {
            #expect(throws: TelemetryProblem.self) { try LogPosition(text) }
        }
    }
}

extension LogBatch {
    init(_ streams: [(stream: LogStream, lines: [MemoryLogSource.Line])]) {
        self.init()
        var numbers: [String: UInt32] = [:]
        for (number, (stream, lines)) in streams.enumerated() {
            self.streams.append(stream)
            for line in lines {
                let first = fields.count
                for (name, value) in line.fields {
                    if numbers[name] == nil {
                        numbers[name] = UInt32(names.count)
                        names.append(name)
                    }
                    fields.append(Field(name: numbers[name] ?? 0, value: add(value)))
                }
                self.lines.append(
                    Line(
                        time: line.time, stream: UInt32(number), level: line.level, message: add(line.message),
                        firstField: UInt32(first), fieldCount: UInt32(fields.count - first)))
            }
        }
    }

    private mutating func add(_ text: String) -> Text {
        let start = bytes.count
        bytes += Array(text.utf8)
        return Text(start: UInt32(start), count: UInt32(text.utf8.count))
    }
}
