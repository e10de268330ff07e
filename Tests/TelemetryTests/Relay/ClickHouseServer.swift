import SystemPackage
import Testing

@testable import Telemetry

#if canImport(Glibc)
    import Glibc
#endif

/// A ClickHouse of Debian's, in a folder of its own, on ports that the kernel picked.
final class ClickHouseServer {
    static let program = "/usr/sbin/clickhouse-server"

    let port: UInt16
    private let folder: TemporaryFolder
    private let server: Program

    init() throws {
        folder = try TemporaryFolder()
        port = try Program.freePort()
        let native = try Program.freePort()
        let path = folder.path
        _ = try folder.write(
            "users.xml",
            """
            <yandex><profiles><default></default></profiles><quotas><default></default></quotas>
            <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
            <profile>default</profile><quota>default</quota></default></users></yandex>
            """)
        let configuration = try folder.write(
            "config.xml",
            """
            <yandex><logger><level>error</level><log>\(path)/log</log><errorlog>\(path)/errors</errorlog></logger>
            <http_port>\(port)</http_port><tcp_port>\(native)</tcp_port><listen_host>127.0.0.1</listen_host>
            <path>\(path)/data/</path><tmp_path>\(path)/tmp/</tmp_path><user_files_path>\(path)/files/</user_files_path>
            <users_config>users.xml</users_config><default_profile>default</default_profile>
            <default_database>default</default_database><mark_cache_size>5242880</mark_cache_size>
            <timezone>Europe/Berlin</timezone></yandex>
            """)
        server = try Program([Self.program, "--config-file=\(configuration)"], in: folder)
        let isThere = eventually { try? ask("SELECT 1 FORMAT TabSeparated", []) }
        try #require(isThere != nil)
    }

    deinit { server.end() }

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
