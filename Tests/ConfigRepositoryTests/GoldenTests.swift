import ConfigRepository
import FoundationEssentials
import Testing

/// Each file of Golden/ is a repository (after `--- PATH` lines) and, after `===`, what its author
/// sees. With APUS_GOLDEN_UPDATE=1 the expectation is written anew: then read the difference.
@Suite struct GoldenTests {
    static let folder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex)) + "/Golden"
    static var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".txt") }.sorted()
    }

    @Test("What the author of a mistake sees", arguments: names)
    func golden(name: String) throws {
        let path = "\(Self.folder)/\(name)"
        let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        let halves = text.split(separator: "===\n", maxSplits: 1, omittingEmptySubsequences: false)
        var files: [String: String] = [:]
        var current: String?
        for line in halves[0].split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("--- ") {
                current = String(line.dropFirst(4))
            } else if let current {
                files[current, default: ""] += line + "\n"
            }
        }
        let reading = ConfigurationReader.read(FileTree(texts: files), commit: "0")
        let shown = reading.diagnostics.map { "\($0)\n" }.joined()
        if ProcessInfo.processInfo.environment["APUS_GOLDEN_UPDATE"] != nil {
            try (halves[0] + "===\n" + shown).write(to: URL(filePath: path), atomically: true, encoding: .utf8)
        } else {
            #expect(shown == (halves.count > 1 ? String(halves[1]) : ""))
        }
    }

    @Test("There are golden files")
    func presence() { #expect(Self.names.count >= 4) }
}
