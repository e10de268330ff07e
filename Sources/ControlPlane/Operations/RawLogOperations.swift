package import Core

/// What the API asks of lines as hosts sent them.
package protocol RawLogOperations: Sendable {
    /// What is stored, the oldest first.
    /// - Throws: `logs.raw-off`.
    func rawLogs() async throws(Problem) -> [RawLogObject]

    /// The text of one.
    /// - Throws: `logs.raw-off`, `logs.raw-unknown`, or what the store of objects says.
    func rawLog(_ key: String) async throws(Problem) -> [UInt8]
}

extension LogsService: RawLogOperations {
    package func rawLogs() async throws(Problem) -> [RawLogObject] { await (try present()).index }

    package func rawLog(_ key: String) async throws(Problem) -> [UInt8] { try await present().text(key) }

    private func present() throws(Problem) -> RawLogs {
        guard let raw else {
            throw Problem(
                "logs.raw-off", "Raw logs are not kept.", cause: "The server has no archive.",
                remedy: "Start it with `--archive s3://BUCKET/PREFIX`, and name streams in `raw` of `logs:` in git.")
        }
        return raw
    }
}
