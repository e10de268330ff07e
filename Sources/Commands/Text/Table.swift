/// Rows under titles, in columns that fit the width of the terminal.
struct Table {
    struct Column {
        let title: String
        var isRight = false
        /// Whether it gives way, down to a few characters, when the table is too wide.
        var isElastic = false
        /// Whether it is left out before the elastic columns become too narrow to be read.
        var isOptional = false

        init(_ title: String, isRight: Bool = false, isElastic: Bool = false, isOptional: Bool = false) {
            self.title = title
            self.isRight = isRight
            self.isElastic = isElastic
            self.isOptional = isOptional
        }
    }

    private static let gap = 2
    private static let elasticWidthMin = 8
    private static let elasticWidthReadable = 20

    let columns: [Column]
    private(set) var rows: [[StyledText]] = []

    init(_ columns: [Column]) { self.columns = columns }

    mutating func add(_ row: [StyledText]) {
        precondition(row.count == columns.count, "A row has a cell for every column.")
        rows.append(row)
    }

    /// - Parameter width: of the terminal in columns; nil: as wide as it gets.
    func lines(width: Int?) -> [StyledText] {
        let shown = columnsShown(fitting: width)
        let widths = widths(of: shown, fitting: width)
        let titles = columns.map { StyledText($0.title, .dim) }
        return ([titles] + rows).map { row in
            zip(shown, widths).map { index, width in
                row[index].elided(to: width).padded(to: width, right: columns[index].isRight)
            }.joined(separator: StyledText(String(repeating: " ", count: Self.gap)))
        }
    }

    /// Without those in which nothing is said, and without optional ones that there is no room
    /// for, the last first.
    private func columnsShown(fitting widthMax: Int?) -> [Int] {
        var shown = columns.indices.filter { index in rows.contains { !$0[index].isEmpty } }
        guard let widthMax else { return shown }
        while let last = shown.last(where: { columns[$0].isOptional }) {
            let needed = shown.map { index in
                let width = naturalWidth(index)
                return columns[index].isElastic ? min(width, Self.elasticWidthReadable) : width
            }
            if total(needed) <= widthMax { break }
            shown.removeAll { $0 == last }
        }
        return shown
    }

    private func naturalWidth(_ index: Int) -> Int {
        max(columns[index].title.count, rows.map { $0[index].width }.max() ?? 0)
    }

    private func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + Self.gap * max(0, widths.count - 1) }

    private func widths(of shown: [Int], fitting widthMax: Int?) -> [Int] {
        var widths = shown.map(naturalWidth)
        guard let widthMax else { return widths }
        var excess = total(widths) - widthMax
        // The widest gives way first, a column at a time, until it is as wide as the next.
        while excess > 0 {
            let candidates = widths.indices.filter { columns[shown[$0]].isElastic && widths[$0] > Self.elasticWidthMin }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
