/// Points that a request brought, with names in canonical form, before they go to a sink: all of a request,
/// or nothing of it.
package struct NamedPoints: Sendable {
    private struct Entry {
        var begin: Int
        var end: Int
        var time: Int64
        var value: Double
    }

    private var names: [UInt8] = []
    private var entries: [Entry] = []

    /// Points that have no place in a store: not finite, of a time that no clock has, or of a name too long.
    package internal(set) var unfit = 0

    package init() {}

    package var count: Int { entries.count }

    /// Adds a point of the series that `name` has put together. Time is in seconds since 1970.
    mutating func append(_ name: inout TaggedName, time: Int64, value: Double) {
        guard value.isFinite, time.magnitude < 1 << 40 else {
            unfit += 1
            return
        }
        let begin = names.count
        guard name.write(to: &names) else {
            unfit += 1
            return
        }
        entries.append(Entry(begin: begin, end: names.count, time: time, value: value))
    }

    /// Each point, in the order of the request.
    package func forEach(_ body: (_ name: Span<UInt8>, _ time: Int64, _ value: Double) -> Void) {
        let span = names.span
        for entry in entries { body(span.extracting(entry.begin..<entry.end), entry.time, entry.value) }
    }

    /// Hands the points to a sink. Returns how many were refused because of their names, or since their source
    /// has too many.
    package func write(to sink: some PointSink, source: SourceName) throws(TelemetryProblem) -> Int {
        var points: [SeriesPoint] = []
        points.reserveCapacity(entries.count)
        var refused = 0
        forEach { name, time, value in
            if let series = sink.series(named: name, source: source) {
                points.append(SeriesPoint(series: series, time: time, value: value))
            } else {
                refused += 1
            }
        }
        if !points.isEmpty { try sink.append(points) }
        return refused
    }
}
