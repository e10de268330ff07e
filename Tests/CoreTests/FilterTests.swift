import Core
import Testing

@Suite("Filters")
struct FilterTests {
    private func admits(_ text: String, _ values: [Filter.Key: String]) throws -> Bool {
        try Filter(text).admits { values[$0] }
    }

    private let subject: [Filter.Key: String] = [
        .app: "shop", .zone: "a", .host: "web-1", .release: "7", .label("tag"): "canary", .label("tier"): "front",
    ]

    @Test(
        "what is admitted",
        arguments: [
            ("", true), ("app=shop", true), ("app!=shop", false), ("app=shop and zone=a", true),
            ("app=shop and zone=b", false),
            ("app=x or zone=a", true), ("app=x or zone=b and app=shop", false),
            ("(app=x or zone=a) and host=web-*", true),
            ("not tag=canary", false), ("not not tag=canary", true), ("label.tier=front", true), ("release=r7", true),
            ("release=7", true),
            ("host=*", true), ("label.none=x", false), ("label.none!=x", true), ("app='shop'", true),
            ("app=\"sh*\"", false),
        ])
    func admitted(text: String, expected: Bool) throws { #expect(try admits(text, subject) == expected) }

    @Test(
        "a fault is told with its place",
        arguments: [
            ("app", 4), ("app=", 5), ("colour2=x", 1), ("app=a and", 10), ("(app=a", 7), ("app=a)", 6),
            ("app=a app=b", 7), ("app=;rm", 5),
            ("app='x", 5), ("app=$(id)", 5), ("=a", 1), ("!app=a", 1), ("app=a\u{202E}", 6),
        ])
    func faults(text: String, position: Int) {
        do throws(Problem) {
            _ = try Filter(text)
            Issue.record("accepted \(text)")
        } catch {
            #expect(error.code == "filter.invalid")
            #expect(error.cause.contains("At character \(position),"), "\(text): \(error.cause)")
        }
    }

    @Test("depth and length are bounded")
    func bounds() {
        #expect(throws: Problem.self) { try Filter(String(repeating: "(", count: 900) + "app=a") }
        #expect(throws: Problem.self) { try Filter(String(repeating: "not ", count: 200) + "app=a") }
        #expect(throws: Problem.self) { try Filter(String(repeating: "app=a or ", count: 8000) + "app=a") }
    }
}
