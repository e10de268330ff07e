import Core
import Telemetry

extension RelayTap {
    /// Keeps points by their names. Each is taken or refused by itself.
    /// - Returns: what became of them; `problem` if the disk takes nothing.
    func keep(
        _ points: [NamedPoint], from source: SourceName
    ) -> (sum: PointsTaken, problem: TelemetryProblem?) {
        var sum = PointsTaken()
        var known: [SeriesPoint] = []
        known.reserveCapacity(points.count)
        for point in points {
            guard point.value.isFinite else {
                sum.refuse("\(point.name) has a value that is no number.")
                continue
            }
            var name = point.name
            let series = name.withUTF8 { self.series(named: Span(_unsafeElements: $0), source: source) }
            guard let series else {
                sum.refuse("\(quotedForMessage(point.name)) is no name of a series, or \(source.text) has too many.")
                continue
            }
            known.append(SeriesPoint(series: series, time: point.time, value: point.value))
        }
        do {
            try append(known)
            sum.taken = known.count
            return (sum, nil)
        } catch {
            return (sum, error)
        }
    }
}

extension PointsTaken {
    fileprivate mutating func refuse(_ reason: String) {
        refused += 1
        self.reason = self.reason ?? reason
    }
}
