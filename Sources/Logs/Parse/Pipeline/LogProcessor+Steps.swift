extension LogProcessor {
    mutating func run(_ steps: [CompiledStep]) {
        for step in steps {
            run(step)
            if builder.line.isDropped { return }
        }
    }

    mutating func run(_ step: CompiledStep) {
        switch step {
        case .parse(let format, let from): parse(format, from)
        case .match(let set, let from): match(set, from)
        case .rename(let from, let to): rename(from, to)
        case .drop(let slot): builder.remove(slot)
        case .dropPrefix(let prefix): drop(prefix)
        case .set(let slot, let parts): set(slot, parts)
        case .lower(let slot): change(slot) { ByteView.lower($0) }
        case .upper(let slot): change(slot) { $0 &- 0x61 <= 25 ? $0 & 0xDF : $0 }
        case .clean(let slot):
            guard let value = builder.value(slot) else { return }
            builder.set(slot, ControlText.cleaned(value, &builder.line.scratch))
        case .convert(let slot, let conversion):
            guard let value = builder.value(slot), let text = conversion.text(value.trimmed) else { return }
            builder.set(slot, builder.line.scratch.copy(text.utf8))
        case .time(let from, let zone): time(from, zone)
        case .level(let from):
            guard let value = builder.value(from), let level = LevelText.level(value) else { return }
            builder.remove(from)
            builder.line.level = level
        case .dropLines(let filter): if builder.fulfils(filter) { builder.line.isDropped = true }
        case .sample(let oneIn, let filter):
            if builder.fulfils(filter), nextRandom() % oneIn != 0 { builder.line.isDropped = true }
        case .redact(let redactor): redact(redactor)
        case .measure(let measure): self.measure(measure)
        case .when(let filter, let steps): if builder.fulfils(filter) { run(steps) }
        }
    }

    private mutating func parse(_ format: LogFormat, _ from: RecordSlot) {
        guard let text = builder.value(from) else { return }
        // A listener for syslog has taken the message out of its envelope.
        if format == .syslog, from == .message, builder.line.value(ProgramNames.facility) != nil { return }
        let message = builder.line.message
        guard LineForms.parse(text, as: format, &builder) else {
            noteUnparsed(Array(format.rawValue.utf8))
            return
        }
        guard from != .message else { return }
        // The message is the line's; what a field says is a field.
        let found = builder.line.message
        builder.line.message = message
        if !found.isEmpty, found.start != message.start || found.count != message.count {
            builder.line.set(ProgramNames.message, found)
        }
    }

    private mutating func noteUnparsed(_ noun: [UInt8]) {
        counts.unparsed += 1
        builder.line.set(ProgramNames.unparsed, builder.line.scratch.copy(noun))
    }

    private mutating func match(_ set: PatternSet, _ from: RecordSlot) {
        guard let value = builder.value(from) else { return }
        let text = value.slice(0, min(value.count, PatternSet.textBytesMax))
        for pattern in set.patterns {
            switch room.match(pattern.code, text) {
            case .none: continue
            case .exhausted:
                counts.exhausted += 1
                continue
            case .match:
                for capture in pattern.captures {
                    guard let range = room.group(capture.group), !range.isEmpty else { continue }
                    take(text.slice(range.lowerBound, range.upperBound), capture)
                }
                return
            }
        }
        noteUnparsed(set.noun)
    }

    private mutating func take(_ value: ByteView, _ capture: PatternSet.Capture) {
        switch capture.kind {
        case .text: builder.set(capture.slot, value)
        case .decimal: builder.set(capture.slot, value)
        case .integer:
            guard value.integer == nil, let text = LogStep.Conversion.integer.text(value) else {
                return builder.set(capture.slot, value)
            }
            builder.set(capture.slot, builder.line.scratch.copy(text.utf8))
        }
    }

    private mutating func rename(_ from: RecordSlot, _ to: RecordSlot) {
        guard from != to, let value = builder.value(from) else { return }
        builder.remove(from)
        builder.set(to, value)
    }

    private mutating func drop(_ prefix: [UInt8]) {
        for index in 0..<builder.line.fieldCount {
            let name = builder.line.field(index).name
            guard name != LogRecord.removed, builder.text(ofName: name).utf8.starts(with: prefix) else { continue }
            builder.line.remove(name)
        }
    }

    private mutating func set(_ slot: RecordSlot, _ parts: [TemplatePart]) {
        var bytes: [UInt8] = []
        for part in parts {
            switch part {
            case .text(let text): bytes += text
            case .value(let slot): if let value = builder.value(slot) { bytes += value.buffer }
            }
        }
        builder.set(slot, builder.line.scratch.copy(bytes))
    }

    private mutating func change(_ slot: RecordSlot, _ body: (UInt8) -> UInt8) {
        guard let value = builder.value(slot) else { return }
        let place = builder.line.scratch.take(value.count)
        for index in 0..<value.count {
            place.storeBytes(of: body(value[index]), toByteOffset: index, as: UInt8.self)
        }
        builder.set(slot, ByteView(place, value.count))
    }

    private mutating func time(_ from: RecordSlot, _ zone: Int) {
        let minute: Int64 = 60_000_000_000
        guard let value = builder.value(from)?.trimmed,
            let found = TimeText.prefix(value, now: builder.line.now), found.count == value.count
        else { return }
        builder.remove(from)
        builder.line.setTime(found.hasZone ? found.time : found.time - Int64(zone) * minute)
    }

    private mutating func redact(_ redactor: Redactor) {
        var exhausted = 0
        builder.line.message = redactor.redacted(builder.line.message, room, &builder.line.scratch, &exhausted)
        for index in 0..<builder.line.fieldCount where builder.line.field(index).name != LogRecord.removed {
            let text = builder.line.field(index).value
            builder.line.setValue(at: index, redactor.redacted(text, room, &builder.line.scratch, &exhausted))
        }
        redactor.hideNamed(&builder)
        counts.exhausted += exhausted
    }

    private mutating func measure(_ measure: CompiledMeasure) {
        var number = 1.0
        if let slot = measure.value {
            guard let value = builder.value(slot)?.double else { return }
            number = value
        }
        let tags = measure.by.map { LogMeasure.Tag(name: $0.name, value: builder.value($0.slot)?.text ?? "") }
        if !measures.add(number, measure.name, tags, isTiming: measure.isTiming) { counts.unmeasured += 1 }
    }

    /// SplitMix64, by Sebastiano Vigna.
    private mutating func nextRandom() -> UInt64 {
        random &+= 0x9E37_79B9_7F4A_7C15
        var mixed = random
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension LogStep.Conversion {
    /// What a number becomes; nil if the text is none.
    func text(_ value: ByteView) -> String? {
        switch self {
        case .integer:
            guard let number = value.double, abs(number) < 9e18 else { return nil }
            return "\(Int64(number))"
        case .milliseconds: return value.double.map { Self.text($0 * 1000) }
        case .seconds: return value.double.map { Self.text($0 / 1000) }
        case .bytes: return Self.bytes(value)
        }
    }

    /// Without `.0` behind whole numbers, and without the last digits that a multiplication makes.
    private static func text(_ number: Double) -> String {
        if number == number.rounded(), abs(number) < 1e15 { return "\(Int64(number))" }
        let rounded = (number * 1e6).rounded() / 1e6
        return "\(rounded.isFinite ? rounded : number)"
    }

    private static func bytes(_ value: ByteView) -> String? {
        var digits = 0
        while digits < value.count, ByteView.isDigit(value[digits]) || value[digits] == 0x2E { digits += 1 }
        guard let number = value.slice(0, digits).double else { return nil }
        let unit = value.dropFirst(digits).trimmed.text.lowercased()
        let factors: [String: Double] = [
            "": 1, "b": 1, "k": 1000, "kb": 1000, "kib": 1024, "m": 1e6, "mb": 1e6, "mib": 1_048_576, "g": 1e9,
            "gb": 1e9, "gib": 1_073_741_824, "t": 1e12, "tb": 1e12, "tib": 1_099_511_627_776,
        ]
        guard let factor = factors[unit], number * factor < 9e18 else { return nil }
        return "\(Int64(number * factor))"
    }
}
