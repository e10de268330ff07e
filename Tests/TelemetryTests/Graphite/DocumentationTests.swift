import Glibc
import SystemPackage
import Testing

@testable import Telemetry

/// docs/graphite.md lists the functions as the table has them. With APUS_GOLDEN_UPDATE=1 the list is written
/// anew.
@Suite("The page of Graphite")
struct GraphiteDocumentationTests {
    private static let page: FilePath = {
        var path = FilePath(#filePath)
        for _ in 0..<4 { path.removeLastComponent() }
        return path.appending("docs/graphite.md")
    }()

    private static let isThere = (try? FileDescriptor.open(page, .readOnly).close()) != nil

    @Test("lists every function", .enabled(if: isThere))
    func functions() throws {
        let text = try Self.read()
        let begin = "<!-- functions -->\n"
        let end = "<!-- end of functions -->"
        let start = try #require(text.firstRange(of: begin)?.upperBound)
        let stop = try #require(text.firstRange(of: end)?.lowerBound)
        if getenv("APUS_GOLDEN_UPDATE") != nil {
            let file = try FileDescriptor.open(Self.page, .writeOnly, options: .truncate)
            _ = try file.closeAfter { try file.writeAll((text[..<start] + Self.table + text[stop...]).utf8) }
        } else {
            #expect(text[start..<stop] == Self.table, "Run this test with APUS_GOLDEN_UPDATE=1.")
        }
    }

    private static var table: String {
        let rows = GraphFunctions.all.sorted { $0.name.lowercased() < $1.name.lowercased() }.map { function in
            "| `\(function.signature.replacing("|", with: "\\|"))` | \(function.group) | \(function.summary) |\n"
        }
        return "| function | group | what it gives |\n| --- | --- | --- |\n" + rows.joined()
    }

    private static func read() throws -> String {
        let file = try FileDescriptor.open(page, .readOnly)
        return try file.closeAfter {
            var bytes: [UInt8] = []
            while true {
                let more = try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                if more.isEmpty { return String(decoding: bytes, as: UTF8.self) }
                bytes += more
            }
        }
    }
}
