/// A series' name in Graphite's canonical form: a path of nodes joined by dots, then tags ordered by key,
/// `path.of.nodes;key=value;key=value`.
///
/// Two spellings of one name are equal, because only the canonical form exists. Source of the form:
/// graphite-web, docs/tags.rst.
package struct SeriesName: Hashable, Sendable {
    /// The longest name that is kept, in bytes.
    package static let bytesMax = 1024
    /// The most tags that a name may have.
    package static let tagsMax = 32

    /// The canonical text.
    package let text: String

    /// A text that is known to be canonical, as one read from a store is.
    package init(canonical text: String) { self.text = text }

    /// Reads `path` or `path;key=value;…` in any order of tags.
    package init(_ text: String) throws(TelemetryProblem) {
        guard text.utf8.count <= Self.bytesMax else {
            throw Self.refusal(
                text.prefix(64) + "…", "It has \(text.utf8.count) bytes, and \(Self.bytesMax) are allowed.")
        }
        for byte in text.utf8 where byte <= 0x20 || byte == 0x7F {
            throw Self.refusal(text.prefix(64), "It has a control character or a space (byte \(byte)).")
        }
        var parts = text.split(separator: ";", omittingEmptySubsequences: false)
        let path = parts.removeFirst()
        guard !path.isEmpty, path.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty })
        else { throw Self.refusal(text.prefix(64), "Its path has an empty node.") }
        self.text = try parts.isEmpty ? text : Self.tagged(path, parts, of: text)
    }

    /// The part before the first tag.
    package var path: Substring { text.prefix { $0 != ";" } }

    /// The tags in order of their keys, without Graphite's own `name`.
    package var tags: [(key: Substring, value: Substring)] {
        text.split(separator: ";").dropFirst().map { tag in
            let key = tag.prefix { $0 != "=" }
            return (key, tag[key.endIndex...].dropFirst())
        }
    }

    private static func tagged(
        _ path: Substring, _ parts: [Substring], of text: String
    ) throws(TelemetryProblem) -> String {
        guard parts.count <= tagsMax else {
            throw refusal(text.prefix(64), "It has \(parts.count) tags, and \(tagsMax) are allowed.")
        }
        var values: [Substring: Substring] = [:]
        for part in parts {
            let key = part.prefix { $0 != "=" }
            let value = part[key.endIndex...].dropFirst()
            guard !key.isEmpty, !value.isEmpty, !value.hasPrefix("~"), !key.contains(where: { "!^".contains($0) })
            else { throw refusal(text.prefix(64), "The tag `\(part.prefix(64))` is not `key=value`.") }
            values[key] = value
        }
        return values.sorted { $0.key < $1.key }.reduce(into: String(path)) { $0 += ";\($1.key)=\($1.value)" }
    }

    private static func refusal(_ text: some StringProtocol, _ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "series.name-invalid", "The series `\(text)` was not taken.", cause: cause,
            remedy: "Name series as `node.node.node` or `path;key=value;key=value`, without spaces.")
    }
}

extension SeriesName: Comparable {
    package static func < (left: SeriesName, right: SeriesName) -> Bool { left.text < right.text }
}

extension SeriesName: CustomStringConvertible {
    package var description: String { text }
}
