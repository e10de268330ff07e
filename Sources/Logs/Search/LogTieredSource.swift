package import Telemetry

/// Lines of two sources that each have their part of the time: those before a boundary are asked of one, the others of
/// the other, so that a line that both have is found once.
///
/// If the source of the older lines does not answer, that is said like a block that cannot be read.
package struct LogTieredSource: LogSource {
    private let near: any LogSource
    private let far: any LogSource
    /// Nanoseconds since 1970: the first time that is asked of `near`.
    private let boundary: Int64

    package init(near: any LogSource, far: any LogSource, boundary: Int64) {
        self.near = near
        self.far = far
        self.boundary = boundary
    }

    private func older(_ window: LogWindow) -> LogWindow? {
        let part = LogWindow(from: window.from, until: min(window.until, boundary))
        return part.from < part.until ? part : nil
    }

    private func newer(_ window: LogWindow) -> LogWindow? {
        let part = LogWindow(from: max(window.from, boundary), until: window.until)
        return part.from < part.until ? part : nil
    }

    package func blocks(
        in window: LogWindow, where filter: LogFilter
    ) async throws(TelemetryProblem) -> [any LogBlockReference] {
        var references: [any LogBlockReference] = []
        if newer(window) != nil {
            references = try await newerLines.blocks(in: window, where: filter)
        }
        if let older = older(window) {
            do throws(TelemetryProblem) {
                references += try await far.blocks(in: older, where: filter)
            } catch {
                references.append(FailedReference(time: older.until - 1, problem: error))
            }
        }
        return references
    }

    package func streams(in window: LogWindow) async throws(TelemetryProblem) -> [LogStream] {
        var streams: Set<LogStream> = []
        if let newer = newer(window) { streams.formUnion(try await near.streams(in: newer)) }
        if let older = older(window), let others = try? await far.streams(in: older) { streams.formUnion(others) }
        return streams.sorted { "\($0)" < "\($1)" }
    }

    private var newerLines: ClippedSource { ClippedSource(source: near, from: boundary) }
}

extension LogTieredSource: LogCountingSource {
    package var others: (any LogSource)? { newerLines }

    package func sums(
        of aggregation: LogAggregation, _ filter: LogFilter, in window: LogWindow
    ) async throws(TelemetryProblem) -> [LogSum]? {
        guard let older = older(window) else { return [] }
        guard let far = far as? any LogCountingSource, far.others == nil else { return nil }
        return try await far.sums(of: aggregation, filter, in: older)
    }

    package func levels(
        _ filter: LogFilter, in window: LogWindow, start: Int64, span: Int64
    ) async throws(TelemetryProblem) -> [LogLevelSum]? {
        guard let older = older(window) else { return [] }
        guard let far = far as? any LogCountingSource, far.others == nil else { return nil }
        return try await far.levels(filter, in: older, start: start, span: span)
    }
}

/// The lines of a source from a time on.
private struct ClippedSource: LogSource {
    let source: any LogSource
    let from: Int64

    func blocks(
        in window: LogWindow, where filter: LogFilter
    ) async throws(TelemetryProblem) -> [any LogBlockReference] {
        let part = LogWindow(from: max(window.from, from), until: window.until)
        guard part.from < part.until else { return [] }
        return try await source.blocks(in: part, where: filter).map { reference in
            reference.firstTime >= from ? reference : ClippedReference(reference: reference, from: from)
        }
    }

    func streams(in window: LogWindow) async throws(TelemetryProblem) -> [LogStream] {
        try await source.streams(in: LogWindow(from: max(window.from, from), until: window.until))
    }
}

/// A block of which only lines from a time on are looked at.
private struct ClippedReference: LogBlockReference {
    let reference: any LogBlockReference
    let from: Int64

    var stream: LogStream { reference.stream }
    var rows: Int { reference.rows }
    var firstTime: Int64 { max(from, reference.firstTime) }
    var lastTime: Int64 { reference.lastTime }

    func open() async throws(TelemetryProblem) -> sending any LogBlock {
        ClippedBlock(try await reference.open(), from: from)
    }
}

private final class ClippedBlock: LogBlock {
    private let block: any LogBlock
    private let from: Int64

    init(_ block: any LogBlock, from: Int64) {
        self.block = block
        self.from = from
    }

    var stream: LogStream { block.stream }
    var rows: Int { block.rows }
    var bytesRead: Int { block.bytesRead }
    var fieldNames: [String] { block.fieldNames }

    func select(_ condition: LogCondition, among rows: RowSet) throws(TelemetryProblem) -> RowSet {
        try block.select(condition, among: rows)
    }

    func select(_ window: LogWindow) throws(TelemetryProblem) -> RowSet {
        try block.select(LogWindow(from: max(from, window.from), until: window.until))
    }

    func times() throws(TelemetryProblem) -> [Int64] { try block.times() }
    func levels() throws(TelemetryProblem) -> [LogLevel] { try block.levels() }

    func values(
        of field: String, at rows: RowSet, _ body: (_ row: Int, _ value: UnsafeRawBufferPointer?) -> Void
    ) throws(TelemetryProblem) {
        try block.values(of: field, at: rows, body)
    }

    func shapes(at rows: RowSet) throws(TelemetryProblem) -> [(row: Int, shape: Int)] { try block.shapes(at: rows) }
    func text(ofShape shape: Int) throws(TelemetryProblem) -> String { try block.text(ofShape: shape) }
}

/// Lines that a source did not give.
private struct FailedReference: LogBlockReference {
    let time: Int64
    let problem: TelemetryProblem

    var stream: LogStream { LogStream([]) }
    var rows: Int { 0 }
    var firstTime: Int64 { time }
    var lastTime: Int64 { time }

    func open() async throws(TelemetryProblem) -> sending any LogBlock { throw problem }
}
