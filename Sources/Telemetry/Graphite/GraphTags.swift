/// The tags of a series in the answer: those of its name, and what functions did to it.
///
/// They are read from the name only when somebody asks, since most queries never do.
package struct GraphTags: Sendable {
    private var source: String
    private var parsed: [(key: String, value: String)]?

    /// The tags of a name; a name that is a call has only its own `name`.
    package init(parsing name: String) {
        source = name
    }

    package init(_ pairs: [(key: String, value: String)]) {
        source = ""
        parsed = pairs
    }

    /// In the order in which they came.
    package var pairs: [(key: String, value: String)] { parsed ?? Self.parse(source) }

    package subscript(key: String) -> String? {
        get { pairs.first { $0.key == key }?.value }
        set {
            var pairs = pairs
            if let index = pairs.firstIndex(where: { $0.key == key }) {
                if let newValue { pairs[index].value = newValue } else { pairs.remove(at: index) }
            } else if let newValue {
                pairs.append((key, newValue))
            }
            parsed = pairs
        }
    }

    /// The tags that both have with the same value.
    package func common(with other: GraphTags) -> GraphTags {
        let others = other.pairs
        return GraphTags(pairs.filter { pair in others.contains { $0.key == pair.key && $0.value == pair.value } })
    }

    /// Source: graphite-web 1.1.10, render/datalib.py and tags/utils.py. Tags come before `name`.
    private static func parse(_ name: String) -> [(key: String, value: String)] {
        let alone = [(key: "name", value: name)]
        if isCall(name) { return alone }
        let segments = name.split(separator: ";", omittingEmptySubsequences: false)
        let metric = String(segments[0].drop { $0 == "~" })
        if segments[0].isEmpty || metric.isEmpty { return alone }
        var pairs: [(key: String, value: String)] = []
        for segment in segments.dropFirst() {
            let key = String(segment.prefix { $0 != "=" })
            let value = String(segment.dropFirst(key.count + 1))
            if key.isEmpty || value.isEmpty || value.hasPrefix("~") || key.contains(where: { "!^".contains($0) }) {
                return alone
            }
            pairs.removeAll { $0.key == key }
            pairs.append((key, value))
        }
        pairs.removeAll { $0.key == "name" }
        pairs.append(("name", metric))
        return pairs
    }

    /// Letters, then something in parentheses up to the end.
    private static func isCall(_ name: String) -> Bool {
        guard name.utf8.last == UInt8(ascii: ")") else { return false }
        let letters = name.utf8.prefix { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") }
        return !letters.isEmpty && name.utf8.dropFirst(letters.count).first == UInt8(ascii: "(")
            && name.utf8.count > letters.count + 2
    }
}
