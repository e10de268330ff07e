import Telemetry

/// A pattern in grok's syntax as a regular expression: `%{NAME}`, `%{NAME:field}`, `%{NAME:field:type}`.
struct GrokPattern {
    struct Field {
        var name: String
        var kind: PatternSet.Capture.Kind
    }

    /// Longer ones, with all that names stand for, are refused.
    private static let bytesMax = 60_000
    private static let depthMax = 32

    /// With named groups, whose names are keys of `fields`.
    private(set) var expression = ""
    private(set) var fields: [String: Field] = [:]

    init(_ text: String, _ library: GrokLibrary) throws(TelemetryProblem) {
        expression = try expand(text, library, depth: 0)
    }

    private mutating func expand(
        _ text: String, _ library: GrokLibrary, depth: Int
    ) throws(TelemetryProblem) -> String {
        guard depth < Self.depthMax else { throw Self.problem("Its names stand for one another without an end.") }
        var made = ""
        var rest = text.utf8[...]
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            made += String(rest[..<percent]) ?? ""
            rest = rest[percent...]
            guard rest.dropFirst().first == UInt8(ascii: "{"), let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
                made += "%"
                rest = rest.dropFirst()
                continue
            }
            let reference = String(rest.dropFirst(2)[..<end]) ?? ""
            rest = rest[end...].dropFirst()
            made += try group(reference, library, depth: depth)
            guard made.utf8.count <= Self.bytesMax else { throw Self.problem("It is too long with all its parts.") }
        }
        return made + (String(rest) ?? "")
    }

    private mutating func group(
        _ reference: String, _ library: GrokLibrary, depth: Int
    ) throws(TelemetryProblem) -> String {
        let parts = reference.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard let definition = library.definitions[parts[0]] else {
            throw Self.problem("There is no pattern of the name \"\(parts[0].prefix(100))\".")
        }
        let inner = try expand(definition, library, depth: depth + 1)
        guard parts.count > 1 else { return "(?:\(inner))" }
        let name = try Self.fieldName(parts[1])
        let group = "apus_\(fields.count)"
        fields[group] = Field(name: name, kind: try Self.kind(parts.count > 2 ? parts[2] : "string"))
        return "(?<\(group)>\(inner))"
    }

    /// `[http][status]`, as Logstash writes nested fields, is `http.status`.
    private static func fieldName(_ text: String) throws(TelemetryProblem) -> String {
        var name = text
        if text.hasPrefix("["), text.hasSuffix("]") {
            name = String(text.dropFirst().dropLast()).replacing("][", with: ".")
        }
        guard !name.isEmpty else { throw problem("A field has no name.") }
        return name == "@timestamp" ? "timestamp" : name
    }

    private static func kind(_ text: String) throws(TelemetryProblem) -> PatternSet.Capture.Kind {
        switch text {
        case "string", "text", "keyword": return .text
        case "int", "integer", "long": return .integer
        case "float", "double", "number": return .decimal
        default: throw problem("\"\(text.prefix(100))\" is no type: int, float and string are.")
        }
    }

    private static func problem(_ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "logs.grok", "A grok pattern cannot be used.", cause: cause,
            remedy: "Mend the pattern; docs/logs-pipelines.md has the names that are known.")
    }
}
