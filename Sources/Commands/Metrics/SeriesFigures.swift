import Core
import Telemetry
import Wire

/// A series in a few figures.
struct SeriesFigures {
    let known: [Double]
    let sparkline: String

    init(_ series: SeriesView, columns: Int) {
        known = series.values.compactMap(\.self)
        sparkline = Sparkline.text(series.values.map { $0 ?? .nan }, columns: columns)
    }

    var last: Double? { known.last }
    var least: Double? { known.min() }
    var greatest: Double? { known.max() }
    var mean: Double? { known.isEmpty ? nil : known.reduce(0, +) / Double(known.count) }

    static func text(_ value: Double?) -> StyledText {
        value.map { StyledText(ChartUnit.none.text($0)) } ?? StyledText("–", .dim)
    }

    /// One line for each series.
    static func table(_ series: [SeriesView]) -> Table {
        var table = Table([
            .init("SERIES", isElastic: true), .init("LAST", isRight: true), .init("MIN", isRight: true),
            .init("MEAN", isRight: true), .init("MAX", isRight: true), .init("OVER TIME", isOptional: true),
        ])
        for one in series {
            let figures = SeriesFigures(one, columns: 24)
            table.add([
                StyledText(one.name, .bold), text(figures.last), text(figures.least), text(figures.mean),
                text(figures.greatest), StyledText(figures.sparkline, .cyan),
            ])
        }
        return table
    }
}

extension SeriesView {
    var window: SeriesWindow {
        SeriesWindow(name: name, start: start, step: step, values: values.map { $0 ?? .nan })
    }
}
