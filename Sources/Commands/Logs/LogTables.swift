import Wire

/// Tables and patterns that a query has made, for a terminal.
enum LogTables {
    static func lines(_ answer: LogAnswerView, width: Int?) -> [StyledText] {
        if let table = answer.table {
            var shown = Table(table.columns.map { .init($0.uppercased()) })
            for row in table.rows { shown.add(row.map { StyledText($0 ?? "") }) }
            return shown.lines(width: width)
        }
        if let patterns = answer.patterns {
            var shown = Table([.init("LINES", isRight: true), .init("LEVEL"), .init("PATTERN", isElastic: true)])
            for pattern in patterns {
                shown.add([StyledText("\(pattern.count)"), StyledText(pattern.level), StyledText(pattern.text)])
            }
            return shown.lines(width: width)
        }
        return []
    }
}
