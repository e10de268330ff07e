package import Core
package import Logging
package import Logs
import NIOCore
import Telemetry
package import Wire

/// Takes the batches of agents into a sink, with the labels that only the server may give: an agent says what
/// runs on its host, not whose host it is.
package struct AgentLogIntake: Sendable {
    private let sink: any LogSink
    /// `fabric`, `region` and `zone` of a host.
    private let labels: @Sendable (HostName) -> [LogStream.Label]
    private let logger: Logger

    package init(
        sink: any LogSink, labels: @escaping @Sendable (HostName) -> [LogStream.Label], logger: Logger
    ) {
        self.sink = sink
        self.labels = labels
        self.logger = logger
    }

    /// When it returns, the lines are kept. A batch that nobody can read is said and passed over: sent again, it
    /// would hold up all that are behind it.
    /// - Throws: what the sink throws, as the product's problem.
    package func take(_ parcel: LogParcel, from host: HostName) async throws(Problem) {
        var batch: LogBatch
        do throws(TelemetryProblem) {
            batch = try LogBatch(packed: Array(parcel.bytes.readableBytesView))
        } catch {
            logger.error(
                "a batch of log lines is lost",
                metadata: ["host": "\(host)", "number": "\(parcel.number)", "problem": "\(error)"])
            return
        }
        let own = labels(host) + [LogStream.Label("host", host.text)]
        batch.streams = batch.streams.map { LogStream($0.labels + own) }
        do throws(TelemetryProblem) {
            try await sink.append(
                batch, as: LogDelivery(sender: "\(host)/\(String(parcel.buffer, radix: 16))", number: parcel.number))
        } catch {
            throw Problem(error.code, error.sentence, cause: error.cause, remedy: error.remedy)
        }
    }
}
