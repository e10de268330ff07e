import SystemPackage
import Testing

/// Files that show a reviewer what a user would see. With `APUS_GOLDEN=write` in the environment they are
/// written; what has changed is then for git to show.
enum Golden {
    private static let folder = FilePath("\(#filePath)").removingLastComponent().appending("Golden")

    static func check(_ text: String, _ name: String, at location: SourceLocation = #_sourceLocation) throws {
        let path = folder.appending(name)
        if writes {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
            _ = try file.closeAfter { try file.writeAll(text.utf8) }
            return
        }
        let expected = (try? read(path)) ?? ""
        guard text != expected else { return }
        let (was, now) = (expected.split(separator: "\n"), text.split(separator: "\n"))
        let line = zip(was, now).enumerated().first { $0.element.0 != $0.element.1 }
        Issue.record(
            """
            \(name) differs in line \((line?.offset ?? min(was.count, now.count)) + 1):
            - \(line?.element.0.prefix(300) ?? "")
            + \(line?.element.1.prefix(300) ?? "")
            """, sourceLocation: location)
    }

    private static var writes: Bool { environment("APUS_GOLDEN") == "write" }

    static func read(_ path: FilePath) throws -> String {
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter {
            var bytes: [UInt8] = []
            let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
            defer { chunk.deallocate() }
            while case let count = try file.read(into: chunk), count > 0 { bytes += chunk[..<count] }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func environment(_ name: String) -> String? {
        let all = (try? read("/proc/self/environ")) ?? ""
        return all.split(separator: "\0").first { $0.hasPrefix(name + "=") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }
}
