import Foundation
import Testing

@Suite("Documentation")
struct DocumentationTests {
    private let tree: Tree

    init() throws { tree = try Tree() }

    @Test("every decision is listed, and has why, alternatives and consequences")
    func decisions() throws {
        let list = try #require(tree.file("docs/decisions/README.md"))
        let pages = tree.files.filter { $0.path.hasPrefix("docs/decisions/") && $0.path != list.path }
        #expect(!pages.isEmpty)
        for page in pages {
            #expect(list.text.contains("(\(page.name))"), "\(page.name) is not listed in \(list.path)")
            for heading in ["## Why", "## Alternatives", "## Consequences"] {
                #expect(page.text.contains("\n\(heading)\n"), "\(page.path) has no \(heading)")
            }
        }
        let numbers = pages.map { $0.name.prefix(4) }
        #expect(Set(numbers).count == numbers.count, "two decisions have one number")
    }

    @Test("every page of docs is listed in docs/README.md, by itself or with its folder")
    func pages() throws {
        let list = try #require(tree.file("docs/README.md"))
        for page in tree.files where page.path.hasPrefix("docs/") && page.path != list.path {
            let path = page.path.dropFirst("docs/".count)
            if path.hasPrefix("decisions/") { continue }
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            let isListed = list.text.contains("(\(path))") || (!folder.isEmpty && list.text.contains("(\(folder))"))
            #expect(isListed, "\(page.path) is not listed in \(list.path)")
        }
    }

    @Test("links between pages lead somewhere")
    func links() throws {
        for page in tree.files where page.path.hasSuffix(".md") {
            let folder = page.path.split(separator: "/").dropLast().joined(separator: "/")
            for link in page.text.matches(of: #/\]\(([^)\s#]+)(#[^)]*)?\)/#).map({ String($0.1) }) {
                if link.contains("://") || link.hasPrefix("mailto:") { continue }
                let target = tree.root.appending(path: folder).appending(path: link).standardizedFileURL
                #expect(FileManager.default.fileExists(atPath: target.path), "\(page.path) links to \(link)")
            }
        }
    }

    @Test("every code of a problem is in docs/errors.md")
    func errors() throws {
        let page = try #require(tree.file("docs/errors.md"))
        var missing: Set<String> = []
        for file in tree.sources {
            for code in file.text.matches(of: #/Problem\(\s*"([a-z][a-z0-9.\-]*)"/#).map({ String($0.1) })
            where !page.text.contains("| `\(code)` |") {
                missing.insert(code)
            }
        }
        #expect(missing.isEmpty, "run bin/check --fix")
    }

    @Test("scripts can be run")
    func scripts() {
        for path in ["bin/setup", "bin/build", "bin/test", "bin/check", "bin/bench", "bin/demo", ".ci/run"] {
            let file = tree.root.appending(path: path).path
            #expect(FileManager.default.isExecutableFile(atPath: file), "\(path) cannot be run")
        }
    }
}
