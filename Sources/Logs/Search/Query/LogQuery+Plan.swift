extension LogQuery {
    /// What is to be made of the lines.
    package enum Output: Hashable, Sendable {
        case lines
        case table(LogAggregation)
        case patterns
    }

    package var output: Output {
        switch stages.first {
        case .aggregate(let aggregates, let groups): .table(LogAggregation(aggregates, by: groups))
        case .top(_, let fields): .table(LogAggregation([LogAggregate(.count)], by: fields.map { .field($0) }))
        case .patterns: .patterns
        default: .lines
        }
    }

    /// The fields that are shown, in order; nil for all.
    package var shownFields: [String]? {
        for case .fields(let names) in stages.reversed() { return names }
        return nil
    }

    /// How lines are put in order; empty for the newest first.
    package var sortKeys: [LogSort] {
        for case .sort(let keys) in stages.reversed() { return keys }
        return []
    }

    /// The smallest limit that is asked for.
    package var limit: Int? {
        stages.compactMap { if case .limit(let count) = $0 { count } else { nil } }.min()
    }
}
