/// Where a query finds series: the store of this server, the stores of other regions, or an engine
/// outside. One contract suite holds for all.
package protocol SeriesSource: Sendable {
    /// The nodes one level below what the pattern's last part matches, as a tree is opened step by step.
    /// `*`, `?`, `[…]` and `{a,b}` match within one node of the path. Tagged series do not appear.
    func find(_ pattern: String, from: Int64, until: Int64) async throws(TelemetryProblem) -> [SeriesNode]

    /// The names of the series that a path pattern or `name;tag=value` matches, in order.
    func names(matching pattern: String) async throws(TelemetryProblem) -> [SeriesName]

    /// The names of the series that fulfil every condition, in order. At least one condition must demand
    /// something that an empty value does not fulfil.
    func names(where conditions: [TagCondition]) async throws(TelemetryProblem) -> [SeriesName]

    /// The keys of tags of the series that fulfil the conditions (all series if there are none), that start
    /// with `prefix`, in order, at most `limit`. `name` is one of them.
    func tagKeys(prefix: String, where conditions: [TagCondition], limit: Int) async throws(TelemetryProblem)
        -> [String]

    /// The values of one key, likewise.
    func tagValues(of key: String, prefix: String, where conditions: [TagCondition], limit: Int)
        async throws(TelemetryProblem) -> [String]

    /// The points of `names` in `from < time <= until`, each from its finest archive that reaches back to
    /// `from`. What a window has beyond what is known is NaN. Names that are unknown are left out.
    ///
    /// `now` decides which archives still reach back to `from`.
    func windows(_ names: [SeriesName], from: Int64, until: Int64, now: Int64) async throws(TelemetryProblem)
        -> [SeriesWindow]
}

/// A node of the tree of paths.
package struct SeriesNode: Hashable, Sendable {
    /// The path from the root: `servers.web-1`.
    package var path: String
    /// Whether a series has exactly this path.
    package var isLeaf: Bool
    /// Whether there are nodes below.
    package var isBranch: Bool

    package init(path: String, isLeaf: Bool, isBranch: Bool) {
        self.path = path
        self.isLeaf = isLeaf
        self.isBranch = isBranch
    }
}

/// A condition on a tag: `key=value`, `key!=value`, `key=~pattern`, `key!=~pattern`. A missing tag counts as
/// an empty value; `name` is the path. Patterns are anchored at the start only. Source: graphite-web,
/// docs/tags.rst.
package struct TagCondition: Hashable, Sendable {
    package enum Comparison: String, Hashable, Sendable {
        case equal = "="
        case unequal = "!="
        case matches = "=~"
        case differs = "!=~"
    }

    package var key: String
    package var comparison: Comparison
    package var value: String

    package init(key: String, _ comparison: Comparison, _ value: String) {
        self.key = key
        self.comparison = comparison
        self.value = value
    }
}
