package import Telemetry

extension LogFileSource.Form {
    /// Lines that belong together.
    /// - Parameters:
    ///   - pattern: an event begins with a line that it matches; nil: lines that look like parts of a stack trace
    ///     belong to the one before them.
    ///   - quiet: nanoseconds after which an event is over if no line comes.
    package static func joined(begins pattern: String?, quiet: Int64) throws(TelemetryProblem) -> Self {
        let starts = LineStarts(try pattern.map { text throws(TelemetryProblem) in try PatternCode(text) })
        return .events(begins: { starts.begins(with: ByteView($0)) }, quiet: quiet)
    }
}

/// Knows with which lines events begin. For one thread.
private final class LineStarts {
    private let pattern: PatternCode?
    private let room = PatternRoom()
    private var traces = TraceReader()

    init(_ pattern: PatternCode?) { self.pattern = pattern }

    func begins(with line: ByteView) -> Bool {
        guard let pattern else { return !traces.goesOn(line, isFirst: false) }
        // A line that is too much for the pattern begins an event: it is not put to what it may not belong to.
        if case .none = room.match(pattern, line) { return false }
        return true
    }
}
