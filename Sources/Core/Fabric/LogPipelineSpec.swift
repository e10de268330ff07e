package struct LogPipelineName: Name {
    package static let noun = "pipeline of logs"
    package let text: String
    package init(checked text: String) { self.text = text }
}

/// What the server does to lines before it keeps them.
package struct LogPipelineSpec: Codable, Hashable, Sendable {
    package var name: LogPipelineName
    /// A query: of which lines; empty: of all.
    package var lines: String
    package var steps: [LogStepSpec]

    package init(name: LogPipelineName, lines: String = "", steps: [LogStepSpec]) {
        self.name = name
        self.lines = lines
        self.steps = steps
    }
}

/// A step as git says it, in plain texts and numbers. Names are fields; `message`, `level` and `time` mean the
/// line's own. What a step cannot be done to is left as it is.
package indirect enum LogStepSpec: Codable, Hashable, Sendable {
    /// Takes a text apart that is in a known form: `auto`, `json`, `logfmt`, `nginx`…
    case parse(format: String, from: String)
    /// Takes a text apart by the first of some grok patterns that matches.
    /// - `definitions`: patterns by name, besides the known ones.
    case grok(patterns: [String], from: String, definitions: [String: String])
    /// Takes a text apart by the named groups of a regular expression (PCRE2's syntax).
    case pattern(expression: String, from: String)
    case rename(from: String, to: String)
    /// A `*` at the end of a name means all that begin so.
    case drop(fields: [String])
    /// Gives a field a text, in which `${name}` stands for a field's value.
    case set(field: String, to: String)
    case lower(field: String)
    case upper(field: String)
    /// Takes colours of terminals and control characters out.
    case clean(field: String)
    case convert(field: String, to: Conversion)
    /// Takes the line's time from a field. Times without a zone are of `zone`, in minutes east of UTC.
    case time(from: String, zone: Int)
    /// Takes the line's level from a field.
    case level(from: String)
    /// The lines that the query is for are not kept.
    case dropLines(where: String)
    /// Of the lines that the query is for (empty: of all), one in so many is kept.
    case sample(oneIn: Int, where: String)
    case redact(RedactionSpec)
    case measure(LogMeasureSpec)
    /// Other steps, for the lines that the query is for.
    case when(lines: String, steps: [LogStepSpec])

    /// What a number becomes.
    package enum Conversion: String, Codable, Hashable, Sendable, CaseIterable {
        /// A whole number, what is behind the point cut off.
        case integer
        /// Seconds as milliseconds.
        case milliseconds
        /// Milliseconds as seconds.
        case seconds
        /// `1.5k`, `20MiB` as bytes.
        case bytes
    }
}

/// A metric that lines make.
package struct LogMeasureSpec: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// How many lines.
        case count
        /// The sum of a field's numbers.
        case sum
        /// The distribution of a field's numbers.
        case timing
    }

    /// Of the series, as apps name theirs to statsd.
    package var name: String
    package var kind: Kind
    /// Whose numbers; nil for `count` alone.
    package var field: String?
    /// Fields and labels whose values tell series apart, in this order.
    package var by: [String]

    package init(name: String, kind: Kind = .count, field: String? = nil, by: [String] = []) {
        self.name = name
        self.kind = kind
        self.field = field
        self.by = by
    }
}
