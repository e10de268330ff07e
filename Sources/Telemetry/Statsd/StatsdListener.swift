internal import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Where a statsd listens, and how.
package struct StatsdEndpoint: Hashable, Sendable {
    /// An IP address.
    package var address = "127.0.0.1"
    /// 0: one that the kernel picks.
    package var datagramPort: UInt16 = 8125
    package var streamPort: UInt16 = 8125
    /// Bytes of datagrams that may wait in the kernel, as far as it allows.
    package var receiveBufferBytes: Int32 = 16 << 20
    package var connectionsMax = 1024

    package init() {}
}

/// Receives statsd's lines by UDP and TCP, and hands over what came whenever an interval ends.
///
/// One thread receives and aggregates, another one handles what is finished. There are two tallies: while
/// one is handled the other one fills. If handling takes longer than an interval, the interval grows.
package final class StatsdListener: Sendable {
    /// Gets what came in an interval, and when it ended in seconds since 1970. Called by one thread.
    package typealias Handler = @Sendable (StatsdTally, Int64) -> Void

    /// 0 without a socket.
    package let datagramPort: UInt16
    package let streamPort: UInt16
    /// What the kernel has given for datagrams that wait.
    package let receiveBufferBytes: Int

    private let handover: StatsdHandover
    private let receiver: Mutex<OSThread?>
    private let flusher: Mutex<OSThread?>

    /// Starts.
    /// - Parameters:
    ///   - endpoint: nil: no socket is opened, and only intervals end.
    ///   - intervalSeconds: intervals begin at multiples of it since 1970.
    ///   - seed: a random number, so that nobody can know which names collide.
    package init(
        _ endpoint: StatsdEndpoint?, intervalSeconds: Int64, limits: StatsdLimits = StatsdLimits(),
        seed: UInt64,
        handle: @escaping Handler
    ) throws(TelemetryProblem) {
        let (datagrams, streams) = try Self.sockets(endpoint)
        datagramPort = datagrams < 0 ? 0 : Socket.port(datagrams)
        streamPort = streams < 0 ? 0 : Socket.port(streams)
        receiveBufferBytes =
            endpoint.map { Socket.setReceiveBuffer(datagrams, bytes: $0.receiveBufferBytes) } ?? 0
        let loop = try StatsdReceiveLoop(
            datagrams: datagrams, streams: streams, connectionsMax: endpoint?.connectionsMax ?? 0,
            bufferBytes: receiveBufferBytes,
            intervalSeconds: intervalSeconds, tally: StatsdTally(limits: limits, seed: seed))
        let handover = StatsdHandover(
            spare: StatsdTally(limits: limits, seed: seed), waker: loop.waker, intervalSeconds: intervalSeconds)
        self.handover = handover
        receiver = Mutex(try OSThread("statsd-receive") { loop.run(handover) })
        flusher = Mutex(
            try OSThread("statsd-flush") {
                while let (tally, end) = handover.nextFinished() {
                    handle(tally, end)
                    tally.clear()
                    handover.giveBack(tally)
                }
            })
    }

    private static func sockets(
        _ endpoint: StatsdEndpoint?
    ) throws(TelemetryProblem) -> (datagrams: Int32, streams: Int32) {
        guard let endpoint else { return (-1, -1) }
        let datagrams = try Socket.bound(Socket.datagram, address: endpoint.address, port: endpoint.datagramPort)
        do {
            return (
                datagrams, try Socket.bound(Socket.stream, address: endpoint.address, port: endpoint.streamPort)
            )
        } catch {
            close(datagrams)
            throw error
        }
    }

    /// Makes intervals longer or shorter, from the one on that is running. Nothing is lost.
    package func setInterval(seconds: Int64) { handover.setInterval(seconds: seconds) }

    /// Stops listening, handles what has come, and returns when all is over.
    package func stop() {
        handover.stop()
        receiver.withLock { $0.take() }?.join()
        flusher.withLock { $0.take() }?.join()
    }
}
