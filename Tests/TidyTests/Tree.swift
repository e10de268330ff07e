import Foundation

/// The files of this repository, as git would see them.
struct Tree {
    struct File {
        /// From the root: `Sources/Core/Fabric/Name.swift`.
        var path: String
        var text: String

        var name: String { path.split(separator: "/").last.map(String.init) ?? path }
        var lineCount: Int { text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) }
    }

    /// Where builds and git keep theirs.
    private static let skipped: Set = [".build", ".git", ".swiftpm", "__pycache__"]
    private static let textEndings: Set = [
        "swift", "c", "h", "md", "yaml", "json", "py", "sh", "html", "css", "js", "mustache", "svg", "txt", "fabric",
    ]

    let root: URL
    let files: [File]

    /// The tree that this test was compiled from.
    init(testFile: String = #filePath) throws {
        root = URL(filePath: testFile).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        files = try Self.read(root, from: "")
    }

    var sources: [File] { files.filter { $0.path.hasPrefix("Sources/") && $0.path.hasSuffix(".swift") } }
    var swift: [File] { files.filter { $0.path.hasSuffix(".swift") } }

    func file(_ path: String) -> File? { files.first { $0.path == path } }

    private static func read(_ folder: URL, from prefix: String) throws -> [File] {
        var files: [File] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where !skipped.contains(name) {
            let url = folder.appending(path: name)
            let kind = try FileManager.default.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType
            if kind == .typeDirectory {
                if name.hasPrefix(".build") { continue }
                files += try read(url, from: prefix + name + "/")
            } else if kind == .typeRegular, isText(prefix + name) {
                files.append(
                    File(path: prefix + name, text: String(decoding: try Data(contentsOf: url), as: UTF8.self)))
            }
        }
        return files
    }

    private static func isText(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else {
            return path.hasPrefix("bin/") || path.hasPrefix(".ci/") || path == "LICENSE"
        }
        return textEndings.contains(String(name[name.index(after: dot)...]))
    }
}
