import SystemPackage
import TestPrograms
import Testing

@testable import Telemetry

#if canImport(Glibc)
    import Glibc
#endif

/// A ClickHouse of Debian's, in a folder of its own, on ports that the kernel picked.
final class ClickHouseServer {
    private let folder: ScratchFolder
    private let server: ClickHouse
    var port: Int { server.port }

    init() throws {
        folder = try ScratchFolder()
        server = try ClickHouse(folder)
        let isThere = eventually { try? ask("SELECT 1 FORMAT TabSeparated", []) }
        try #require(isThere != nil)
    }

    /// What it answers to a query, by curl.
    func ask(_ query: String, _ rows: [UInt8]) throws -> [UInt8] {
        _ = try folder.write("query", query)
        let (body, answer) = ("\(folder.path)/body", "\(folder.path)/answer")
        try Self.write(rows, to: body)
        try Self.write([], to: answer)
        var command = [
            "/usr/bin/curl", "--silent", "--fail", "--max-time", "20", "--output", answer,
            "http://127.0.0.1:\(port)/", "--data-binary",
        ]
        if rows.isEmpty {
            command.append("@\(folder.path)/query")
        } else {
            command[command.count - 2] += "?query=" + query.replacing(" ", with: "%20").replacing("`", with: "%60")
            command.append("@\(body)")
        }
        guard try Program.run(command) == 0 else {
            throw TelemetryProblem("test.failed", "No answer.", cause: query, remedy: "")
        }
        return try Disk().contents(.init(answer))
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        try Disk().create(.init(path)).append(bytes)
    }
}
