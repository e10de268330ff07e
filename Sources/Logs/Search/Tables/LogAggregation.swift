/// What a table is made of: figures for each group of lines.
package struct LogAggregation: Hashable, Sendable {
    package var aggregates: [LogAggregate]
    package var groups: [LogGroup]

    package init(_ aggregates: [LogAggregate], by groups: [LogGroup] = []) {
        self.aggregates = aggregates
        self.groups = groups
    }

    /// The names of the table's columns: groups, then figures.
    package var columns: [String] { groups.map(\.name) + aggregates.map(\.name) }

    /// The span of time that lines are grouped by; nil if they are not.
    var span: Int64? {
        for case .time(let span) in groups { return span }
        return nil
    }
}
