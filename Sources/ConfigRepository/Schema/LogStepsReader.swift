import Core
import Logs
import Telemetry

/// Reads the `steps` of all pipelines: lists, of which each entry is a mapping with one key, the kind of the step.
final class LogStepsReader {
    /// Of all pipelines together; each pattern of grok counts as one. What a program may have.
    private static let stepsMax = 500
    private static let fieldsMax = 100
    private static let depthMax = 8
    /// Of files, with what is read again for another step.
    private static let definitionBytesMax = 1 << 20
    static let stepKeys: Set<String> = [
        "parse", "grok", "pattern", "rename", "drop", "set", "lower", "upper", "clean", "convert", "time", "level",
        "drop-lines", "sample", "redact", "measure", "when",
    ]
    static let parseKeys: Set<String> = ["format", "from"]
    static let grokKeys: Set<String> = ["patterns", "from", "define"]
    static let patternKeys: Set<String> = ["expression", "from"]
    static let timeKeys: Set<String> = ["from", "zone"]
    static let sampleKeys: Set<String> = ["one-in", "lines"]
    static let measureKeys: Set<String> = ["name", "kind", "of", "by"]
    static let whenKeys: Set<String> = ["lines", "steps"]

    private let schema: SchemaReader
    private var count = 0
    private var definitionBytes = 0
    /// Files of patterns that were read.
    private(set) var templates: [Located<String>] = []
    /// How many `when` are around what is read.
    private var depth = 0

    init(_ schema: SchemaReader) { self.schema = schema }

    private var log: DiagnosticLog { schema.log }

    func steps(_ key: String, _ reader: MappingReader) -> [LogStepSpec] {
        guard reader.has(key) else { return [] }
        guard depth < Self.depthMax else {
            log.error(
                "value.range", at: reader.keyPosition(key), "Steps are nested deeper than \(Self.depthMax) levels.")
            return []
        }
        var steps: [LogStepSpec] = []
        for item in reader.list(key) {
            guard admit(1, at: item.position) else { break }
            steps += entry(item)
        }
        return steps
    }

    /// Counts what is to be compiled.
    private func admit(_ more: Int, at position: SourcePosition) -> Bool {
        let isAdmitted = count + more <= Self.stepsMax
        if !isAdmitted, count <= Self.stepsMax {
            log.error(
                "value.range", at: position, "The pipelines have more than \(Self.stepsMax) steps.",
                cause: "Each pattern of grok counts as one.")
            count = Self.stepsMax
        }
        count += more
        return isAdmitted
    }

    /// The steps of one entry, which may name several fields.
    private func entry(_ value: YAMLValue) -> [LogStepSpec] {
        guard let reader = MappingReader(value, noun: "a step", keys: Self.stepKeys, log: log) else { return [] }
        let keys = Self.stepKeys.filter(reader.has).sorted()
        guard keys.count == 1 else {
            // An unknown key has an error of its own.
            if case .mapping(let entries) = value.content, keys.isEmpty, !entries.isEmpty { return [] }
            log.error(
                "logs.step-unclear", at: reader.position, "A step is one thing.",
                cause: keys.isEmpty ? "There is none." : "There are \(keys.joined(separator: " and ")).",
                hint: "write each with a dash of its own: `- parse: json`")
            return []
        }
        guard let value = reader.value(keys[0]) else { return [] }
        let steps = steps(of: keys[0], value, reader)
        // What is in a `when` was judged where it is written.
        if keys[0] != "when" { check(steps, at: value.position) }
        return steps
    }

    /// Compiles steps as the server does, so that their author hears of it first.
    private func check(_ steps: [LogStepSpec], at position: SourcePosition) {
        do throws(TelemetryProblem) {
            _ = try LogProgram([LogPipeline(name: "", steps: LogStep.steps(steps))])
        } catch {
            log.report(Problem(error), at: position)
        }
    }

    private func steps(of kind: String, _ value: YAMLValue, _ reader: MappingReader) -> [LogStepSpec] {
        switch kind {
        case "rename": renames(reader)
        case "drop": drops(reader)
        case "set": texts(reader)
        case "lower": fields(kind, reader).map { .lower(field: $0) }
        case "upper": fields(kind, reader).map { .upper(field: $0) }
        case "clean": fields(kind, reader).map { .clean(field: $0) }
        case "convert": conversions(reader)
        default: step(of: kind, value, reader).map { [$0] } ?? []
        }
    }

    private func step(of kind: String, _ value: YAMLValue, _ reader: MappingReader) -> LogStepSpec? {
        switch kind {
        case "parse": parse(value)
        case "grok": grok(value, reader)
        case "pattern": pattern(value)
        case "time": time(value)
        case "level": reader.parse(kind, Checks.field).map { .level(from: $0.value) }
        case "drop-lines": reader.parse(kind, Checks.query).map { .dropLines(where: $0.value) }
        case "sample": sample(value)
        case "redact": schema.redaction(value).map { .redact($0) }
        case "measure": measure(value)
        default: when(value)
        }
    }

    // MARK: Texts taken apart

    private func parse(_ value: YAMLValue) -> LogStepSpec? {
        if value.scalar != nil {
            return format(log.text(value, of: "parse")).map { .parse(format: $0, from: "message") }
        }
        guard let reader = MappingReader(value, noun: "`parse`", keys: Self.parseKeys, log: log) else { return nil }
        if !reader.has("format") { reader.reportMissing("format", hint: "write `format: json`") }
        let from = from(reader)
        return format(reader.has("format") ? reader.text("format") : nil).map { .parse(format: $0, from: from) }
    }

    private func format(_ text: Located<String>?) -> String? {
        guard let text else { return nil }
        // Other names of a form are taken too.
        return LogFormat(name: text.value)?.rawValue
            ?? log.choice(text, of: "parse", from: LogFormat.self)?.value.rawValue
    }

    private func grok(_ value: YAMLValue, _ reader: MappingReader) -> LogStepSpec? {
        guard case .mapping = value.content else {
            let patterns = expressions("grok", reader)
            return grok(patterns, from: "message", [:], at: value.position)
        }
        guard let reader = MappingReader(value, noun: "`grok`", keys: Self.grokKeys, log: log) else { return nil }
        if !reader.has("patterns") { reader.reportMissing("patterns", hint: "write `patterns: \"%{IP:client} .*\"`") }
        let patterns = reader.has("patterns") ? expressions("patterns", reader) : []
        let definitions = reader.has("define") ? definitions(reader, of: patterns) : [:]
        let from = from(reader)
        return grok(patterns, from: from, definitions, at: value.position)
    }

    private func grok(
        _ patterns: [String], from: String, _ definitions: [String: String], at position: SourcePosition
    ) -> LogStepSpec? {
        guard !patterns.isEmpty, admit(patterns.count - 1, at: position) else { return nil }
        return .grok(patterns: patterns, from: from, definitions: definitions)
    }

    /// Patterns as they are written, or of a file of templates/ that has them as grok's users keep them.
    private func definitions(_ reader: MappingReader, of patterns: [String]) -> [String: String] {
        var definitions: [String: String] = [:]
        guard reader.value("define")?.scalar == nil else {
            guard let path = reader.text("define"),
                let text = schema.attachment(path, folder: "templates", noun: "template")
            else { return [:] }
            templates.append(path)
            do throws(TelemetryProblem) {
                let all = try GrokLibrary.read(text)
                definitions = GrokNames.reached(from: patterns, in: all)
            } catch {
                log.report(Problem(error), at: path.position)
            }
            definitionBytes += definitions.values.reduce(0) { $0 + $1.utf8.count }
            if definitionBytes > Self.definitionBytesMax {
                log.error(
                    "value.range", at: path.position,
                    "The pipelines use more than \(Self.definitionBytesMax >> 10) KiB of patterns.")
                return [:]
            }
            return definitions
        }
        for entry in entries("define", reader) {
            let name = log.parse(Located(entry.key, at: entry.keyPosition), Checks.patternName)
            let pattern = log.text(entry.value, of: entry.key).flatMap { log.parse($0, Checks.expression) }
            if let name, let pattern { definitions[name.value] = pattern.value }
        }
        return definitions
    }

    private func pattern(_ value: YAMLValue) -> LogStepSpec? {
        if value.scalar != nil {
            let text = log.text(value, of: "pattern").flatMap { log.parse($0, Checks.expression) }
            return text.map { .pattern(expression: $0.value, from: "message") }
        }
        guard let reader = MappingReader(value, noun: "`pattern`", keys: Self.patternKeys, log: log) else { return nil }
        if !reader.has("expression") {
            reader.reportMissing("expression", hint: "write `expression: \"user=(?<user>\\\\w+)\"`")
        }
        let expression = reader.has("expression") ? reader.parse("expression", Checks.expression) : nil
        let from = from(reader)
        return expression.map { .pattern(expression: $0.value, from: from) }
    }

    // MARK: Fields

    private func renames(_ reader: MappingReader) -> [LogStepSpec] {
        pairs("rename", reader) { log.parse($0, Checks.field)?.value }.map { .rename(from: $0, to: $1) }
    }

    private func drops(_ reader: MappingReader) -> [LogStepSpec] {
        let names = fields("drop", reader, Checks.fields)
        return names.isEmpty ? [] : [.drop(fields: names)]
    }

    private func texts(_ reader: MappingReader) -> [LogStepSpec] {
        pairs("set", reader) { log.parse($0, Checks.fieldText)?.value }.map { .set(field: $0, to: $1) }
    }

    private func conversions(_ reader: MappingReader) -> [LogStepSpec] {
        pairs("convert", reader) { log.choice($0, of: "convert", from: LogStepSpec.Conversion.self)?.value }
            .map { .convert(field: $0, to: $1) }
    }

    private func time(_ value: YAMLValue) -> LogStepSpec? {
        if value.scalar != nil {
            let from = log.text(value, of: "time").flatMap { log.parse($0, Checks.field) }
            return from.map { .time(from: $0.value, zone: 0) }
        }
        guard let reader = MappingReader(value, noun: "`time`", keys: Self.timeKeys, log: log) else { return nil }
        if !reader.has("from") { reader.reportMissing("from", hint: "write the field that has the time: `from: ts`") }
        let from = reader.has("from") ? reader.parse("from", Checks.field) : nil
        let zone = reader.parse("zone", Checks.offset)
        return from.map { .time(from: $0.value, zone: zone?.value ?? 0) }
    }

    // MARK: Lines

    private func sample(_ value: YAMLValue) -> LogStepSpec? {
        let range = 2...1_000_000
        if value.scalar != nil {
            return log.integer(value, of: "sample", in: range).map { .sample(oneIn: $0.value, where: "") }
        }
        guard let reader = MappingReader(value, noun: "`sample`", keys: Self.sampleKeys, log: log) else { return nil }
        if !reader.has("one-in") { reader.reportMissing("one-in", hint: "write `one-in: 10`") }
        let oneIn = reader.has("one-in") ? reader.integer("one-in", in: range) : nil
        let lines = reader.parse("lines", Checks.query)
        return oneIn.map { .sample(oneIn: $0.value, where: lines?.value ?? "") }
    }

    private func measure(_ value: YAMLValue) -> LogStepSpec? {
        guard let reader = MappingReader(value, noun: "a measure", keys: Self.measureKeys, log: log) else { return nil }
        if !reader.has("name") { reader.reportMissing("name", hint: "write `name: shop.checkouts`") }
        let name = reader.has("name") ? reader.parse("name", Checks.measureName) : nil
        let kind = reader.choice("kind", of: LogMeasureSpec.Kind.self)?.value ?? .count
        let field = reader.parse("of", Checks.field)
        if kind != .count, !reader.has("of") {
            reader.reportMissing("of", hint: "write whose numbers: `of: duration`")
        }
        if kind == .count, reader.has("of") {
            log.error(
                "measure.count", at: reader.keyPosition("of"), "Counting lines needs no field.",
                hint: "write `kind: sum` or `timing` for a field's numbers")
        }
        let by = reader.has("by") ? fields("by", reader) : []
        return name.map { .measure(LogMeasureSpec(name: $0.value, kind: kind, field: field?.value, by: by)) }
    }

    private func when(_ value: YAMLValue) -> LogStepSpec? {
        guard let reader = MappingReader(value, noun: "`when`", keys: Self.whenKeys, log: log) else { return nil }
        if !reader.has("lines") { reader.reportMissing("lines", hint: "write of which lines: `lines: level:>=warn`") }
        if !reader.has("steps") { reader.reportMissing("steps", hint: "write `steps: [{ set: { team: shop } }]`") }
        let lines = reader.has("lines") ? reader.parse("lines", Checks.query) : nil
        depth += 1
        defer { depth -= 1 }
        let steps = steps("steps", reader)
        return lines.map { .when(lines: $0.value, steps: steps) }
    }

    // MARK: Parts

    private func from(_ reader: MappingReader) -> String { reader.parse("from", Checks.field)?.value ?? "message" }

    private func fields(
        _ key: String, _ reader: MappingReader, _ check: (String) throws(Problem) -> String = Checks.field
    ) -> [String] {
        schema.bounded(reader.list(key), Self.fieldsMax, key, reader).compactMap { item in
            log.text(item, of: key).flatMap { log.parse($0, check) }?.value
        }
    }

    private func expressions(_ key: String, _ reader: MappingReader) -> [String] {
        fields(key, reader, Checks.expression)
    }

    private func entries(_ key: String, _ reader: MappingReader) -> ArraySlice<YAMLEntry> {
        schema.bounded(reader.entries(key), Self.fieldsMax, key, reader)
    }

    /// A mapping from fields to values, in the order in which it is written.
    private func pairs<Value>(
        _ key: String, _ reader: MappingReader, _ read: (Located<String>) -> Value?
    ) -> [(String, Value)] {
        entries(key, reader).compactMap { entry in
            let field = log.parse(Located(entry.key, at: entry.keyPosition), Checks.field)
            let value = log.text(entry.value, of: entry.key).flatMap(read)
            guard let field, let value else { return nil }
            return (field.value, value)
        }
    }
}
