/// A chart of series over time, before it is drawn: as SVG, or in a terminal.
package struct Chart: Sendable {
    package var title: String
    /// Of the axis on the left.
    package var unit: ChartUnit
    /// The span of time that is shown, in seconds since 1970.
    package let from: Int64
    package let until: Int64
    package var series: [ChartSeries]
    package var bands: [ChartBand] = []
    package var marks: [ChartMark] = []
    package var range = ChartRange()
    /// Of the axis on the right, which is there if a series is on it.
    package var secondUnit = ChartUnit.none
    package var secondRange = ChartRange()
    package var zone = ChartZone.utc

    package init(title: String, unit: ChartUnit = .none, from: Int64, until: Int64, series: [ChartSeries] = []) {
        self.title = title
        self.unit = unit
        // 35,000 years either way: what is beyond is a mistake, and sums of such times have no number.
        self.from = max(-1 << 40, min(1 << 40, from))
        self.until = max(self.from + 1, min(1 << 40 + 1, until))
        self.series = series
    }

    /// The span that is shown, at least a second.
    var seconds: Double { Double(until - from) }

    func unit(of side: ChartSeries.Side) -> ChartUnit { side == .left ? unit : secondUnit }
}

/// A series of a chart, and how it is drawn.
package struct ChartSeries: Hashable, Sendable {
    package enum Style: String, CaseIterable, Hashable, Sendable {
        case line
        /// A line, with the room between it and zero filled.
        case area
        /// Areas on top of each other, in order. A missing value adds nothing.
        case stacked
    }

    package enum Side: String, Hashable, Sendable {
        case left, right
    }

    package var label: String
    package var window: SeriesWindow
    package var style: Style
    package var side: Side
    /// Nil takes the next one of the palette.
    package var color: ChartColor?
    package var stroke = ChartStroke()

    package init(_ window: SeriesWindow, label: String? = nil, style: Style = .line, side: Side = .left) {
        self.label = label ?? window.name
        self.window = window
        self.style = style
        self.side = side
    }
}

/// How somebody wants a series' line. What is nil is as the picture has it.
package struct ChartStroke: Hashable, Sendable {
    /// In user units: 0…20.
    package let width: Double?
    /// The length of a dash and of what is between two: 1…100.
    package let dash: Double?
    /// Of the line and of what is filled below it: 0…1.
    package let opacity: Double?

    /// Figures that are out of these bounds are brought into them; what is no number is left out.
    package init(width: Double? = nil, dash: Double? = nil, opacity: Double? = nil) {
        func within(_ value: Double?, _ bounds: ClosedRange<Double>) -> Double? {
            value.flatMap { $0.isNaN ? nil : min(max($0, bounds.lowerBound), bounds.upperBound) }
        }
        self.width = within(width, 0...20)
        self.dash = within(dash, 1...100)
        self.opacity = within(opacity, 0...1)
    }
}

/// The room between two series, filled in the colour of the series that it belongs to: a quantile's range,
/// what is normal.
package struct ChartBand: Hashable, Sendable {
    /// That a chart draws.
    static let countMax = 16

    package var lower: SeriesWindow
    package var upper: SeriesWindow
    /// The index of the series of the chart.
    package var series: Int

    package init(lower: SeriesWindow, upper: SeriesWindow, series: Int) {
        self.lower = lower
        self.upper = upper
        self.series = series
    }
}

/// Something that happened at a time: a deploy, a rollback, a lost host.
package struct ChartMark: Hashable, Sendable {
    package var time: Int64
    /// Short: `shop r12`.
    package var label: String
    /// Whether it is bad news.
    package var isAlarming: Bool
    /// The execution that it is of: on a page the mark leads there.
    package var execution: Int64?

    package init(time: Int64, label: String, isAlarming: Bool = false, execution: Int64? = nil) {
        self.time = time
        self.label = label
        self.isAlarming = isAlarming
        self.execution = execution
    }
}

/// The bounds of an axis of values. What is nil follows from the values.
package struct ChartRange: Hashable, Sendable {
    package var lower: Double?
    package var upper: Double?
    /// Whether zero is on the axis; nil lets the values decide: it is where they fill areas, and where
    /// leaving it out would make little look like much.
    package var hasZero: Bool?

    package init(lower: Double? = nil, upper: Double? = nil, hasZero: Bool? = nil) {
        self.lower = lower
        self.upper = upper
        self.hasZero = hasZero
    }

    /// The axis for figures from `low` to `high`; nil if there are none.
    func axis(_ found: (low: Double, high: Double)?, unit: ChartUnit, isFilled: Bool, count: Int) -> ValueAxis {
        var (low, high) = found ?? (0, 1)
        if low <= high, hasZero ?? (isFilled || (low >= 0 && low < high * 0.7) || (high <= 0 && high > low * 0.7)) {
            (low, high) = (min(0, low), max(0, high))
        }
        let lower = self.lower.flatMap { $0.isFinite ? $0 : nil }
        let upper = self.upper.flatMap { $0.isFinite ? $0 : nil }
        if let lower { (low, high) = (lower, max(high, lower)) }
        if let upper { (low, high) = (min(low, upper), upper) }
        return ValueAxis(
            low: low, high: high, unit: unit, count: count, fixedLower: lower != nil && low == lower,
            fixedUpper: upper != nil && high == upper)
    }
}
