import ConfigRepository
import Core
import FoundationEssentials
import Testing

/// The examples of docs/configuration.md are a repository: each fenced block of YAML starts with a
/// comment that names its file.
@Suite struct DocumentationTests {
    private func page() throws -> String {
        let parts = #filePath.split(separator: "/")
        return try String(
            contentsOf: URL(filePath: "/" + parts.dropLast(3).joined(separator: "/") + "/docs/configuration.md"),
            encoding: .utf8)
    }

    @Test("The documented example is valid, as a whole")
    func examples() throws {
        var files = ["src/site/index.html": "", "templates/shop.json": "{}"]
        files["certs/shop.pem"] = """
            -----BEGIN CERTIFICATE-----
            -----END CERTIFICATE-----
            -----BEGIN PRIVATE KEY-----
            -----END PRIVATE KEY-----
            """
        for block in try page().split(separator: "```yaml\n").dropFirst() {
            let text = String(block.prefix(upTo: block.firstRange(of: "```")?.lowerBound ?? block.endIndex))
            let first = try #require(text.split(separator: "\n").first)
            try #require(first.hasPrefix("# "), "a block starts with `# PATH`: \(first)")
            files[String(first.dropFirst(2))] = text
        }
        #expect(files.count >= 9)
        let reading = ConfigurationReader.read(FileTree(texts: files), commit: "0")
        #expect(reading.diagnostics.isEmpty, "\(reading.diagnostics.map(\.description).joined(separator: "\n"))")
    }

    @Test("Every key is documented")
    func keys() throws {
        let page = try page()
        for (noun, keys) in ConfigurationKeys.all {
            for key in keys { #expect(page.contains("`\(key)`"), "\(noun): \(key)") }
        }
    }
}
