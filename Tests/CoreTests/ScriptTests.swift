import Foundation
import TestSupport
import Testing

/// Scripts of what happens to a fabric, with what an operator sees. `UPDATE_GOLDEN=1` writes what
/// is seen now into them, to be read in the diff.
@Suite("Scripts")
struct ScriptTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scripts")

    static var scripts: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".txt") }.sorted()
    }

    @Test("an operator sees what the script says", arguments: scripts)
    func script(name: String) throws {
        let file = Self.folder.appending(path: name)
        let expected = try String(contentsOf: file, encoding: .utf8)
        let found = try FabricScript.run(expected)
        if Seeds.setting("UPDATE_GOLDEN") == "1" {
            try found.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(found == expected)
        }
    }
}
