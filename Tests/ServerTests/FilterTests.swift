import ControlPlane
import Core
import Testing
import Wire

@Suite("Filters")
struct FilterTests {
    private func admitted(_ text: String) throws -> [String] {
        let filter = try Filter(text)
        return try SampleFabric.views().instances.filter { filter.admits($0) }.map(\.id.description)
    }

    @Test("Comparisons, joined by and, or, not and parentheses")
    func language() throws {
        #expect(try admitted("app=blog") == ["blog.web.1.r2", "blog.web.2.r2", "blog.web.3.r2"])
        #expect(try admitted("app=blog and host=web-2") == ["blog.web.2.r2"])
        #expect(try admitted("app=shop and (release=r7 or process=worker) and not host=web-1").count == 5)
        #expect(try admitted("label.tier=canary and app!=shop") == ["search.web.2.r2"])
        #expect(try admitted("app=s* and duty=warm") == ["shop.web.1.r7", "shop.web.2.r7"])
        #expect(try admitted("not not colour=red") == ["search.web.2.r2"])
        #expect(try admitted("class=edge").isEmpty)
        #expect(try admitted("host=\"web-6\" and state=stopped") == ["search.web.2.r2"])
        #expect(try admitted("  ").count == SampleFabric.views().instances.count)
        #expect(try admitted("app=blog or app=search and zone=b").count == 5)
    }

    @Test(
        "Faults are named with their position",
        arguments: [
            ("app", "At character 4, expected `=`"), ("app=", "At character 5, expected a value"),
            ("ap=x", "At character 1, \"ap\" is not a key"), ("app=a app=b", "At character 7, expected `and`"),
            ("(app=a", "At character 7, expected `)` for the `(` at 1"), ("app=a and", "At character 10"),
            ("app=\"a", "a quote is not closed"), ("app=a;rm", "\";\" is not allowed here"),
            ("app!x", "expected `=` after `!`"),
            (")", "At character 1"), ("app=\u{202E}a", "\\u{202e}"),
        ])
    func faults(text: String, says: String) {
        #expect { try Filter(text) } throws: { error in
            guard let problem = error as? Problem else { return false }
            return problem.code == "filter.invalid" && problem.cause.contains(says)
        }
    }

    @Test("Length and depth are bounded")
    func bounds() {
        #expect(throws: Problem.self) { try Filter(String(repeating: "(", count: 500)) }
        #expect(throws: Problem.self) { try Filter(String(repeating: "not ", count: 200) + "app=a") }
        #expect(throws: Problem.self) { try Filter("app=" + String(repeating: "a", count: 2000)) }
    }
}
