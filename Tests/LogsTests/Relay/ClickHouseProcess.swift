import SystemPackage
import Telemetry
import TestPrograms
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A ClickHouse of Debian's, in a folder of its own, on ports that the kernel picked. It can be killed and started again.
final class ClickHouseProcess: @unchecked Sendable {
    private struct Failure: Error { var what: String }

    private let scratch: ScratchFolder
    private let server: ClickHouse
    private var folder: String { scratch.path }
    private var number = 0

    init() throws {
        scratch = try ScratchFolder()
        server = try ClickHouse(scratch)
        try waitUntilThere()
    }

    func start() throws { try server.start() }

    /// As if the machine had taken it away.
    func kill() { server.kill() }

    func waitUntilThere() throws {
        for _ in 0..<4000 {
            if (try? ask("SELECT 1")) != nil { return }
            usleep(5000)
        }
        throw Failure(what: "ClickHouse does not answer")
    }

    func text(_ query: String) throws -> String {
        String(decoding: try ask(query), as: UTF8.self).trimmingSuffix()
    }

    /// What it answers to a query, by curl; the query is in the body unless rows are.
    func ask(_ query: String, _ rows: [UInt8] = [], _ id: String? = nil) throws(TelemetryProblem) -> [UInt8] {
        number += 1
        let (body, answer) = ("\(folder)/body\(number)", "\(folder)/answer\(number)")
        defer { for path in [body, answer] { unlink(path) } }
        do {
            let disk = Disk()
            try disk.create(FilePath(body)).append(rows.isEmpty ? Array(query.utf8) : rows)
            var parameters = ["max_query_size=4194304"]
            if let id { parameters.append("query_id=\(Self.encoded(id))") }
            if !rows.isEmpty { parameters.append("query=\(Self.encoded(query))") }
            let status = try Program.run([
                "/usr/bin/curl", "--silent", "--max-time", "30", "--fail-with-body", "--output", answer,
                "http://127.0.0.1:\(server.port)/?\(parameters.joined(separator: "&"))", "--data-binary", "@\(body)",
            ])
            let found = (try? disk.contents(FilePath(answer))) ?? []
            guard status == 0 else {
                throw Failure(what: "\(status): \(String(decoding: found.prefix(2000), as: UTF8.self))")
            }
            return found
        } catch {
            throw TelemetryProblem("test.failed", "No answer.", cause: "\(error) \(query.prefix(3000))", remedy: "")
        }
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let digits = String(byte, radix: 16)
            return "%" + (digits.utf8.count == 1 ? "0" : "") + digits
        }.joined()
    }
}

extension String {
    fileprivate func trimmingSuffix() -> String { hasSuffix("\n") ? String(dropLast()) : self }
}
