import ConfigRepository
import Core
import Testing

@Suite struct ConfigurationDiffTests {
    @Test("A difference is said in words, and a whole app is one change")
    func changes() throws {
        let old = try Sample.prod(Sample.read(app: Sample.shop))
        let new = try Sample.prod(
            Sample.read([
                "apps/shop.yaml": Sample.shop.replacing("prod: 4", with: "prod: 6").replacing(
                    "batch: 25%", with: "batch: 1"),
                "apps/blog.yaml":
                    "app: blog\nsource: { path: src }\nbuild: files\nprocesses: { web: { files: ., instances: { prod: 1 } } }\n",
                "src/x": "", "templates/config.json": "{ }",
            ]))
        #expect(
            ConfigurationDiff.changes(from: old, to: new).map(\.description) == [
                "+ apps.blog",
                "~ apps.shop.config.config.json: template 5465b825 → template 37b13349",
                "~ apps.shop.processes.web.instances: 4 → 6",
                "~ apps.shop.rollout.batch: 25% → 1",
            ])
        #expect(ConfigurationDiff.changes(from: old, to: old).isEmpty)
        #expect(ConfigurationDiff.changes(from: new, to: old).first?.description == "- apps.blog")
        #expect(ConfigurationDiff.facts(of: old).contains("apps.shop.processes.web.instances: 4"))
    }
}

extension String {
    fileprivate func replacing(_ text: String, with other: String) -> String {
        let parts = split(separator: text, omittingEmptySubsequences: false)
        return parts.joined(separator: other)
    }
}
