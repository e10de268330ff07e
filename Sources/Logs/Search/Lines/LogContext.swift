package import Telemetry

/// A line and those around it in its stream.
package struct LogContext: Sendable {
    /// In order of time.
    package var before: [LogLine]
    package var line: LogLine
    package var after: [LogLine]
    package var report: LogSearchReport
}

extension LogSearch {
    /// How far is looked for neighbours, in nanoseconds, step by step: most streams have them close by.
    private static let reaches: [Int64] = [600, 86_400, 30 * 86_400, .max / 1_000_000_000].map { $0 * 1_000_000_000 }

    /// The lines around one, whatever they say.
    /// - Throws: `logs.line-gone`.
    package func context(
        of position: LogPosition, before: Int, after: Int
    ) async throws(TelemetryProblem) -> LogContext {
        var search = self
        search.source = LogStreamSource(source: source, key: position.stream)
        let until = position.time == .max ? position.time : position.time + 1
        // The line itself is the first behind the place before it.
        let start: LogPosition? =
            position.ordinal > 0
            ? LogPosition(time: position.time, stream: position.stream, ordinal: position.ordinal - 1) : nil
        let (found, report) = try await search.page(
            .all, in: LogWindow(from: position.time, until: until), order: .oldestFirst, after: start, limit: 1)
        guard let line = found.first, line.position == position else {
            throw TelemetryProblem(
                "logs.line-gone", "The line is not there.",
                cause: report.problems.first?.cause ?? "No line of its time and stream is at this place any more.",
                remedy: "It was older than what is kept, or a link is not whole. Search for it.")
        }
        var context = LogContext(before: [], line: line, after: [], report: report)
        context.report.next = nil
        context.report.stop = nil
        for reach in Self.reaches where context.before.count < before {
            let from = position.time.subtractingReportingOverflow(reach)
            let window = LogWindow(from: from.overflow ? .min : from.partialValue, until: until)
            let (lines, report) = try await search.page(
                .all, in: window, order: .newestFirst, after: position, limit: before)
            context.before = lines.reversed()
            if context.note(report) { break }
        }
        for reach in Self.reaches where context.after.count < after {
            let end = position.time.addingReportingOverflow(reach)
            let window = LogWindow(from: position.time, until: end.overflow ? .max : end.partialValue)
            let (lines, report) = try await search.page(
                .all, in: window, order: .oldestFirst, after: position, limit: after)
            context.after = lines
            if context.note(report) { break }
        }
        return context
    }
}

extension LogContext {
    /// Takes what a search says of itself. Returns whether it was ended by a limit.
    fileprivate mutating func note(_ other: LogSearchReport) -> Bool {
        report.blocks += other.blocks
        report.blocksRead += other.blocksRead
        report.rowsRead += other.rowsRead
        report.bytesRead += other.bytesRead
        report.damagedBlocks = max(report.damagedBlocks, other.damagedBlocks)
        if report.problems.isEmpty { report.problems = other.problems }
        guard let stop = other.stop, stop != .lines else { return false }
        report.stop = stop
        return true
    }
}

/// One stream of a source.
private struct LogStreamSource: LogSource {
    let source: any LogSource
    let key: UInt64

    func blocks(
        in window: LogWindow, where filter: LogFilter
    ) async throws(TelemetryProblem) -> [any LogBlockReference] {
        try await source.blocks(in: window, where: filter).filter { $0.stream.key == key }
    }

    func streams(in window: LogWindow) async throws(TelemetryProblem) -> [LogStream] {
        try await source.streams(in: window).filter { $0.key == key }
    }
}
