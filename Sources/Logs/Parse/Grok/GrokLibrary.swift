package import Telemetry

/// Names that grok patterns may use, with what they stand for.
package struct GrokLibrary: Sendable {
    package private(set) var definitions: [String: String]

    /// Apus's own set.
    package static let standard = GrokLibrary(definitions: parsed(GrokPatterns.basic + GrokPatterns.servers))

    private init(definitions: [String: String]) { self.definitions = definitions }

    /// Reads a pattern file: `NAME expression` a line; empty lines and those that begin with `#` are nothing.
    package static func read(_ text: String) throws(TelemetryProblem) -> [String: String] {
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.drop { $0 == " " || $0 == "\t" }
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let blank = line.firstIndex(where: { $0 == " " || $0 == "\t" }),
                line[..<blank].utf8.allSatisfy({ ByteView.isWord($0) || $0 == 0x2D || $0 == 0x2E })
            else {
                throw TelemetryProblem(
                    "logs.grok", "A file of grok patterns cannot be used.",
                    cause: "\"\(line.prefix(100))\" is no name with an expression behind it.",
                    remedy: "Write `NAME expression`, a line each.")
            }
        }
        return parsed(text)
    }

    private static func parsed(_ text: String) -> [String: String] {
        var definitions: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.drop { $0 == " " || $0 == "\t" }
            guard !line.hasPrefix("#"), let blank = line.firstIndex(where: { $0 == " " || $0 == "\t" }) else {
                continue
            }
            definitions[String(line[..<blank])] = String(line[blank...].drop { $0 == " " || $0 == "\t" })
        }
        return definitions
    }

    /// With a user's own, which win.
    package func adding(_ others: [String: String]) -> GrokLibrary {
        others.isEmpty ? self : GrokLibrary(definitions: definitions.merging(others) { $1 })
    }
}
