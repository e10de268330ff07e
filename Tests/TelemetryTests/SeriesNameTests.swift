import Testing

@testable import Telemetry

@Suite("Series names")
struct SeriesNameTests {
    @Test("tags are ordered by their keys, and the last of one key counts")
    func canonical() throws {
        let name = try SeriesName("disk.used;host=b;dc=a;host=c")
        #expect(name.text == "disk.used;dc=a;host=c")
        #expect(name.path == "disk.used")
        #expect(name.tags.map { "\($0.key):\($0.value)" } == ["dc:a", "host:c"])
    }

    @Test(
        "what is no name is refused",
        arguments: ["", ".", "a..b", "a b", "a\nb", "a;b", "a;=b", "a;b=", "a;b=~c", ";a=b", "a\u{0}"])
    func refused(text: String) {
        #expect(throws: TelemetryProblem.self) { try SeriesName(text) }
    }

    @Test("a megabyte, and a thousand tags, are refused")
    func large() {
        #expect(throws: TelemetryProblem.self) { try SeriesName(String(repeating: "a", count: 1 << 20)) }
        #expect(throws: TelemetryProblem.self) {
            try SeriesName("a" + (0..<100).map { ";k\($0)=v" }.joined())
        }
    }
}
