import Synchronization

/// Which series somebody means by one text: a pattern of paths, or conditions on tags.
package struct SeriesPattern: Sendable {
    enum Meaning: Sendable {
        /// Conditions on tags, all of which hold.
        case tags([TagCondition])
        /// A pattern of Graphite's, node by node.
        case path(String)
        /// A pattern in which `**` stands for any characters, dots too.
        case any(Glob)
    }

    let meaning: Meaning

    /// `hosts.web-1.load.*`, `hosts.web-1.**`, `host=web-1,device=sda`.
    /// - Throws: `pattern.too-wide` for one that would mean nearly everything, such as `**`; what is wrong with a
    ///   condition.
    package init(_ text: String) throws(TelemetryProblem) {
        if text.contains("="), !text.contains(";") {
            let conditions = try text.split(separator: ",").map { (text) throws(TelemetryProblem) in
                try TagCondition(String(text))
            }
            meaning = .tags(conditions)
            return
        }
        let first = text.split(separator: ".").first ?? ""
        guard !first.isEmpty, !first.contains(where: { "*?[{".contains($0) }) else {
            throw TelemetryProblem(
                "pattern.too-wide", "The pattern means too much.",
                cause: "Its first node, `\(first.prefix(80))`, is no plain text.",
                remedy: "Begin with a name: hosts.web-1.** or stats.timers.shop.*")
        }
        meaning = text.contains("**") ? .any(Glob(Array(text.utf8))) : .path(text)
    }
}

extension SeriesStore {
    /// The series that a pattern means, in order.
    package func names(matching pattern: SeriesPattern) async throws(TelemetryProblem) -> [SeriesName] {
        switch pattern.meaning {
        case .tags(let conditions): return try await names(where: conditions)
        case .path(let text): return try await names(matching: text)
        case .any(let glob):
            return state.withLock { state in
                state.table.livePlaces.compactMap { place in
                    let isMeant = state.table.names.bytes(of: place) { glob.matches($0, across: true) }
                    return isMeant ? SeriesName(canonical: state.table.names.text(of: place)) : nil
                }
            }.sorted()
        }
    }
}
