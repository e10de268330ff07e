/// One series that many are made into, as they come.
struct PartialAggregate {
    private let aggregation: Aggregation
    private let start: Int64
    private let step: Int64
    let length: Int
    private var fold: ColumnFold
    private var count = 0
    private var tags: GraphTags?

    init(_ aggregation: Aggregation, _ first: SeriesWindow) {
        self.aggregation = aggregation
        start = first.start
        step = first.step
        length = first.values.count
        fold = ColumnFold(length: length)
    }

    /// False if one of them has other times: then nothing of this is of use.
    mutating func add(_ windows: [SeriesWindow]) -> Bool {
        for window in windows {
            guard window.start == start, window.step == step, window.values.count == length else { return false }
            if let common = tags, !common.pairs.isEmpty {
                tags = common.common(with: GraphTags(parsing: window.name))
            } else if tags == nil {
                tags = GraphTags(parsing: window.name)
            }
        }
        count += windows.count
        fold.add(windows.map(\.values), aggregation)
        return true
    }

    /// Called as `Combining.aggregate` calls it.
    func series(_ name: String, _ pattern: String, _ xFilesFactor: Double) -> GraphSeries? {
        guard count > 0, var tags else { return nil }
        let called = "\(name)Series(\(pattern))"
        if tags["name"] == nil { tags["name"] = called }
        tags["aggregatedBy"] = name
        return GraphSeries(
            name: called, start: start, end: start + step * Int64(length), step: step,
            values: fold.result(aggregation, columns: count, xFilesFactor: xFilesFactor), xFilesFactor: xFilesFactor,
            tags: tags)
    }
}
