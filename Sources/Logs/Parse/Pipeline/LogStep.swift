/// What can be done to a line. Names are fields; `message`, `level` and `time` mean the line's own, and where a name is
/// only read, it may be a label.
package indirect enum LogStep: Sendable {
    /// What a number becomes.
    package enum Conversion: String, CaseIterable, Hashable, Sendable {
        /// A whole number, what is behind the point cut off.
        case integer
        /// Seconds as milliseconds.
        case milliseconds
        /// Milliseconds as seconds.
        case seconds
        /// `1.5k`, `20MiB` as bytes.
        case bytes
    }

    /// Takes a text apart by its form. If it has not that form, the line stays whole and `unparsed` names the form.
    case parse(LogFormat, from: String = "message")
    /// The first of some grok patterns that matches makes fields of its groups.
    case grok([String], from: String = "message", definitions: [String: String] = [:])
    /// A regular expression whose named groups become fields.
    case pattern(String, from: String = "message")
    case rename(from: String, to: String)
    /// Removes fields; a `*` at the end of a name means all that begin so.
    case drop([String])
    /// Sets a field to a text in which `${name}` stands for a field's value.
    case set(String, to: String)
    case lower(String)
    case upper(String)
    /// Takes colours of terminals and control characters out.
    case clean(String = "message")
    case convert(String, to: Conversion)
    /// The field says when the line was written; it is removed if it does. Times without a zone are of `zone`, in
    /// minutes east of UTC.
    case time(from: String, zone: Int = 0)
    /// The field says how serious the line is; it is removed if it does.
    case level(from: String)
    /// Lines that are not kept.
    case dropLines(where: LogFilter)
    /// Of lines that fulfil the filter one in `oneIn` is kept, at random.
    case sample(oneIn: Int, where: LogFilter = .all)
    case redact(LogRedaction)
    case measure(LogMeasureRule)
    /// Steps for some lines only.
    case when(LogFilter, [LogStep])
}

/// Steps that are done one after the other to lines of a kind.
package struct LogPipeline: Sendable {
    package var name: String
    package var lines: LogFilter
    package var steps: [LogStep]

    package init(name: String, lines: LogFilter = .all, steps: [LogStep]) {
        self.name = name
        self.lines = lines
        self.steps = steps
    }
}
