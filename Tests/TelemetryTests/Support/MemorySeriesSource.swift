@testable import Telemetry

/// Series in memory, for tests: a source as simple as its contract.
struct MemorySeriesSource: SeriesSource {
    struct Stored: Sendable {
        var step: Int64
        /// By time, multiples of the step.
        var points: [Int64: Double]
    }

    var series: [String: Stored] = [:]

    init() {}

    /// Each window's values become points; NaN becomes none.
    init(_ windows: [SeriesWindow]) {
        for window in windows {
            var points: [Int64: Double] = [:]
            for (index, value) in window.values.enumerated() where !value.isNaN {
                points[window.start + Int64(index) * window.step] = value
            }
            series[window.name] = Stored(step: window.step, points: points)
        }
    }

    private var names: [String] { series.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

    func find(_ pattern: String, from: Int64, until: Int64) async throws(TelemetryProblem) -> [SeriesNode] {
        let pattern = PathGlob(pattern)
        var nodes: [String: SeriesNode] = [:]
        for name in names where !name.contains(";") {
            let parts = name.split(separator: ".")
            guard parts.count >= pattern.count, pattern.matches(parts.prefix(pattern.count)) else { continue }
            let path = parts.prefix(pattern.count).joined(separator: ".")
            var node = nodes[path] ?? SeriesNode(path: path, isLeaf: false, isBranch: false)
            if parts.count == pattern.count { node.isLeaf = true } else { node.isBranch = true }
            nodes[path] = node
        }
        return nodes.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    func names(matching pattern: String) async throws(TelemetryProblem) -> [SeriesName] {
        if pattern.contains(";") {
            let name = try SeriesName(pattern)
            return series[name.text] == nil ? [] : [name]
        }
        let glob = PathGlob(pattern)
        return names.filter { !$0.contains(";") && glob.matches($0.split(separator: ".")[...]) }
            .map { SeriesName(canonical: $0) }
    }

    func names(where conditions: [TagCondition]) async throws(TelemetryProblem) -> [SeriesName] {
        var demands = false
        for condition in conditions where try !holds(condition, for: "") { demands = true }
        guard demands else {
            throw TelemetryProblem(
                "series.conditions-empty", "No series was looked for.", cause: "Every condition holds without a tag.",
                remedy: "Demand a value of at least one tag.")
        }
        return try named(where: conditions)
    }

    private func named(where conditions: [TagCondition]) throws(TelemetryProblem) -> [SeriesName] {
        var found: [SeriesName] = []
        for text in names {
            let name = SeriesName(canonical: text)
            var holdsAll = true
            for condition in conditions where holdsAll {
                holdsAll = try holds(condition, for: value(of: condition.key, in: name))
            }
            if holdsAll { found.append(name) }
        }
        return found
    }

    private func value(of key: String, in name: SeriesName) -> String {
        key == "name" ? String(name.path) : name.tags.first { $0.key == key }.map { String($0.value) } ?? ""
    }

    private func holds(_ condition: TagCondition, for value: String) throws(TelemetryProblem) -> Bool {
        switch condition.comparison {
        case .equal: return value == condition.value
        case .unequal: return value != condition.value
        case .matches, .differs:
            var matcher = PatternMatcher(try BoundedPattern(condition.value))
            return try matcher.matchesBeginning(of: value) == (condition.comparison == .matches)
        }
    }

    func tagKeys(
        prefix: String, where conditions: [TagCondition], limit: Int
    ) async throws(TelemetryProblem) -> [String] {
        let names = try conditions.isEmpty ? self.names.map { SeriesName(canonical: $0) } : named(where: conditions)
        let keys = Set(names.flatMap { $0.tags.map { String($0.key) } } + (names.isEmpty ? [] : ["name"]))
        return Array(keys.filter { $0.hasPrefix(prefix) }.sorted().prefix(limit))
    }

    func tagValues(
        of key: String, prefix: String, where conditions: [TagCondition], limit: Int
    ) async throws(TelemetryProblem) -> [String] {
        let names = try conditions.isEmpty ? self.names.map { SeriesName(canonical: $0) } : named(where: conditions)
        let values = Set(names.map { value(of: key, in: $0) }.filter { !$0.isEmpty && $0.hasPrefix(prefix) })
        return Array(values.sorted().prefix(limit))
    }

    func windows(
        _ names: [SeriesName], from: Int64, until: Int64, now: Int64
    ) async throws(TelemetryProblem) -> [SeriesWindow] {
        names.compactMap { name in
            guard let stored = series[name.text] else { return nil }
            let step = stored.step
            let start = from - from % step + step
            let end = until - until % step + step
            let times = stride(from: start, to: end, by: Int64.Stride(step))
            return SeriesWindow(
                name: name.text, start: start, step: step, values: times.map { stored.points[$0] ?? .nan })
        }
    }
}

/// A pattern of paths, matched node by node.
struct PathGlob {
    private var nodes: [[[Character]]]

    init(_ pattern: String) {
        nodes = pattern.split(separator: ".", omittingEmptySubsequences: false).map { node in
            Self.expand(String(node)).map { variant in Array(variant) }
        }
    }

    var count: Int { nodes.count }

    func matches(_ parts: ArraySlice<Substring>) -> Bool {
        parts.count == nodes.count
            && zip(nodes, parts).allSatisfy { variants, part in
                variants.contains { variant in Self.matches(variant[...], ArraySlice(String(part))) }
            }
    }

    private static func expand(_ text: String) -> [String] {
        guard let close = text.firstIndex(of: "}"), let open = text[..<close].lastIndex(of: "{") else { return [text] }
        let variants = text[text.index(after: open)..<close].split(separator: ",", omittingEmptySubsequences: false)
        let rest = String(text[text.index(after: close)...])
        return variants.flatMap { expand(String(text[..<open]) + String($0) + rest) }
    }

    private static func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" {
            return (text.startIndex...text.endIndex).contains { index in
                matches(pattern.dropFirst(), text[index...])
            }
        }
        guard let character = text.first else { return false }
        if first == "[", let close = pattern.dropFirst(2).firstIndex(of: "]") {
            let members = pattern[(pattern.startIndex + 1)..<close]
            let isNegated = members.first == "!"
            guard holds(isNegated ? members.dropFirst() : members, character) != isNegated else { return false }
            return matches(pattern[(close + 1)...], text.dropFirst())
        }
        return (first == "?" || first == character) && matches(pattern.dropFirst(), text.dropFirst())
    }

    private static func holds(_ members: ArraySlice<Character>, _ character: Character) -> Bool {
        var members = members
        while let low = members.popFirst() {
            if members.first == "-", let high = members.dropFirst().first {
                if low <= character, character <= high { return true }
                members = members.dropFirst(2)
            } else if low == character {
                return true
            }
        }
        return false
    }
}
