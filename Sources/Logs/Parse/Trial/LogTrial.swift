package import Telemetry

/// Runs pipelines over lines and tells what each step did.
package struct LogTrial: Sendable {
    /// A name's value before and after a step.
    package struct Change: Hashable, Sendable {
        package var name: String
        /// nil: it was not there.
        package var before: String?
        /// nil: it is gone.
        package var after: String?
    }

    package struct Step: Hashable, Sendable {
        package var pipeline: String
        /// What the step is: `parse json`.
        package var title: String
        /// In order of names.
        package var changes: [Change]
    }

    package struct Line: Hashable, Sendable {
        package var input: String
        /// Steps of pipelines that take the line.
        package var steps: [Step]
        /// The step after which the line was not kept; nil: it is kept.
        package var droppedBy: String?
        /// What is kept: `message`, `level` and `time`, and the fields.
        package var outcome: [String: String]
        package var measures: [LogMeasure]
    }

    private struct Group {
        var title: String
        var steps: [CompiledStep]
    }

    private let pipelines: [(name: String, lines: RecordFilter, groups: [Group])]
    private let program: LogProgram

    /// - Throws: as `LogProgram` does.
    package init(_ pipelines: [LogPipeline]) throws(TelemetryProblem) {
        var compiler = ProgramCompiler()
        var compiled: [(name: String, lines: RecordFilter, groups: [Group])] = []
        for pipeline in pipelines {
            var groups: [Group] = []
            for step in pipeline.steps {
                groups.append(Group(title: step.title, steps: try compiler.steps([step])))
            }
            compiled.append((pipeline.name, compiler.filter(pipeline.lines), groups))
        }
        self.pipelines = compiled
        program = LogProgram(names: compiler.names)
    }

    /// - Parameter now: nanoseconds since 1970.
    package func run(_ lines: [String], stream: LogStream, now: Int64, seed: UInt64 = 0) -> [Line] {
        var processor = LogProcessor(program, seed: seed)
        let number = processor.builder.stream(stream)
        return lines.map { line in
            var text = line
            return text.withUTF8 { bytes in
                processor.begin(ByteView(UnsafeRawBufferPointer(bytes)), stream: number, now: now)
                return run(line, &processor)
            }
        }
    }

    private func run(_ input: String, _ processor: inout LogProcessor) -> Line {
        var line = Line(input: input, steps: [], outcome: [:], measures: [])
        var before = Self.values(processor.builder)
        walk: for pipeline in pipelines where processor.builder.fulfils(pipeline.lines) {
            for group in pipeline.groups {
                processor.run(group.steps)
                let after = Self.values(processor.builder)
                line.steps.append(
                    Step(pipeline: pipeline.name, title: group.title, changes: Self.changes(before, after)))
                before = after
                if processor.builder.line.isDropped {
                    line.droppedBy = group.title
                    break walk
                }
            }
        }
        line.outcome = before
        line.measures = processor.takeMeasures()
        return line
    }

    private static func values(_ builder: borrowing LogBatchBuilder) -> [String: String] {
        var values = ["message": builder.line.message.text, "time": LogTime.text(builder.line.time)]
        if builder.line.level != .none { values["level"] = builder.line.level.word }
        for index in 0..<builder.line.fieldCount {
            let field = builder.line.field(index)
            if field.name != LogRecord.removed { values[builder.text(ofName: field.name)] = field.value.text }
        }
        return values
    }

    private static func changes(_ before: [String: String], _ after: [String: String]) -> [Change] {
        Set(before.keys).union(after.keys).sorted().compactMap { name in
            before[name] == after[name] ? nil : Change(name: name, before: before[name], after: after[name])
        }
    }
}

extension LogStep {
    /// The step in a few words.
    package var title: String {
        switch self {
        case .parse(let format, let from): "parse \(format.rawValue)" + Self.of(from)
        case .grok(let patterns, let from, _): "grok \(patterns.first ?? "")" + Self.of(from)
        case .pattern(let text, let from): "pattern \(text)" + Self.of(from)
        case .rename(let from, let to): "rename \(from) to \(to)"
        case .drop(let fields): "drop \(fields.joined(separator: ", "))"
        case .set(let field, let to): "set \(field) to \(to)"
        case .lower(let field): "lower \(field)"
        case .upper(let field): "upper \(field)"
        case .clean(let field): "clean \(field)"
        case .convert(let field, let to): "convert \(field) to \(to.rawValue)"
        case .time(let from, _): "time from \(from)"
        case .level(let from): "level from \(from)"
        case .dropLines: "drop lines"
        case .sample(let oneIn, _): "sample one in \(oneIn)"
        case .redact: "redact"
        case .measure(let rule): "measure \(rule.name)"
        case .when(_, let steps): "when … \(steps.map(\.title).joined(separator: ", "))"
        }
    }

    private static func of(_ field: String) -> String { field == "message" ? "" : " of \(field)" }
}
