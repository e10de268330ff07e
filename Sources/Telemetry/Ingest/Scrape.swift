/// What a target's text of metrics becomes: points with names in Graphite's form.
///
/// The metric's name is the path, its labels are tags, those of the target as well. A series that a target no
/// longer tells of has no points from then on: it is a gap at once, and never the last value held on to. That a
/// target told nothing at all is a point of `up`.
package struct Scrape: Sendable {
    /// Asks for OpenMetrics first, and takes what every exporter can.
    package static let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

    package var points: NamedPoints
    /// How many samples the text has.
    package var sampleCount: Int
    /// The first rule of OpenMetrics that the text breaks, in words; it was taken all the same.
    package var breach: String?

    /// Reads a text that came at `time`. A sample's own time counts if it has one. A label of the text that a
    /// tag of the target has the name of is kept as `exported_…`, as Prometheus does it.
    package init(
        _ text: [UInt8], dialect: ExpositionDialect, tags: [(key: String, value: String)], time: Int64
    ) throws(TelemetryProblem) {
        var reader = try ExpositionReader(text, dialect: dialect)
        var rules = ExpositionRules()
        points = NamedPoints()
        sampleCount = 0
        var name = TaggedName()
        while let event = try reader.next() {
            if dialect == .openMetrics { rules.receive(event) }
            guard case .sample(let sample) = event else { continue }
            sampleCount += 1
            name.begin(sample.name)
            for label in sample.labels {
                let isTarget = tags.contains { label.key.elementsEqual($0.key.utf8) }
                name.add(isTarget ? Array("exported_".utf8) + label.key : Array(label.key), label.value)
            }
            for tag in tags { name.add(tag.key, tag.value) }
            points.append(&name, time: Self.seconds(sample.time, or: time), value: sample.value)
        }
        if dialect == .openMetrics { rules.end() }
        breach = rules.breach
    }

    /// What is known of each target at each scrape: `up` (1 if it told something that could be read),
    /// `scrape_duration_seconds`, `scrape_samples_scraped`, `scrape_samples_unfit`. `scrape` is nil if it failed.
    package static func health(
        of scrape: Scrape?, seconds: Double, tags: [(key: String, value: String)], time: Int64
    ) -> NamedPoints {
        var points = NamedPoints()
        var name = TaggedName()
        let figures: [(String, Double)] = [
            ("up", scrape == nil ? 0 : 1), ("scrape_duration_seconds", seconds),
            ("scrape_samples_scraped", Double(scrape?.sampleCount ?? 0)),
            ("scrape_samples_unfit", Double(scrape?.points.unfit ?? 0)),
        ]
        for (path, value) in figures {
            name.begin(path.utf8)
            for tag in tags { name.add(tag.key, tag.value) }
            points.append(&name, time: time, value: value)
        }
        return points
    }

    private static func seconds(_ own: Double?, or time: Int64) -> Int64 {
        guard let own else { return time }
        // A time beyond all clocks is refused with its point.
        return own.magnitude < 1e15 ? Int64(own.rounded(.down)) : .max
    }
}
