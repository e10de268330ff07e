/// What `/tags/autoComplete/tags`, `/tags/autoComplete/values` and `/tags/findSeries` are asked for.
/// Source: graphite-web 1.1.10, tags/views.py and tags/base.py.
package struct TagRequest: Sendable {
    package var conditions: [TagCondition] = []
    /// The tag whose values are asked for.
    package var tag: String?
    package var prefix: String
    package var limit: Int

    package init(_ fields: FormFields) throws(TelemetryProblem) {
        for text in fields.all("expr") { conditions.append(try TagCondition(text)) }
        guard conditions.count <= 100 else {
            throw RenderRequest.refusal("expr", "\(conditions.count) conditions", "at most 100 of them")
        }
        tag = fields["tag"]
        prefix = fields["tagPrefix"] ?? fields["valuePrefix"] ?? ""
        limit = min(max(fields["limit"].flatMap(Int.init) ?? 100, 0), 10_000)
    }

    /// Keys that go on from the conditions, without those that are in them.
    package func keys(from source: any SeriesSource) async throws(TelemetryProblem) -> [String] {
        let used = Set(conditions.map(\.key))
        let keys = try await source.tagKeys(prefix: prefix, where: conditions, limit: limit + used.count)
        return Array(keys.filter { !used.contains($0) }.prefix(limit))
    }

    /// Values of the tag among the series that fulfil the conditions.
    package func values(from source: any SeriesSource) async throws(TelemetryProblem) -> [String] {
        guard let tag, !tag.isEmpty else { throw RenderRequest.refusal("tag", "missing", "the key of a tag") }
        return try await source.tagValues(of: tag, prefix: prefix, where: conditions, limit: limit)
    }

    /// The names of the series that fulfil the conditions.
    package func series(from source: any SeriesSource) async throws(TelemetryProblem) -> [String] {
        guard !conditions.isEmpty else { throw RenderRequest.refusal("expr", "missing", "a condition on a tag") }
        return try await source.names(where: conditions).map(\.text)
    }
}
