package import Core
import NIOCore

extension APIClient {
    /// Files of lines as hosts sent them.
    /// - Parameter from: a time as Graphite reads it, or of RFC 3339.
    package func rawLogs(host: String?, app: String?, from: String?) async throws(Problem) -> [RawLogView] {
        try await call(RawLogRoutes.list, query: [("host", host), ("app", app), ("from", from)])
    }

    /// The lines of one.
    package func rawLog(_ key: String) async throws(Problem) -> [UInt8] {
        Array(try await send(RawLogRoutes.text, [key], [], body: nil).readableBytesView)
    }
}
