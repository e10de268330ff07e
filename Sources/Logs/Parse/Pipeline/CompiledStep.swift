/// A step whose names are numbers and whose patterns are compiled.
indirect enum CompiledStep: Sendable {
    case parse(LogFormat, from: RecordSlot)
    case match(PatternSet, from: RecordSlot)
    case rename(from: RecordSlot, to: RecordSlot)
    case drop(RecordSlot)
    case dropPrefix([UInt8])
    case set(RecordSlot, to: [TemplatePart])
    case lower(RecordSlot)
    case upper(RecordSlot)
    case clean(RecordSlot)
    case convert(RecordSlot, to: LogStep.Conversion)
    case time(from: RecordSlot, zone: Int)
    case level(from: RecordSlot)
    case dropLines(where: RecordFilter)
    case sample(oneIn: UInt64, where: RecordFilter)
    case redact(Redactor)
    case measure(CompiledMeasure)
    case when(RecordFilter, [CompiledStep])
}

/// A piece of a text that is put together.
enum TemplatePart: Sendable {
    case text([UInt8])
    case value(RecordSlot)
}

struct CompiledMeasure: Sendable {
    var name: String
    /// What is added or gathered; nil: 1.
    var value: RecordSlot?
    var isTiming: Bool
    var by: [(name: String, slot: RecordSlot)]
}

/// Patterns of which the first that matches makes fields.
struct PatternSet: Sendable {
    struct Capture: Sendable {
        enum Kind: Sendable {
            case text, integer, decimal
        }

        var group: Int
        var slot: RecordSlot
        var kind: Kind
    }

    struct Pattern: Sendable {
        var code: PatternCode
        var captures: [Capture]
    }

    var patterns: [Pattern]
    /// What `unparsed` says if none matches.
    var noun: [UInt8]
}
