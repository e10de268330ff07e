package import Core
package import Logs
package import Telemetry

extension LogPipeline {
    /// The pipeline that git says.
    /// - Throws: `logs.query-invalid`, `logs.query-too-large` or `logs.query-stages` for its queries,
    ///   `logs.format-unknown`. Patterns are compiled by `LogProgram`.
    package init(_ spec: LogPipelineSpec) throws(TelemetryProblem) {
        self.init(
            name: spec.name.text, lines: try LogFilter(lines: spec.lines), steps: try LogStep.steps(spec.steps))
    }
}

extension LogFilter {
    /// Which lines a query of git is for; an empty one is for all.
    init(lines: String) throws(TelemetryProblem) {
        guard !lines.isEmpty else {
            self = .all
            return
        }
        let query = try LogQuery(lines)
        guard query.stages.isEmpty else {
            throw TelemetryProblem(
                "logs.query-stages", "This query does more than to choose lines.",
                cause: "There is a `|` in it.", remedy: "Remove what begins with the first `|`.")
        }
        self = try query.compiled()
    }
}

extension LogStep {
    static func steps(_ specs: [LogStepSpec]) throws(TelemetryProblem) -> [LogStep] {
        var steps: [LogStep] = []
        for spec in specs { steps.append(try LogStep(spec)) }
        return steps
    }

    private init(_ spec: LogStepSpec) throws(TelemetryProblem) {
        switch spec {
        case .parse(let name, let from):
            guard let format = LogFormat(name: name) else {
                throw TelemetryProblem(
                    "logs.format-unknown", "\(quotedForMessage(name)) is not a known form of lines.",
                    cause: "A pipeline of logs names it.",
                    remedy: "Write one of \(LogFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            self = .parse(format, from: from)
        case .grok(let patterns, let from, let definitions):
            self = .grok(patterns, from: from, definitions: definitions)
        case .pattern(let expression, let from): self = .pattern(expression, from: from)
        case .rename(let from, let to): self = .rename(from: from, to: to)
        case .drop(let fields): self = .drop(fields)
        case .set(let field, let text): self = .set(field, to: text)
        case .lower(let field): self = .lower(field)
        case .upper(let field): self = .upper(field)
        case .clean(let field): self = .clean(field)
        case .convert(let field, let conversion): self = .convert(field, to: Conversion(conversion))
        case .time(let from, let zone): self = .time(from: from, zone: zone)
        case .level(let from): self = .level(from: from)
        case .dropLines(let lines): self = .dropLines(where: try LogFilter(lines: lines))
        case .sample(let oneIn, let lines): self = .sample(oneIn: oneIn, where: try LogFilter(lines: lines))
        case .redact(let redaction): self = .redact(LogRedaction(redaction))
        case .measure(let measure): self = .measure(LogMeasureRule(measure))
        case .when(let lines, let specs): self = .when(try LogFilter(lines: lines), try Self.steps(specs))
        }
    }
}

extension LogStep.Conversion {
    fileprivate init(_ conversion: LogStepSpec.Conversion) {
        switch conversion {
        case .integer: self = .integer
        case .milliseconds: self = .milliseconds
        case .seconds: self = .seconds
        case .bytes: self = .bytes
        }
    }
}

extension LogRedaction {
    /// The redaction that git says. Kinds were checked when it was read.
    package init(_ spec: RedactionSpec) {
        self.init(
            kinds: Set(spec.kinds.compactMap(Kind.init(rawValue:))), patterns: spec.patterns,
            replacement: spec.replacement)
    }
}

extension LogMeasureRule {
    fileprivate init(_ spec: LogMeasureSpec) {
        let kind: Kind
        switch (spec.kind, spec.field) {
        case (.sum, let field?): kind = .sum(field)
        case (.timing, let field?): kind = .timing(field)
        default: kind = .count
        }
        self.init(name: spec.name, kind: kind, by: spec.by)
    }
}
