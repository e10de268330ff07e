package import Telemetry

/// Where documents go in Elasticsearch, by the day of a line: `logs-%Y.%m.%d`.
package struct ElasticIndexPattern: Hashable, Sendable {
    package let text: String

    /// - Throws: `elastic.index-invalid` for what is no name of an index (Elasticsearch's reference, "Create index").
    package init(_ text: String) throws(TelemetryProblem) {
        var rest = text
        for place in ["%Y", "%m", "%d"] { rest = rest.replacing(place, with: "0") }
        let isName = rest.utf8.allSatisfy { byte in
            byte >= 0x61 && byte <= 0x7A || byte >= 0x30 && byte <= 0x39 || "-_.".utf8.contains(byte)
        }
        guard isName, (1...128).contains(text.utf8.count), let first = rest.utf8.first, !"-_.".utf8.contains(first)
        else {
            throw TelemetryProblem(
                "elastic.index-invalid", "This is not the name of an index.",
                cause:
                    "`\(LogText.shown(String(text.prefix(64))))` is not small letters, digits and - _ . with %Y, %m and %d.",
                remedy: "Write a name such as `logs-%Y.%m.%d`, or that of a data stream.")
        }
        self.text = text
    }

    /// - Parameter time: nanoseconds since 1970.
    package func name(at time: Int64) -> String {
        if !text.utf8.contains(UInt8(ascii: "%")) { return text }
        let date = LogTime.text(time)
        return text.replacing("%Y", with: date.prefix(4)).replacing("%m", with: date.dropFirst(5).prefix(2))
            .replacing("%d", with: date.dropFirst(8).prefix(2))
    }
}
