import SystemPackage
import Telemetry
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A ClickHouse of Debian's, in a folder of its own, on ports that the kernel picked. It can be killed and started again.
final class ClickHouseProcess: @unchecked Sendable {
    static let program = "/usr/sbin/clickhouse-server"
    static var isThere: Bool { access(program, X_OK) == 0 }

    private struct Failure: Error { var what: String }

    private let folder: String
    private let port: UInt16
    private var id: pid_t = 0
    private var number = 0

    init() throws {
        let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(root)/apus-lines-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(what: "no folder") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        port = try Self.freePort()
        let native = try Self.freePort()
        try write(
            "users.xml",
            """
            <yandex><profiles><default></default></profiles><quotas><default></default></quotas>
            <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
            <profile>default</profile><quota>default</quota></default></users></yandex>
            """)
        try write(
            "config.xml",
            """
            <yandex><logger><level>error</level><log>\(folder)/log</log><errorlog>\(folder)/errors</errorlog></logger>
            <http_port>\(port)</http_port><tcp_port>\(native)</tcp_port><listen_host>127.0.0.1</listen_host>
            <path>\(folder)/data/</path><tmp_path>\(folder)/tmp/</tmp_path>
            <user_files_path>\(folder)/files/</user_files_path><users_config>users.xml</users_config>
            <default_profile>default</default_profile><default_database>default</default_database>
            <mark_cache_size>5242880</mark_cache_size><timezone>Europe/Berlin</timezone></yandex>
            """)
        try start()
        try waitUntilThere()
    }

    deinit {
        kill()
        _ = try? Self.run(["/bin/rm", "-r", folder])
    }

    func start() throws {
        id = try Self.spawn([Self.program, "--config-file=\(folder)/config.xml"], output: "\(folder)/output")
    }

    /// As if the machine had taken it away.
    func kill() {
        guard id != 0 else { return }
        Glibc.kill(id, SIGKILL)
        _ = Self.wait(id)
        id = 0
    }

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
            let status = try Self.run([
                "/usr/bin/curl", "--silent", "--max-time", "30", "--fail-with-body", "--output", answer,
                "http://127.0.0.1:\(port)/?\(parameters.joined(separator: "&"))", "--data-binary", "@\(body)",
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

    private func write(_ name: String, _ text: String) throws {
        try Disk().create(FilePath("\(folder)/\(name)")).append(Array(text.utf8))
    }

    // MARK: - Programs

    private static func run(_ command: [String]) throws -> Int32 { wait(try spawn(command, output: "/dev/null")) }

    private static func wait(_ id: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        return status
    }

    private static func spawn(_ command: [String], output: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Threads of a pool block signals, and a program inherits that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var id: pid_t = 0
        guard posix_spawn(&id, command[0], &actions, &attributes, &arguments, environ) == 0 else {
            throw Failure(what: "\(command) was not started")
        }
        return id
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = try Socket.bound(Socket.stream, address: "127.0.0.1", port: 0)
        defer { close(descriptor) }
        return Socket.port(descriptor)
    }
}

extension String {
    fileprivate func trimmingSuffix() -> String { hasSuffix("\n") ? String(dropLast()) : self }
}
