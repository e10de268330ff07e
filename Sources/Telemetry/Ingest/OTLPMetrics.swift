/// Makes points of OTLP/HTTP's metrics, in JSON or protobuf, request by request. Sources: open-telemetry/opentelemetry-proto,
/// opentelemetry/proto/metrics/v1/metrics.proto and docs/specification.md (JSON Protobuf Encoding).
///
/// A metric's name is the path: `http.server.duration`. Its attributes are tags, and of the resource those
/// in `resourceKeys`. A gauge and a sum are one series; of a histogram there are `.count`, `.sum`, `.min`,
/// `.max` and `.bucket` with the tag `le`, of a summary `.count`, `.sum`, and the path itself with `quantile`.
/// Figures that are sent as differences are added up from the first one on: a series always is a running total.
package struct OTLPMetrics: Sendable {
    /// What names the sender without making a series of each of its starts.
    package static let resourceKeys = ["service.name", "service.namespace", "service.instance.id", "host.name"]
    /// Series that are added up, at most; a sender of more has those refused that are new.
    static let totalsMax = 200_000
    /// What has not been sent for so long is forgotten, in seconds.
    static let totalsKept: Int64 = 3600

    private struct Total {
        var value = 0.0
        var time: Int64
    }

    private let resourceKeys: [String]
    private var totals: [[UInt8]: Total] = [:]
    private var histograms: [[UInt8]: (buckets: ExponentialBuckets, time: Int64)] = [:]

    package init(resourceKeys: [String] = Self.resourceKeys) { self.resourceKeys = resourceKeys }

    /// How many series are added up here.
    package var totalCount: Int { totals.count + histograms.count }

    /// How a request is written.
    package enum Format: Sendable { case json, protobuf }

    /// The points of a request's body, which came at `now`: its time is that of points without one.
    package mutating func points(
        of body: [UInt8], as format: Format = .json, at now: Int64
    ) throws(TelemetryProblem) -> NamedPoints {
        let request = try format == .json ? JSONReader.read(body) : OTLPProtobuf.read(body)
        guard case .object = request else {
            throw TelemetryProblem(
                "otlp.invalid", "The request was not taken.", cause: "It is no object.",
                remedy: "Send an `ExportMetricsServiceRequest` as JSON.")
        }
        var reading = Reading(now: now)
        for resource in request["resourceMetrics"]?.elements ?? [] {
            let attributes = resource["resource"]?["attributes"]?.elements ?? []
            reading.resource = attributes.filter { resourceKeys.contains($0["key"]?.text ?? "") }
            for scope in resource["scopeMetrics"]?.elements ?? [] {
                for metric in scope["metrics"]?.elements ?? [] { read(metric, &reading) }
            }
        }
        return reading.points
    }

    /// Forgets what has not been sent for an hour. To be called now and then.
    package mutating func expire(at now: Int64) {
        totals = totals.filter { $0.value.time > now - Self.totalsKept }
        histograms = histograms.filter { $0.value.time > now - Self.totalsKept }
    }

    private struct Reading {
        var points = NamedPoints()
        var name = TaggedName()
        var resource: [JSONValue] = []
        let now: Int64

        init(now: Int64) { self.now = now }
    }

    private mutating func read(_ metric: JSONValue, _ reading: inout Reading) {
        guard let path = metric["name"]?.text else { return }
        for kind in ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] {
            guard let data = metric[kind] else { continue }
            let temporality = data["aggregationTemporality"]
            let isDelta = temporality?.integer == 1 || temporality?.text == "AGGREGATION_TEMPORALITY_DELTA"
            for point in data["dataPoints"]?.elements ?? [] {
                // The lowest flag says that there is no value.
                if (point["flags"]?.integer ?? 0) & 1 == 1 { continue }
                let nanoseconds = point["timeUnixNano"]?.integer ?? 0
                let time = nanoseconds > 0 ? nanoseconds / 1_000_000_000 : reading.now
                var writer = PointWriter(point: point, path: path, time: time, isDelta: isDelta)
                switch kind {
                case "gauge", "sum":
                    let value = point["asDouble"]?.double ?? point["asInt"]?.double
                    write(&writer, "", value, isTotal: true, &reading)
                case "summary": writeSummary(&writer, &reading)
                case "histogram": writeHistogram(&writer, Self.buckets(of: point), &reading)
                default:
                    let buckets = added(ExponentialBuckets(point), &writer, &reading)
                    writeHistogram(&writer, buckets.ordered, areTotals: writer.isDelta, &reading)
                }
            }
        }
    }

    private struct PointWriter {
        var point: JSONValue
        var path: String
        var time: Int64
        var isDelta: Bool
    }

    private mutating func writeSummary(_ writer: inout PointWriter, _ reading: inout Reading) {
        write(&writer, ".count", writer.point["count"]?.double, isTotal: true, &reading)
        write(&writer, ".sum", writer.point["sum"]?.double, isTotal: true, &reading)
        for entry in writer.point["quantileValues"]?.elements ?? [] {
            guard let quantile = entry["quantile"]?.double else { continue }
            let tag = (key: "quantile", value: ExpositionWriter.number(quantile))
            write(&writer, "", entry["value"]?.double, isTotal: false, tag: tag, &reading)
        }
    }

    /// `buckets` are counts of their own, in order of their bounds; those of a total include what is below.
    private mutating func writeHistogram(
        _ writer: inout PointWriter, _ buckets: [(bound: Double, count: Double)], areTotals: Bool = false,
        _ reading: inout Reading
    ) {
        write(&writer, ".count", writer.point["count"]?.double, isTotal: true, &reading)
        write(&writer, ".sum", writer.point["sum"]?.double, isTotal: true, &reading)
        write(&writer, ".min", writer.point["min"]?.double, isTotal: false, &reading)
        write(&writer, ".max", writer.point["max"]?.double, isTotal: false, &reading)
        var below = 0.0
        for bucket in buckets {
            below += bucket.count
            let tag = (key: "le", value: ExpositionWriter.number(bucket.bound))
            write(&writer, ".bucket", below, isTotal: !areTotals, tag: tag, &reading)
        }
    }

    private static func buckets(of point: JSONValue) -> [(bound: Double, count: Double)] {
        let bounds = point["explicitBounds"]?.elements.map { $0.double ?? .nan } ?? []
        let counts = point["bucketCounts"]?.elements.map { $0.double ?? .nan } ?? []
        guard counts.count == bounds.count + 1, bounds.allSatisfy(\.isFinite) else { return [] }
        return zip(bounds + [.infinity], counts).map { ($0, $1) }
    }

    private mutating func write(
        _ writer: inout PointWriter, _ suffix: String, _ value: Double?, isTotal: Bool,
        tag: (key: String, value: String)? = nil, _ reading: inout Reading
    ) {
        guard let value else { return }
        begin(writer, suffix, tag: tag, &reading)
        var total: Double? = value
        if isTotal, writer.isDelta { total = add(value, to: &reading.name, at: reading.now) }
        guard let total else {
            reading.points.unfit += 1
            return
        }
        reading.points.append(&reading.name, time: writer.time, value: total)
    }

    private func begin(
        _ writer: PointWriter, _ suffix: String, tag: (key: String, value: String)?, _ reading: inout Reading
    ) {
        reading.name.begin(writer.path.utf8)
        reading.name.appendPath(suffix.utf8)
        if let tag { reading.name.add(tag.key, tag.value) }
        for attribute in (writer.point["attributes"]?.elements ?? []) + reading.resource {
            guard let key = attribute["key"]?.text, let text = Self.text(of: attribute["value"]) else { continue }
            reading.name.add(key, text)
        }
    }

    /// The buckets with those of the points before, if points are differences: which of them a point has
    /// depends on its values, so that each alone is no running total.
    private mutating func added(
        _ buckets: ExponentialBuckets, _ writer: inout PointWriter, _ reading: inout Reading
    ) -> ExponentialBuckets {
        guard writer.isDelta else { return buckets }
        begin(writer, ".bucket", tag: nil, &reading)
        var key: [UInt8] = []
        guard reading.name.write(to: &key), histograms[key] != nil || totalCount < Self.totalsMax else {
            reading.points.unfit += 1
            return ExponentialBuckets()
        }
        var sum = histograms[key]?.buckets ?? ExponentialBuckets()
        sum.add(buckets)
        histograms[key] = (sum, reading.now)
        return sum
    }

    /// The total with `value`; nil if there are too many, or nothing can be added.
    private mutating func add(_ value: Double, to name: inout TaggedName, at now: Int64) -> Double? {
        var key: [UInt8] = []
        guard value.isFinite, name.write(to: &key), totals[key] != nil || totalCount < Self.totalsMax else {
            return nil
        }
        var total = totals[key] ?? Total(time: now)
        total.value += value
        total.time = now
        totals[key] = total
        return total.value
    }

    /// The text of an attribute's value; nil of one that is a list or a map.
    private static func text(of value: JSONValue?) -> String? {
        guard let value else { return nil }
        if let text = value["stringValue"]?.text { return text }
        if case .bool(let bool)? = value["boolValue"] { return bool ? "true" : "false" }
        if let integer = value["intValue"]?.integer { return "\(integer)" }
        return value["doubleValue"]?.double.map { ExpositionWriter.number($0) }
    }
}
