package import Telemetry

/// Where a search finds lines: the store of this server, an archive, or an engine outside.
package protocol LogSource: Sendable {
    /// The blocks that may hold lines of the window that fulfil `filter`, those with the newest lines first. Blocks
    /// are left out by their stream, their times and their filters of words; what is left in doubt is in.
    func blocks(in window: LogWindow, where filter: LogFilter) async throws(TelemetryProblem)
        -> [any LogBlockReference]

    /// The streams that have lines in the window.
    func streams(in window: LogWindow) async throws(TelemetryProblem) -> [LogStream]
}

/// Nanoseconds since 1970: `from <= time < until`.
package struct LogWindow: Hashable, Sendable {
    package var from: Int64
    package var until: Int64

    package init(from: Int64, until: Int64) {
        self.from = from
        self.until = until
    }
}

/// A block that has not been read yet.
package protocol LogBlockReference: Sendable {
    var stream: LogStream { get }
    var rows: Int { get }
    var firstTime: Int64 { get }
    var lastTime: Int64 { get }

    /// Makes the block readable; fetches it if it is not on this machine.
    func open() async throws(TelemetryProblem) -> sending any LogBlock
}

/// Some thousands of lines of one stream, kept by columns, which are read as they are asked for. A block never
/// changes. One task reads it at a time.
package protocol LogBlock: AnyObject {
    var stream: LogStream { get }
    /// Rows are in order of time, and equal times in order of arrival.
    var rows: Int { get }
    /// Bytes that were read and unpacked for this block so far, for the search's limits.
    var bytesRead: Int { get }

    /// The rows of `rows` that fulfil the condition. A leaf of a filter: `and`, `or` and `not` are the search's own.
    func select(_ condition: LogCondition, among rows: RowSet) throws(TelemetryProblem) -> RowSet
    /// The rows in the window.
    func select(_ window: LogWindow) throws(TelemetryProblem) -> RowSet

    /// One for each row.
    func times() throws(TelemetryProblem) -> [Int64]
    func levels() throws(TelemetryProblem) -> [LogLevel]
    /// The names of the fields that at least one row has, without `message` and labels.
    var fieldNames: [String] { get }
    /// The values of a field (`message` and labels too) of the rows, in their order: nil where a row has none. The
    /// bytes live as long as the call of `body`.
    func values(
        of field: String, at rows: RowSet, _ body: (_ row: Int, _ value: UnsafeRawBufferPointer?) -> Void
    ) throws(TelemetryProblem)
    /// The shape of each row's message: rows with the same number differ only in words with digits. Numbers
    /// are the block's own.
    func shapes(at rows: RowSet) throws(TelemetryProblem) -> [(row: Int, shape: Int)]
    /// A shape's text, with `<*>` where words differ.
    func text(ofShape shape: Int) throws(TelemetryProblem) -> String
}
