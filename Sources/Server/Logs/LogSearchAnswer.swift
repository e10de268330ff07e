import ControlPlane
import Core
import Logs
import Telemetry
import Wire

/// A question answered: lines, a table or patterns.
enum LogSearchAnswer {
    /// - Parameter limit: lines at most; the query may ask for fewer.
    static func of(
        _ question: LogQuestion, limit: Int, order: LogOrder?, after: LogPosition?, from search: LogSearch
    ) async throws(Problem) -> LogAnswerView {
        var search = search
        search.limits.lines = min(limit, question.query.limit ?? limit)
        let (query, filter, window) = (question.query, question.filter, question.window)
        let limits = search
        if let order, query.isStreamed {
            let (lines, report) = try await told { () async throws(TelemetryProblem) in
                try await limits.page(filter, in: window, order: order, after: after)
            }
            return LogAnswerView(lines: lines.map { LogLineView(query.shown($0)) }, report: LogReportView(report))
        }
        let answer = try await told { () async throws(TelemetryProblem) in
            try await limits.answer(query, in: window, after: after)
        }
        return LogAnswerView(answer)
    }
}

extension LogAnswerView {
    init(_ answer: LogAnswer) {
        let report = LogReportView(answer.report)
        switch answer {
        case .lines(let lines, _): self.init(lines: lines.map { LogLineView($0) }, report: report)
        case .table(let table): self.init(table: LogTableView(table), report: report)
        case .patterns(let patterns): self.init(patterns: patterns.groups.map { LogPatternView($0) }, report: report)
        }
    }
}

extension LogTableView {
    /// What found no place in a group is a last row of its own.
    init(_ table: LogTable) {
        self.init(
            columns: table.columns, rows: (table.rows + (table.others.map { [$0] } ?? [])).map { $0.map(Self.text) })
    }

    private static func text(_ cell: LogTable.Cell) -> String? {
        switch cell {
        case .none: nil
        case .text(let bytes): String(decoding: bytes, as: UTF8.self)
        case .count(let count): String(count)
        case .number(let number):
            number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : "\(number)"
        case .time(let time): LogTime.text(time)
        }
    }
}

extension LogPatternView {
    init(_ group: LogPatternGroup) {
        let level = group.levels.lastIndex { $0 > 0 }.flatMap { LogLevel(rawValue: UInt8($0)) } ?? .none
        self.init(
            text: group.text, count: group.count, first: LogTime.text(group.firstTime),
            last: LogTime.text(group.lastTime), level: level.word,
            example: String(decoding: group.example, as: UTF8.self))
    }
}
