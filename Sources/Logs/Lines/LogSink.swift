package import Telemetry

/// Where lines go: the store of this server, or an agent's buffer on its way there.
package protocol LogSink: Sendable {
    /// Takes lines in. When it returns, they are acknowledged: no crash loses them.
    ///
    /// A batch that was taken in already, by sender and number, is acknowledged again and changes nothing.
    func append(_ batch: LogBatch, as delivery: LogDelivery?) async throws(TelemetryProblem)
}

/// Who sent a batch, and which of its batches it is: the numbers of a sender only rise.
package struct LogDelivery: Hashable, Sendable {
    /// Stable over the sender's restarts: an agent's host and the identity of its buffer.
    package var sender: String
    package var number: UInt64

    package init(sender: String, number: UInt64) {
        self.sender = sender
        self.number = number
    }
}
