import Glibc

/// A ClickHouse of Debian's, in a folder of a test, on ports that the kernel picked.
package final class ClickHouse: Sendable {
    package static let executable = "/usr/sbin/clickhouse-server"
    package static var isThere: Bool { access(executable, X_OK) == 0 }

    package let port: Int
    private let program: Program

    /// Starts it. It takes a while before it answers.
    /// - Parameters:
    ///   - port: nil: one that is free.
    ///   - password: of the user `apus`; nil: the usual user needs none.
    package init(_ folder: ScratchFolder, port: Int? = nil, password: String? = nil) throws {
        self.port = port ?? Program.freePort()
        let (path, user) = (folder.path, password == nil ? "default" : "apus")
        _ = try folder.write(
            "users.xml",
            """
            <yandex><profiles><default></default></profiles><quotas><default></default></quotas>
            <users><\(user)><password>\(password ?? "")</password><networks><ip>127.0.0.1</ip></networks>
            <profile>default</profile><quota>default</quota></\(user)></users></yandex>
            """)
        // Its time is not UTC, as in many a company.
        let configuration = try folder.write(
            "config.xml",
            """
            <yandex><logger><level>error</level><log>\(path)/log</log><errorlog>\(path)/errors</errorlog></logger>
            <http_port>\(self.port)</http_port><tcp_port>\(Program.freePort())</tcp_port>
            <listen_host>127.0.0.1</listen_host><path>\(path)/data/</path><tmp_path>\(path)/tmp/</tmp_path>
            <user_files_path>\(path)/files/</user_files_path><users_config>users.xml</users_config>
            <default_profile>default</default_profile><default_database>default</default_database>
            <mark_cache_size>5242880</mark_cache_size><timezone>Europe/Berlin</timezone></yandex>
            """)
        program = try Program([Self.executable, "--config-file=\(configuration)"], output: "\(path)/output")
    }

    package func start() throws { try program.start() }

    /// As if the machine had taken it away.
    package func kill() { program.kill() }
}
