/// What a part of a target evaluates to.
enum GraphValue: Sendable {
    case scalar(GraphScalar)
    case list([GraphSeries])
    /// What `mapSeries` makes for `reduceSeries`.
    case lists([[GraphSeries]])

    /// Every series in it.
    var series: [GraphSeries] {
        switch self {
        case .scalar: []
        case .list(let list): list
        case .lists(let lists): lists.flatMap { $0 }
        }
    }
}
