import Telemetry

extension LogTest {
    /// Whether a value passes; nil is none.
    func passes(_ value: UnsafeRawBufferPointer?) -> Bool {
        guard let value else { return false }
        switch self {
        case .phrase(let phrase): return Self.find(phrase, in: value, mayGoOn: false)
        case .prefix(let phrase): return Self.find(phrase, in: value, mayGoOn: true)
        case .equals(let bytes): return value.elementsEqual(bytes)
        case .range(let range): return Self.number(value).map { range.contains($0) } ?? false
        case .level(let range): return Self.level(value).map { range.contains($0) } ?? false
        case .matches(let pattern): return pattern.isMatch(value)
        case .exists: return true
        }
    }

    private static func level(_ value: UnsafeRawBufferPointer) -> LogLevel? {
        guard value.count <= 16 else { return nil }
        return LogLevel(word: String(decoding: value, as: UTF8.self))
    }

    /// A decimal number, as `12`, `-0.5` and `1e6` are.
    static func number(_ value: UnsafeRawBufferPointer) -> Double? {
        guard !value.isEmpty, value.count <= 40,
            value.allSatisfy({ LogWord.isDigit($0) || "+-.eE".utf8.contains($0) })
        else { return nil }
        return Double(String(decoding: value, as: UTF8.self))
    }

    /// - Parameter phrase: in lower case.
    static func find(_ phrase: [UInt8], in value: UnsafeRawBufferPointer, mayGoOn: Bool) -> Bool {
        guard let first = phrase.first, let last = phrase.last else { return true }
        guard value.count >= phrase.count else { return false }
        let beginsInWord = LogWord.isPart(first)
        let endsInWord = LogWord.isPart(last) && !mayGoOn
        return phrase.withUnsafeBytes { phrase in
            for at in 0...(value.count - phrase.count) where LogWord.lower(value[at]) == first {
                if beginsInWord, at > 0, LogWord.isPart(value[at - 1]) { continue }
                let end = at + phrase.count
                if endsInWord, end < value.count, LogWord.isPart(value[end]) { continue }
                var index = 1
                while index < phrase.count, LogWord.lower(value[at + index]) == phrase[index] { index += 1 }
                if index == phrase.count { return true }
            }
            return false
        }
    }
}
