import Telemetry

/// Gives names their numbers and compiles patterns.
struct ProgramCompiler {
    private static let depthMax = 16
    private static let stepsMax = 500

    private var numbers: [String: UInt32]
    private(set) var names: [String] = []
    private var stepCount = 0

    init() {
        numbers = Dictionary(
            uniqueKeysWithValues: ProgramNames.all.enumerated().map { ($0.element, UInt32($0.offset)) })
    }

    mutating func steps(_ steps: [LogStep], depth: Int = 0) throws(TelemetryProblem) -> [CompiledStep] {
        guard depth < Self.depthMax else { throw Self.problem("Steps are nested deeper than \(Self.depthMax).") }
        var compiled: [CompiledStep] = []
        for step in steps {
            stepCount += 1
            guard stepCount <= Self.stepsMax else { throw Self.problem("There are more than \(Self.stepsMax) steps.") }
            compiled += try compile(step, depth: depth)
        }
        return compiled
    }

    private mutating func compile(_ step: LogStep, depth: Int) throws(TelemetryProblem) -> [CompiledStep] {
        switch step {
        case .parse(let format, let from): return [.parse(format, from: try slot(from))]
        case .grok(let texts, let from, let definitions):
            guard !texts.isEmpty else { throw Self.problem("A step of grok has no pattern.") }
            return [.match(try grok(texts, definitions), from: try slot(from))]
        case .pattern(let text, let from): return [.match(try pattern(text), from: try slot(from))]
        case .rename(let from, let to):
            guard to != "time" else {
                throw Self.problem("A field is not renamed to a time: the step `time` reads it.")
            }
            return [.rename(from: try slot(from), to: try slot(to))]
        case .drop(let fields): return try fields.map { field throws(TelemetryProblem) in try drop(field) }
        case .set(let field, let to): return [.set(try slot(field), to: try template(to))]
        case .lower(let field): return [.lower(try slot(field))]
        case .upper(let field): return [.upper(try slot(field))]
        case .clean(let field): return [.clean(try slot(field))]
        case .convert(let field, let to): return [.convert(try slot(field), to: to)]
        case .time(let from, let zone):
            guard abs(zone) <= 16 * 60 else { throw Self.problem("\(zone) minutes are no time zone.") }
            return [.time(from: try slot(from), zone: zone)]
        case .level(let from): return [.level(from: try slot(from))]
        case .dropLines(let filter): return [.dropLines(where: self.filter(filter))]
        case .sample(let oneIn, let filter):
            guard oneIn > 0 else { throw Self.problem("One line in \(oneIn) cannot be kept.") }
            return [.sample(oneIn: UInt64(oneIn), where: self.filter(filter))]
        case .redact(let redaction): return [.redact(try Redactor(redaction))]
        case .measure(let rule): return [.measure(try measure(rule))]
        case .when(let filter, let steps):
            return [.when(self.filter(filter), try self.steps(steps, depth: depth + 1))]
        }
    }

    mutating func filter(_ filter: LogFilter) -> RecordFilter {
        switch filter {
        case .all: return .all
        case .and(let filters): return .and(filters.map { self.filter($0) })
        case .or(let filters): return .or(filters.map { self.filter($0) })
        case .not(let filter): return .not(self.filter(filter))
        case .condition(let condition): return .test(place(condition.field), condition.test)
        }
    }

    private mutating func slot(_ name: String) throws(TelemetryProblem) -> RecordSlot {
        guard !name.isEmpty, name.utf8.count <= NameTable.nameBytesMax else {
            throw Self.problem("\"\(name.prefix(100))\" is no name of a field.")
        }
        return place(name)
    }

    private mutating func place(_ name: String) -> RecordSlot {
        switch name {
        case "message": return .message
        case "level": return .level
        case "time": return .time
        default:
            if let number = numbers[name] { return .field(number, name: name) }
            let number = UInt32(ProgramNames.all.count + names.count)
            names.append(name)
            numbers[name] = number
            return .field(number, name: name)
        }
    }

    private mutating func drop(_ name: String) throws(TelemetryProblem) -> CompiledStep {
        guard name.hasSuffix("*") else { return .drop(try slot(name)) }
        return .dropPrefix(Array(name.utf8.dropLast()))
    }

    /// A text with `${name}` in it; `$$` stands for `$`.
    private mutating func template(_ text: String) throws(TelemetryProblem) -> [TemplatePart] {
        var (parts, literal): ([TemplatePart], [UInt8]) = ([], [])
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "$"), let next = rest.first else {
                literal.append(byte)
                continue
            }
            if next == UInt8(ascii: "$") {
                literal.append(byte)
                rest.removeFirst()
            } else if next == UInt8(ascii: "{") {
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
                    throw Self.problem("\"\(text.prefix(200))\" has a `${` without its `}`.")
                }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = []
                parts.append(.value(try slot(String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self))))
                rest = rest[(end + 1)...]
            } else {
                literal.append(byte)
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        return parts
    }

    private mutating func measure(_ rule: LogMeasureRule) throws(TelemetryProblem) -> CompiledMeasure {
        guard !rule.name.isEmpty, rule.by.count <= 16 else {
            throw Self.problem("A measure needs a name, and at most 16 fields to tell series apart.")
        }
        var by: [(name: String, slot: RecordSlot)] = []
        for name in rule.by { by.append((name, try slot(name))) }
        switch rule.kind {
        case .count: return CompiledMeasure(name: rule.name, value: nil, isTiming: false, by: by)
        case .sum(let field):
            return CompiledMeasure(name: rule.name, value: try slot(field), isTiming: false, by: by)
        case .timing(let field):
            return CompiledMeasure(name: rule.name, value: try slot(field), isTiming: true, by: by)
        }
    }

    private mutating func grok(
        _ texts: [String], _ definitions: [String: String]
    ) throws(TelemetryProblem) -> PatternSet {
        var patterns: [PatternSet.Pattern] = []
        for text in texts {
            let grok = try GrokPattern(text, GrokLibrary.standard.adding(definitions))
            let code = try PatternCode(grok.expression)
            var captures: [PatternSet.Capture] = []
            for group in code.groups {
                let field = grok.fields[group.name] ?? GrokPattern.Field(name: group.name, kind: .text)
                captures.append(
                    PatternSet.Capture(group: group.number, slot: try slot(field.name), kind: field.kind))
            }
            patterns.append(try Self.checked(PatternSet.Pattern(code: code, captures: captures)))
        }
        return PatternSet(patterns: patterns, noun: Array("grok".utf8))
    }

    private mutating func pattern(_ text: String) throws(TelemetryProblem) -> PatternSet {
        let code = try PatternCode(text)
        guard !code.groups.isEmpty else {
            throw Self.problem("The pattern \"\(text.prefix(200))\" has no named group, such as `(?<user>\\w+)`.")
        }
        var captures: [PatternSet.Capture] = []
        for group in code.groups {
            captures.append(PatternSet.Capture(group: group.number, slot: try slot(group.name), kind: .text))
        }
        let pattern = try Self.checked(PatternSet.Pattern(code: code, captures: captures))
        return PatternSet(patterns: [pattern], noun: Array("pattern".utf8))
    }

    private static func checked(_ pattern: PatternSet.Pattern) throws(TelemetryProblem) -> PatternSet.Pattern {
        guard pattern.code.groupCount < PatternRoom.groupsMax else {
            throw problem(
                "A pattern has \(pattern.code.groupCount) groups, and \(PatternRoom.groupsMax - 1) are taken.")
        }
        return pattern
    }

    private static func problem(_ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "logs.step", "A pipeline of logs cannot be used.", cause: cause,
            remedy: "Mend the step; docs/logs-pipelines.md has them all.")
    }
}
