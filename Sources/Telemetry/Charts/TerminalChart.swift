/// Draws a chart with letters: braille dots, two wide and four high to a character.
package struct TerminalChart {
    /// 256-colour codes, in the order of the palette for dark paper; readable on light paper as well.
    private static let colors = [33, 202, 35, 170, 178, 74, 245, 161]

    let chart: Chart
    private let columns: Int
    private let rows: Int
    private let hasColor: Bool
    private let labelColumns: Int
    private let drawing: ChartDrawing
    /// The columns of the plot, and of the labels on its right.
    private let wide: Int
    private let rightColumns: Int

    /// `columns` (24…500) and `lines` (4…200) are of the plot with its axes; the legend comes below it.
    package init(_ chart: Chart, columns: Int, lines: Int, hasColor: Bool) {
        self.chart = chart
        self.columns = max(24, min(500, columns))
        self.hasColor = hasColor
        let head = (chart.title.isEmpty ? 0 : 1) + (chart.marks.isEmpty ? 0 : 1)
        rows = max(2, min(200, lines) - head - 2)
        drawing = ChartDrawing(chart, width: self.columns * 2, ticks: max(1, rows / 3))
        let labels = drawing.left.ticks.map { TerminalText.columnCount(of: $0.label) }
        labelColumns = min(self.columns / 3, max(4, labels.max() ?? 0))
        let right = drawing.right?.ticks.map { TerminalText.columnCount(of: $0.label) + 1 }.max() ?? 0
        rightColumns = min(right, self.columns / 4)
        wide = max(8, self.columns - labelColumns - 2 - rightColumns)
    }

    /// Lines, each with its end, no wider than asked for.
    package var text: String {
        var lines: [String] = []
        if !chart.title.isEmpty { lines.append(bold(TerminalText.fitting(chart.title, columns: columns))) }
        if !chart.marks.isEmpty { lines.append(markLine) }
        lines += plot
        lines += timeLines
        lines += legend
        return lines.map { Self.trimmed($0) + "\n" }.joined()
    }

    private func x(_ time: Double) -> Double { time / chart.seconds * Double(wide * 2 - 1) }

    private func y(_ value: Double, _ axis: ValueAxis) -> Double {
        (1 - max(-1, min(2, axis.position(value)))) * Double(rows * 4 - 1)
    }

    private var plot: [String] {
        var canvas = BrailleCanvas(columns: wide, rows: rows)
        for drawn in drawing.series.reversed() {
            let axis = drawing.axis(of: chart.series[drawn.index].side)
            for run in drawn.points.runs {
                let points = run.map { (Int(x($0.time).rounded()), Int(y($0.value, axis).rounded())) }
                canvas.draw(points, ink: drawn.index)
            }
        }
        let marks = Set(marksShown.map { Int(x(Double($0.time - chart.from)).rounded()) / 2 })
        let left = labels(drawing.left)
        let right = drawing.right.map { labels($0) } ?? [:]
        return (0..<rows).map { row in
            let label = TerminalText.padded(left[row] ?? "", columns: labelColumns, toRight: true)
            var line = muted(label + (left[row] == nil ? " │" : " ┤"))
            var ink: Int?
            for column in 0..<wide {
                let (letter, of) = canvas.cell(column, row)
                if hasColor, of != ink {
                    line += of.map { "\u{1B}[38;5;\(Self.colors[$0 % Self.colors.count])m" } ?? "\u{1B}[0m"
                    ink = of
                }
                line.append(letter == nil && marks.contains(column) ? "┊" : letter ?? " ")
            }
            if hasColor, ink != nil { line += "\u{1B}[0m" }
            return line + (right[row].map { muted(TerminalText.fitting(" " + $0, columns: rightColumns)) } ?? "")
        }
    }

    /// Ticks by the row that they are in; of two in one row the first counts.
    private func labels(_ axis: ValueAxis) -> [Int: String] {
        var labels: [Int: String] = [:]
        for tick in axis.ticks {
            let row = Int(y(tick.value, axis).rounded()) / 4
            if (0..<rows).contains(row), labels[row] == nil { labels[row] = tick.label }
        }
        return labels
    }

    private var timeLines: [String] {
        let ticks = TimeAxis(from: chart.from, until: chart.until, zone: chart.zone, countMax: max(1, wide / 12)).ticks
        var rule = [Character](repeating: "─", count: wide)
        var labels = TextLine(columns: wide + labelColumns + 2)
        for tick in ticks {
            let column = min(wide - 1, Int(x(Double(tick.time - chart.from)).rounded()) / 2)
            rule[column] = "┬"
            let label = tick.context.flatMap { $0.isEmpty ? nil : "\(tick.label) \($0)" } ?? tick.label
            let begin = column + labelColumns + 2 - tick.label.count / 2
            if !labels.put(label, at: begin) { _ = labels.put(tick.label, at: begin) }
        }
        let corner = String(repeating: " ", count: labelColumns) + " └"
        return [muted(corner + String(rule)), muted(labels.text)]
    }

    private var marksShown: [ChartMark] { chart.marks.filter { $0.time >= chart.from && $0.time <= chart.until } }

    private var markLine: String {
        var line = TextLine(columns: columns)
        for mark in marksShown.sorted(by: { $0.time < $1.time }) {
            let column = Int(x(Double(mark.time - chart.from)).rounded()) / 2 + labelColumns + 2
            let label = "▼ " + TerminalText.fitting(mark.label, columns: 30)
            if !line.put(label, at: column) { _ = line.put("▼", at: column) }
        }
        return muted(line.text)
    }

    private var legend: [String] {
        let shown = drawing.series.prefix(ChartLegend.entriesMax)
        let names = shown.map { TerminalText.columnCount(of: chart.series[$0.index].label) }
        let room = max(8, min((names.max() ?? 8) + 2, columns - 40))
        var lines = shown.map { drawn in
            let series = chart.series[drawn.index]
            let unit = chart.unit(of: series.side)
            let sign = hasColor ? "\u{1B}[38;5;\(Self.colors[drawn.index % Self.colors.count])m━━\u{1B}[0m " : "   "
            let name = TerminalText.padded(series.label, columns: room)
            let figures = [
                ("last", drawn.summary.last), ("min", drawn.summary.min), ("max", drawn.summary.max),
                ("mean", drawn.summary.mean),
            ].map { "\($0.0) \(unit.text($0.1))" }
            return sign + name
                + TerminalText.fitting(figures.joined(separator: "  "), columns: max(0, columns - room - 3))
        }
        if chart.series.count > shown.count { lines.append("and \(chart.series.count - shown.count) more") }
        if let offset = drawing.left.offset {
            lines.insert(muted(TerminalText.fitting("+ is above \(offset)", columns: columns)), at: 0)
        }
        return drawing.isEmpty ? ["no data in this time"] : lines
    }

    private func muted(_ text: String) -> String { hasColor ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
    private func bold(_ text: String) -> String { hasColor ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    private static func trimmed(_ line: String) -> String {
        var line = Substring(line)
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}

/// A line that labels are put into where there is room for them.
private struct TextLine {
    private static let filler: Character = "\u{0}"

    private var letters: [Character]

    init(columns: Int) { letters = [Character](repeating: " ", count: columns) }

    /// False if it would touch another one, or the end.
    mutating func put(_ label: String, at begin: Int) -> Bool {
        // A letter of two columns takes two places.
        let label = label.flatMap { letter in
            [letter]
                + [Character](repeating: Self.filler, count: max(0, TerminalText.columnCount(of: String(letter)) - 1))
        }
        let begin = max(0, begin)
        let end = begin + label.count
        guard end <= letters.count, letters[max(0, begin - 1)..<min(letters.count, end + 1)].allSatisfy({ $0 == " " })
        else { return false }
        letters.replaceSubrange(begin..<end, with: label)
        return true
    }

    var text: String { String(letters.filter { $0 != Self.filler }) }
}

/// Dots of a resolution of two by four to a character.
private struct BrailleCanvas {
    private let columns: Int
    private let rows: Int
    private var dots: [UInt8]
    private var inks: [Int]

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        dots = [UInt8](repeating: 0, count: columns * rows)
        inks = [Int](repeating: 0, count: columns * rows)
    }

    /// The character and the index of whose it is, the last one drawn; nil where there is nothing.
    func cell(_ column: Int, _ row: Int) -> (letter: Character?, ink: Int?) {
        let bits = dots[row * columns + column]
        guard bits != 0, let scalar = Unicode.Scalar(0x2800 + UInt32(bits)) else { return (nil, nil) }
        return (Character(scalar), inks[row * columns + column])
    }

    /// Points joined by lines, in dots from the upper left.
    mutating func draw(_ points: [(x: Int, y: Int)], ink: Int) {
        guard var last = points.first else { return }
        set(last.x, last.y, ink)
        for point in points.dropFirst() {
            line(last, point, ink)
            last = point
        }
    }

    /// Bresenham's line. Source: "Algorithm for computer control of a digital plotter" (1965).
    private mutating func line(_ begin: (x: Int, y: Int), _ end: (x: Int, y: Int), _ ink: Int) {
        let (wide, high) = (abs(end.x - begin.x), -abs(end.y - begin.y))
        let (right, down) = (begin.x < end.x ? 1 : -1, begin.y < end.y ? 1 : -1)
        var (x, y, error) = (begin.x, begin.y, wide + high)
        while x != end.x || y != end.y {
            let twice = 2 * error
            if twice >= high {
                error += high
                x += right
            }
            if twice <= wide {
                error += wide
                y += down
            }
            set(x, y, ink)
        }
    }

    private mutating func set(_ x: Int, _ y: Int, _ ink: Int) {
        guard x >= 0, y >= 0, x < columns * 2, y < rows * 4 else { return }
        let bits: [[UInt8]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]
        let index = y / 4 * columns + x / 2
        dots[index] |= bits[x % 2][y % 4]
        inks[index] = ink
    }
}
