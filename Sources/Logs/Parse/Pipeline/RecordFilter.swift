/// A filter whose names are looked up already.
indirect enum RecordFilter: Sendable {
    case all
    case and([RecordFilter])
    case or([RecordFilter])
    case not(RecordFilter)
    case test(RecordSlot, LogTest)
}

extension LogBatchBuilder {
    mutating func fulfils(_ filter: RecordFilter) -> Bool {
        switch filter {
        case .all: return true
        case .and(let filters):
            for filter in filters where !fulfils(filter) { return false }
            return true
        case .or(let filters):
            for filter in filters where fulfils(filter) { return true }
            return false
        case .not(let filter): return !fulfils(filter)
        case .test(let slot, let test): return passes(test, slot)
        }
    }

    private mutating func passes(_ test: LogTest, _ slot: RecordSlot) -> Bool {
        switch test {
        case .level(let range): return range.contains(line.level)
        case .range(let range):
            switch slot {
            case .time: return range.contains(Double(line.time))
            case .level: return range.contains(Double(line.level.rawValue))
            default: return value(slot)?.double.map(range.contains) ?? false
            }
        case .exists: return value(slot) != nil
        case .equals(let bytes): return value(slot)?.equals(bytes) ?? false
        case .phrase(let bytes): return value(slot)?.hasPhrase(bytes, isPrefix: false) ?? false
        case .prefix(let bytes): return value(slot)?.hasPhrase(bytes, isPrefix: true) ?? false
        case .matches(let pattern): return value(slot).map { pattern.isMatch($0.buffer) } ?? false
        }
    }
}

extension ByteView {
    /// Whether the bytes are in it without the case of ASCII letters, and begin (and end, if it is no prefix) where no
    /// word goes on. See `LogTest`.
    func hasPhrase(_ phrase: [UInt8], isPrefix: Bool) -> Bool {
        guard let first = phrase.first, let last = phrase.last else { return true }
        guard count >= phrase.count else { return false }
        for place in 0...(count - phrase.count) where Self.lower(self[place]) == first {
            guard (1..<phrase.count).allSatisfy({ Self.lower(self[place + $0]) == phrase[$0] }) else { continue }
            if place > 0, Self.isWord(first), Self.isWord(self[place - 1]) { continue }
            let end = place + phrase.count
            if !isPrefix, end < count, Self.isWord(last), Self.isWord(self[end]) { continue }
            return true
        }
        return false
    }
}
