/// What `/render` is asked for. Source: graphite-web 1.1.10, render/views.py.
package struct RenderRequest: Sendable {
    package enum Format: String, CaseIterable, Sendable {
        case json, csv, raw, pickle, svg, png
    }

    package var targets: [String]
    package var format: Format
    /// Seconds since 1970; what is later than `from`, up to and including `until`.
    package var from: Int64
    package var until: Int64
    package var now: Int64
    package var zone: TimeZoneRules
    package var maxDataPoints: Int?
    package var noNullPoints: Bool
    package var jsonp: String?
    package var isPretty: Bool
    package var xFilesFactor: Double
    /// What `template[name]=value` gives.
    package var variables: [GraphVariable]
    /// Pixels, for pictures.
    package var width: Int
    package var height: Int

    /// Reads the fields of a query and a form. Without a format it is a picture, as with Graphite.
    ///
    /// - Parameter now: seconds since 1970, unless the request says otherwise.
    package init(_ fields: FormFields, now: Int64) throws(TelemetryProblem) {
        targets = fields.all("target")
        guard targets.count <= 1000 else {
            throw Self.refusal("target", "\(targets.count) targets", "at most 1000 of them")
        }
        zone = try fields["tz"].map { name throws(TelemetryProblem) in try TimeZoneRules.named(name) } ?? .utc
        self.now = try Self.time(fields["now"], now, zone) ?? now
        let from = try Self.time(fields["from"], self.now, zone) ?? self.now - 86400
        let until = try Self.time(fields["until"], self.now, zone, roundsUp: true) ?? self.now
        guard from != until else {
            throw Self.refusal("from", "the same time as `until`", "an earlier one")
        }
        self.from = min(from, until)
        self.until = max(from, until)
        format = try Self.format(fields)
        maxDataPoints = fields["maxDataPoints"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
        noNullPoints = fields["noNullPoints"] != nil
        isPretty = !(fields["pretty"] ?? "").isEmpty
        jsonp = try fields["jsonp"].map { name throws(TelemetryProblem) in try Self.callback(name) }
        xFilesFactor = 0
        if let text = fields["xFilesFactor"] {
            guard let factor = Double(text), factor >= 0, factor <= 1 else {
                throw Self.refusal("xFilesFactor", text, "a number from 0 to 1")
            }
            xFilesFactor = factor
        }
        variables = fields.pairs.compactMap { name, value in
            name.hasPrefix("template[") && name.hasSuffix("]")
                ? GraphVariable(name: String(name.dropFirst(9).dropLast()), value: .string(value)) : nil
        }
        width = fields["width"].flatMap(Int.init).map { min(max($0, 50), 4000) } ?? 330
        height = fields["height"].flatMap(Int.init).map { min(max($0, 30), 4000) } ?? 250
    }

    private static func time(
        _ text: String?, _ now: Int64, _ zone: TimeZoneRules, roundsUp: Bool = false
    ) throws(TelemetryProblem) -> Int64? {
        guard let text, !text.isEmpty else { return nil }
        return try TimeExpression.time(text, now: now, zone: zone, roundsUp: roundsUp)
    }

    private static func format(_ fields: FormFields) throws(TelemetryProblem) -> Format {
        guard let name = fields["format"] else {
            return fields["rawData"] != nil ? .raw : fields["pickle"] != nil ? .pickle : .png
        }
        guard let format = Format(rawValue: name) else {
            throw refusal("format", name, "one of \(Format.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return format
    }

    /// A name of a JavaScript function, so that nothing else gets into a script.
    package static func callback(_ name: String) throws(TelemetryProblem) -> String {
        let isName =
            !name.isEmpty && name.utf8.count <= 128
            && name.utf8.allSatisfy { byte in
                byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x30 && byte <= 0x39 || "_.$".utf8.contains(byte)
            }
        guard isName else { throw refusal("jsonp", name, "the name of a function") }
        return name
    }

    static func refusal(_ field: String, _ value: String, _ wanted: String) -> TelemetryProblem {
        TelemetryProblem(
            "graph.request-invalid", "The request was not answered.",
            cause: "Its field `\(field)` is `\(value.prefix(64))`.", remedy: "Make it \(wanted).")
    }
}
