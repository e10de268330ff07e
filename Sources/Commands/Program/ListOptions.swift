import ArgumentParser
import Core
import Wire

/// Which rows of a list, in which order, or how many of each kind.
struct ListOptions: ParsableArguments {
    @Option(help: "Which are meant: `app=shop and colour=red`, `zone=a and class=web`.") var filter: String?
    @Option(help: "Order by a key of the filter language; `-KEY` turns it round.") var sort: String?
    @Option(name: .customLong("group-by"), help: "Count them by a key of the filter language: zone, class, label.tier.")
    var groupBy: String?

    var parsedFilter: Filter { get throws(Problem) { try filter.map(Filter.init) ?? .all } }
    var parsedSort: ListQuery.Sort? { get throws(Problem) { try sort.map(ListQuery.Sort.init) } }
    var groupKey: Filter.Key? { get throws(Problem) { try groupBy.map(Filter.Key.init) } }
}

enum GroupText {
    static func table(_ groups: [GroupView], by key: Filter.Key, of noun: String) -> Table {
        var table = Table([.init(key.text.uppercased()), .init(noun, isRight: true), .init("COLOURS", isElastic: true)])
        for group in groups {
            table.add([
                group.value.map { StyledText($0, .bold) } ?? StyledText("none", .dim),
                StyledText("\(group.counts.total)"),
                Words.counts(green: group.counts.green, yellow: group.counts.yellow, red: group.counts.red),
            ])
        }
        return table
    }
}
