import Telemetry

/// The files that pages need, in the program itself.
enum Assets {
    struct Asset: Sendable {
        var text: String
        var type: String
        /// Different for each text, so that a new version of the program is seen at once.
        var version: String

        init(_ text: String, type: String) {
            self.text = text
            self.type = type
            // FNV-1a, 64 bits.
            let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            version = String(hash, radix: 36)
        }
    }

    static let all: [String: Asset] = [
        "apus.css": Asset(
            stylesheet + chartStyle + logsStyle + ChartPalette.stylesheet, type: "text/css; charset=utf-8"),
        "apus.js": Asset(script + logsScript, type: "text/javascript; charset=utf-8"),
        "charts.js": Asset(ChartScript.text + chartLoader, type: "text/javascript; charset=utf-8"),
        "streams.js": Asset(streamsScript, type: "text/javascript; charset=utf-8"),
        "apus.svg": Asset(icon, type: "image/svg+xml"),
    ]

    static func path(_ name: String) -> String { "/assets/\(name)?v=\(all[name]?.version ?? "")" }

    private static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#2f6fc4" d="M1 7c7 0 12 3 15 8 3-5 8-8 15-8-5 2-9 5-11 10l2 8-6-5-6 5 2-8C10 12 6 9 1 7z"/></svg>
        """
}
