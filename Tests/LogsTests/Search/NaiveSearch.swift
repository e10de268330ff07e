import Logs
import Telemetry

/// What a query means, said again in the simplest way, to be compared with.
enum NaiveSearch {
    struct Found: Hashable {
        var stream: LogStream
        var line: MemoryLogSource.Line
        /// Its place among all lines of its stream.
        var arrival: Int
    }

    /// Lines in order of time, of streams, and of arrival.
    static func search(
        _ expression: LogExpression, _ streams: [(stream: LogStream, lines: [MemoryLogSource.Line])]
    ) -> [Found] {
        var found: [Found] = []
        for (stream, lines) in streams {
            for (arrival, line) in lines.enumerated() where holds(expression, line, stream) {
                found.append(Found(stream: stream, line: line, arrival: arrival))
            }
        }
        return found.sorted {
            ($0.line.time, $0.stream.key, $0.arrival) < ($1.line.time, $1.stream.key, $1.arrival)
        }
    }

    private static func holds(
        _ expression: LogExpression, _ line: MemoryLogSource.Line, _ stream: LogStream
    ) -> Bool {
        switch expression {
        case .all: return true
        case .and(let parts): return parts.allSatisfy { holds($0, line, stream) }
        case .or(let parts): return parts.contains { holds($0, line, stream) }
        case .not(let part): return !holds(part, line, stream)
        case .term(let term):
            guard let value = line.value(of: term.field ?? "message", in: stream) else { return false }
            return holds(term, value)
        }
    }

    private static func holds(_ term: LogTerm, _ value: String) -> Bool {
        switch term.test {
        case .exists: return true
        case .exact(let text):
            if term.field == "level", let level = LogLevel(word: String(decoding: text, as: UTF8.self)) {
                return LogLevel(word: value) == level
            }
            return Array(value.utf8) == text
        case .phrase(let text):
            if term.field == "level", let level = LogLevel(word: String(decoding: text, as: UTF8.self)) {
                return LogLevel(word: value) == level
            }
            return places(of: text, in: value).contains { isEdge(value, $0) && isEdge(value, $0 + text.count) }
        case .prefix(let text): return places(of: text, in: value).contains { isEdge(value, $0) }
        case .pattern(let text, let ignoresCase):
            let flags = ignoresCase ? "(?i)" : ""
            guard var matcher = (try? BoundedPattern(flags + text)).map({ PatternMatcher($0) }) else { return false }
            return (try? matcher.contains(value)) ?? false
        case .range(let from, let to):
            if let level = LogLevel(word: from?.text ?? to?.text ?? "") {
                guard let found = LogLevel(word: value) else { return false }
                return from?.isIncluded ?? true ? found >= level : found > level
            }
            guard let number = LogNumber.parse(Array(value.utf8)) else { return false }
            if let from, let low = LogNumber.parse(Array(from.text.utf8)) {
                guard from.isIncluded ? number >= low : number > low else { return false }
            }
            if let to, let high = LogNumber.parse(Array(to.text.utf8)) {
                guard to.isIncluded ? number <= high : number < high else { return false }
            }
            return true
        }
    }

    private static func lower(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    }

    private static func places(of text: [UInt8], in value: String) -> [Int] {
        let value = lower(value.utf8)
        let text = lower(text)
        guard value.count >= text.count else { return [] }
        return (0...(value.count - text.count)).filter { Array(value[$0..<$0 + text.count]) == text }
    }

    /// Whether no word goes on over a place.
    private static func isEdge(_ value: String, _ place: Int) -> Bool {
        let bytes = Array(value.utf8)
        guard place > 0, place < bytes.count else { return true }
        return !(isWord(bytes[place - 1]) && isWord(bytes[place]))
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == 0x5F || Character(Unicode.Scalar(byte)).isLetter
            || Character(Unicode.Scalar(byte)).isNumber
    }
}
