/// The tags of series: for each key and value, the places of the series that have it, in order. The path of
/// a tagged series counts as its tag `name`.
struct TagIndex: Sendable {
    private var texts: ByteTable
    private var postings: [UInt64: [UInt32]] = [:]
    /// The values that a key ever had.
    private var values: [UInt32: [UInt32]] = [:]
    private var entries = 0

    init(seed: UInt64) { texts = ByteTable(seed: seed) }

    var footprint: Int { texts.footprint + postings.capacity * 24 + entries * 4 + values.count * 24 }

    mutating func add(_ name: SeriesName, _ place: UInt32) {
        for (key, value) in Self.pairs(name) {
            let id = Self.id(texts.add(key), texts.add(value))
            if postings[id] == nil { values[UInt32(id >> 32), default: []].append(UInt32(truncatingIfNeeded: id)) }
            let at = Self.index(of: place, in: postings[id] ?? [])
            postings[id, default: []].insert(place, at: at)
            entries += 1
        }
    }

    mutating func remove(_ name: SeriesName, _ place: UInt32) {
        for (key, value) in Self.pairs(name) {
            guard let key = texts.number(of: String(key)), let value = texts.number(of: String(value)) else { continue }
            let id = Self.id(key, value)
            let at = Self.index(of: place, in: postings[id] ?? [])
            guard let list = postings[id], at < list.count, list[at] == place else { continue }
            postings[id]?.remove(at: at)
            entries -= 1
        }
    }

    static func pairs(_ name: SeriesName) -> [(Substring, Substring)] {
        [("name", name.path)] + name.tags.map { ($0.key, $0.value) }
    }

    /// The values of a key that series have.
    func values(of key: String) -> [(text: String, places: [UInt32])] {
        guard let key = texts.number(of: key) else { return [] }
        return (values[key] ?? []).compactMap { value in
            guard let list = postings[Self.id(key, value)], !list.isEmpty else { return nil }
            return (texts.text(of: value), list)
        }
    }

    /// The series that have one value of a key.
    func places(_ key: String, _ value: String) -> [UInt32] {
        guard let key = texts.number(of: key), let value = texts.number(of: value) else { return [] }
        return postings[Self.id(key, value)] ?? []
    }

    /// The keys that series have.
    var keys: [String] { values.keys.map { texts.text(of: $0) }.filter { !values(of: $0).isEmpty } }

    private static func id(_ key: UInt32, _ value: UInt32) -> UInt64 { UInt64(key) << 32 | UInt64(value) }

    private static func index(of place: UInt32, in list: [UInt32]) -> Int {
        if list.last.map({ $0 < place }) ?? true { return list.count }
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// A condition that is ready to be tried on many values.
final class TagTest {
    let key: String
    /// The value that is demanded, if it is exactly one.
    let exact: String?
    private let text: String
    /// What patterns are tried with; it learns from each value.
    private var automaton: PatternAutomaton?
    private let isWanted: Bool

    init(_ condition: TagCondition) throws(TelemetryProblem) {
        key = condition.key
        text = condition.value
        isWanted = condition.comparison == .equal || condition.comparison == .matches
        switch condition.comparison {
        case .equal, .unequal:
            automaton = nil
            exact = isWanted ? condition.value : nil
        case .matches, .differs:
            exact = nil
            automaton = try Self.automaton(condition.value)
        }
    }

    private static func automaton(_ text: String) throws(TelemetryProblem) -> PatternAutomaton {
        var cause = "It is longer than 1,024 bytes, or looks ahead."
        if text.utf8.count <= 1024 {
            do throws(TelemetryProblem) {
                if let automaton = PatternAutomaton(try BoundedPattern(text), isAnchored: true) { return automaton }
            } catch {
                cause = error.cause
            }
        }
        throw TelemetryProblem(
            "series.tag-pattern-invalid", "The series were not looked up.",
            cause: "`\(text.prefix(64))` is no regular expression that is matched in linear time. \(cause)",
            remedy: "Write a regular expression, as `web-[0-9]+`, or compare with `=`.")
    }

    /// - Parameter value: empty if there is no such tag.
    func holds(_ value: some StringProtocol) -> Bool {
        (automaton?.matches(value) ?? (value == text)) == isWanted
    }

    /// Whether only series that have the tag can fulfil it.
    var demands: Bool { !holds("") }
}
