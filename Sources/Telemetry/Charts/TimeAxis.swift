/// The axis of time: ticks on round times of a local clock, and below them, where it changes, the day,
/// month or year that they are of.
package struct TimeAxis: Hashable, Sendable {
    package struct Tick: Hashable, Sendable {
        /// Seconds since 1970.
        package var time: Int64
        package var label: String
        /// The day, month or year that begins the axis, or begins here.
        package var context: String?
    }

    package let ticks: [Tick]

    private enum Step: Hashable {
        /// Up to a day, and multiples of days counted from 1970.
        case seconds(Int64)
        case months(Int64)
    }

    private static let steps: [(step: Step, seconds: Int64)] =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172_800].map {
            (.seconds($0), $0)
        } + [(.seconds(604_800), 604_800), (.seconds(1_209_600), 1_209_600)]
        + [1, 3, 6, 12, 24, 60, 120, 300, 600, 1200, 6000, 12000].map { (.months($0), $0 * 2_629_746) }

    /// At most about `countMax` ticks in `from…until`.
    init(from: Int64, until: Int64, zone: ChartZone, countMax: Int) {
        guard until > from, until.subtractingReportingOverflow(from).overflow == false, until - from < 1 << 40,
            from.magnitude < 1 << 40
        else {
            ticks = []
            return
        }
        let least = (until - from) / Int64(max(1, countMax))
        let step = (Self.steps.first { $0.seconds >= least } ?? Self.steps[Self.steps.count - 1]).step
        var ticks: [Tick] = []
        var context: String?
        for local in Self.locals(step, from: zone.local(from), until: zone.local(until)) {
            guard let time = zone.time(local: local), time >= from, time <= until, time > ticks.last?.time ?? .min
            else { continue }
            let (label, around) = Self.label(LocalDate(local: local), step)
            ticks.append(Tick(time: time, label: label, context: around == context ? nil : around))
            context = around
        }
        self.ticks = ticks
    }

    /// Round local times, one step beyond both ends: clocks may be put back in between.
    private static func locals(_ step: Step, from: Int64, until: Int64) -> [Int64] {
        switch step {
        case .seconds(let seconds):
            // Weeks begin on Monday; 1970 began on a Thursday.
            let origin: Int64 = seconds % 604_800 == 0 ? 4 * 86400 : 0
            let first = (from - origin).flooredQuotient(seconds) - 1
            let last = (until - origin).flooredQuotient(seconds) + 1
            return (first...max(first, last)).prefix(10_000).map { $0 * seconds + origin }
        case .months(let months):
            let (start, end) = (LocalDate(local: from), LocalDate(local: until))
            let first = (start.year * 12 + start.month - 1).flooredQuotient(months)
            let last = (end.year * 12 + end.month - 1).flooredQuotient(months) + 1
            return (first...max(first, last)).prefix(10_000).map { LocalDate.local(year: 0, month: $0 * months + 1) }
        }
    }

    private static func label(_ date: LocalDate, _ step: Step) -> (String, context: String) {
        switch step {
        case .seconds(let seconds) where seconds < 60: (date.clockWithSeconds, date.dayText)
        case .seconds(let seconds) where seconds < 86400: (date.clock, date.dayText)
        case .seconds(let seconds) where seconds < 172_800:
            ("\(date.weekday) \(date.day)", "\(date.monthName) \(date.year)")
        case .seconds: (date.dayText, "\(date.year)")
        case .months(let months) where months < 12: (date.monthName, "\(date.year)")
        case .months: ("\(date.year)", "")
        }
    }
}
