import Core

/// Reads a mapping with known keys. Unknown keys are reported at once, with the key that was
/// probably meant; every accessor returns nil after it has reported what is wrong, so a reader
/// goes on and finds the next mistake too.
struct MappingReader {
    /// A mapping with more unknown keys than this is something else altogether.
    private static let unknownMax = 20

    /// What the mapping describes, with its article, for messages: `an app`.
    let noun: String
    let log: DiagnosticLog
    let position: SourcePosition
    private let keys: Set<String>
    private let entries: [String: YAMLEntry]

    /// Nil, after a report, unless the value is a mapping. Keys that start with `x-` are the team's own.
    init?(_ value: YAMLValue, noun: String, keys: Set<String>, log: DiagnosticLog) {
        guard case .mapping(let list) = value.content else {
            log.error(
                "value.type", at: value.position, "Keys with values are expected for \(noun).",
                cause: "There is \(value.kind).", hint: "known here: \(keys.sorted().joined(separator: ", "))")
            return nil
        }
        self.noun = noun
        self.log = log
        self.position = value.position
        self.keys = keys
        var entries: [String: YAMLEntry] = [:]
        var unknownCount = 0
        for entry in list where !entry.key.hasPrefix("x-") {
            if keys.contains(entry.key) {
                entries[entry.key] = entry
            } else {
                unknownCount += 1
                guard unknownCount <= Self.unknownMax else { continue }
                log.error(
                    "key.unknown", at: entry.keyPosition, "\(quotedForMessage(entry.key)) is not a key of \(noun).",
                    hint: Suggestion.hint(for: entry.key, in: keys))
            }
        }
        if unknownCount > Self.unknownMax {
            log.error("key.unknown", at: position, "\(unknownCount - Self.unknownMax) more keys are not known here.")
        }
        self.entries = entries
    }

    func has(_ key: String) -> Bool { entry(key) != nil }

    /// Where the key is written, or else the mapping itself.
    func keyPosition(_ key: String) -> SourcePosition { entry(key)?.keyPosition ?? position }

    func value(_ key: String) -> YAMLValue? {
        guard let entry = entry(key) else { return nil }
        guard !entry.value.isNull else {
            log.error(
                "value.missing", at: entry.keyPosition, "`\(key)` has no value.", hint: "write one, or remove the key")
            return nil
        }
        return entry.value
    }

    func text(_ key: String) -> Located<String>? { value(key).flatMap { log.text($0, of: key) } }

    /// The value as the type that its text describes.
    func parse<Value>(_ key: String, _ parse: (String) throws(Problem) -> Value) -> Located<Value>? {
        guard let text = text(key) else { return nil }
        return log.parse(text, parse)
    }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Located<Int>? {
        value(key).flatMap { log.integer($0, of: key, in: range) }
    }

    func interval(_ key: String, in range: ClosedRange<Interval>) -> Located<Interval>? {
        guard let interval = parse(key, { text throws(Problem) in try Interval(text) }) else { return nil }
        guard range.contains(interval.value) else {
            log.error(
                "value.range", at: interval.position,
                "`\(key)` must be from \(range.lowerBound) to \(range.upperBound).")
            return nil
        }
        return interval
    }

    func flag(_ key: String) -> Located<Bool>? {
        guard let text = text(key) else { return nil }
        switch text.value {
        case "true": return text.map { _ in true }
        case "false": return text.map { _ in false }
        default:
            log.error(
                "value.type", at: text.position, "`\(key)` must be true or false.",
                cause: "\(quotedForMessage(text.value)) was found.")
            return nil
        }
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, of type: Choice.Type) -> Located<
        Choice
    >? {
        guard let text = text(key) else { return nil }
        return log.choice(text, of: key, from: type)
    }

    /// A list; a single value stands for a list of one.
    func list(_ key: String) -> [YAMLValue] {
        guard let value = value(key) else { return [] }
        if case .list(let items) = value.content { return items }
        return [value]
    }

    /// A mapping whose keys are the author's own.
    func entries(_ key: String) -> [YAMLEntry] {
        guard let value = value(key) else { return [] }
        guard case .mapping(let entries) = value.content else {
            log.error(
                "value.type", at: value.position, "Keys with values are expected for `\(key)`.",
                cause: "There is \(value.kind).")
            return []
        }
        return entries
    }

    func mapping(_ key: String, noun: String, keys: Set<String>) -> MappingReader? {
        value(key).flatMap { MappingReader($0, noun: noun, keys: keys, log: log) }
    }

    func reportMissing(_ key: String, hint: String) {
        log.error("key.missing", at: position, "`\(key)` is missing in \(noun).", hint: hint)
    }

    private func entry(_ key: String) -> YAMLEntry? {
        precondition(keys.contains(key), "the schema of \(noun) has no key \(key)")
        return entries[key]
    }
}

extension DiagnosticLog {
    func text(_ value: YAMLValue, of key: String) -> Located<String>? {
        guard let scalar = value.scalar, !scalar.isNull else {
            error(
                "value.type", at: value.position, "A single value is expected for `\(key)`.",
                cause: "There is \(value.kind).")
            return nil
        }
        return Located(scalar.text, at: value.position)
    }

    func parse<Value>(_ text: Located<String>, _ parse: (String) throws(Problem) -> Value) -> Located<Value>? {
        do {
            return Located(try parse(text.value), at: text.position)
        } catch {
            report(error, at: text.position)
            return nil
        }
    }

    /// A name written as a value.
    func name<N: Name>(_ value: YAMLValue, of key: String, as type: N.Type) -> Located<N>? {
        text(value, of: key).flatMap { parse($0) { text throws(Problem) in try N(text) } }
    }

    /// A name written as a key.
    func name<N: Name>(key entry: YAMLEntry, as type: N.Type) -> Located<N>? {
        parse(Located(entry.key, at: entry.keyPosition)) { text throws(Problem) in try N(text) }
    }

    func integer(_ value: YAMLValue, of key: String, in range: ClosedRange<Int>) -> Located<Int>? {
        guard let text = text(value, of: key) else { return nil }
        let digits = text.value.utf8
        let isNumber = !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, digits.count == 1 || digits.first != UInt8(ascii: "0"), value.scalar?.isPlain == true else {
            error(
                "value.type", at: text.position, "`\(key)` must be a whole number.",
                cause: "\(quotedForMessage(text.value)) was found.",
                hint: isNumber ? "write it without quotes and without a leading zero" : nil)
            return nil
        }
        guard let number = Int(text.value), range.contains(number) else {
            error(
                "value.range", at: text.position,
                "`\(key)` must be from \(range.lowerBound) to \(range.upperBound).",
                cause: "\(quotedForMessage(text.value)) was found.")
            return nil
        }
        return Located(number, at: text.position)
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ text: Located<String>, of key: String, from type: Choice.Type
    ) -> Located<Choice>? {
        if let choice = Choice(rawValue: text.value) { return Located(choice, at: text.position) }
        error(
            "value.unknown", at: text.position, "\(quotedForMessage(text.value)) is not known for `\(key)`.",
            hint: Suggestion.hint(for: text.value, in: Choice.allCases.map(\.rawValue)))
        return nil
    }
}
