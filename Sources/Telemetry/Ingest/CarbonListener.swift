internal import CTelemetry
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Where carbon's protocols are listened for.
package struct CarbonEndpoint: Hashable, Sendable {
    /// An IP address.
    package var address = "127.0.0.1"
    /// Lines by TCP and by UDP. 0: one that the kernel picks.
    package var linePort: UInt16 = 2003
    package var datagramPort: UInt16 = 2003
    package var picklePort: UInt16 = 2004
    package var connectionsMax = 4096
    /// Bytes of datagrams that may wait in the kernel, as far as it allows.
    package var receiveBufferBytes: Int32 = 8 << 20

    package init() {}
}

/// Receives Graphite's points, as lines by TCP and UDP and as pickles, and hands them to a sink.
///
/// One thread serves all connections, so that their points reach the sink in large pieces. A client that sends
/// faster than the sink takes waits, because nobody reads its connection meanwhile.
package final class CarbonListener: Sendable {
    package let linePort: UInt16
    package let datagramPort: UInt16
    package let picklePort: UInt16

    private let shared = CarbonShared()
    private let waker: Poller.Waker
    private let thread: Mutex<OSThread?>

    /// Starts.
    /// - Parameter seed: a random number, so that nobody can know which names collide.
    package init(
        _ endpoint: CarbonEndpoint, sink: any PointSink, source: SourceName = SourceName("carbon"), seed: UInt64
    ) throws(TelemetryProblem) {
        let loop = try CarbonLoop(endpoint, receiver: CarbonReceiver(sink: sink, source: source, seed: seed))
        linePort = Socket.port(loop.lines)
        datagramPort = Socket.port(loop.datagrams)
        picklePort = Socket.port(loop.pickles)
        waker = loop.waker
        let shared = shared
        thread = Mutex(try OSThread("carbon") { loop.run(shared) })
    }

    package var counts: CarbonCounts { shared.counts.withLock { $0 } }

    /// The last reason why points could not be taken, once.
    package func takeFailure() -> TelemetryProblem? { shared.failure.withLock { $0.take() } }

    /// Stops listening, takes in what has come, and returns when all is over.
    package func stop() {
        guard let running = thread.withLock({ $0.take() }) else { return }
        shared.stop.set()
        waker.wake()
        running.join()
    }
}

/// What the thread and its owner share.
final class CarbonShared: Sendable {
    let stop = StopFlag()
    let counts = Mutex(CarbonCounts())
    let failure = Mutex<TelemetryProblem?>(nil)
}

/// The thread of a carbon listener.
final class CarbonLoop: @unchecked Sendable {
    // Unchecked: made by one thread, then used by the one that runs it.

    let lines: Int32
    let datagrams: Int32
    let pickles: Int32
    var waker: Poller.Waker { poller.waker }

    private static let batch: UInt32 = 64

    private let connectionsMax: Int
    private let receiver: CarbonReceiver
    private let slab: OpaquePointer
    private var poller: Poller
    private var lineStreams: [Int32: LineStream] = [:]
    private var pickleStreams: [Int32: FrameStream] = [:]
    private var drops: UInt32 = 0

    init(_ endpoint: CarbonEndpoint, receiver: CarbonReceiver) throws(TelemetryProblem) {
        var opened: [Int32] = []
        do throws(TelemetryProblem) {
            for (type, port) in [
                (Socket.stream, endpoint.linePort), (Socket.datagram, endpoint.datagramPort),
                (Socket.stream, endpoint.picklePort),
            ] {
                opened.append(try Socket.bound(type, address: endpoint.address, port: port))
            }
            poller = try Poller()
            guard let slab = ctelemetry_slab_make(Self.batch, 64 << 10, PaddedBytes.padding) else {
                throw TelemetryProblem(
                    "listener.memory-missing", "The listener was not started.", cause: "The kernel gave no memory.",
                    remedy: "Give the process more memory.")
            }
            self.slab = slab
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
        lines = opened[0]
        datagrams = opened[1]
        pickles = opened[2]
        connectionsMax = endpoint.connectionsMax
        self.receiver = receiver
        _ = Socket.setReceiveBuffer(datagrams, bytes: endpoint.receiveBufferBytes)
        for descriptor in opened { poller.add(descriptor) }
    }

    deinit {
        ctelemetry_slab_free(slab)
        for descriptor in [lines, datagrams, pickles] { close(descriptor) }
    }

    func run(_ shared: CarbonShared) {
        while !shared.stop.isSet {
            let ready = poller.wait(milliseconds: 1000)
            receiver.now = WallClock.milliseconds() / 1000
            for descriptor in ready { receive(descriptor) }
            publish(shared)
        }
        receiveDatagrams()
        for descriptor in Array(lineStreams.keys) + Array(pickleStreams.keys) { receive(descriptor) }
        publish(shared)
    }

    private func publish(_ shared: CarbonShared) {
        receiver.pass()
        let total = ctelemetry_drops(datagrams)
        receiver.countDrops(UInt64(total &- drops))
        drops = total
        let counts = receiver.counts
        shared.counts.withLock { $0 = counts }
        if let failure = receiver.takeFailure() { shared.failure.withLock { $0 = failure } }
    }

    private func receive(_ descriptor: Int32) {
        if descriptor == datagrams {
            receiveDatagrams()
        } else if descriptor == lines || descriptor == pickles {
            accept(descriptor)
        } else if let stream = lineStreams[descriptor] {
            let receiver = receiver
            let step = stream.read(
                lines: { receiver.receive(closed: $0, count: $1) }, tooLong: { _ in receiver.refuse() })
            if step == .closed { lineStreams[descriptor] = nil }
        } else if let stream = pickleStreams[descriptor] {
            let receiver = receiver
            let step = stream.read { receiver.receive(pickle: $0) }
            if step == .tooLong { receiver.refuse() }
            if step != .empty { pickleStreams[descriptor] = nil }
        }
    }

    private func receiveDatagrams() {
        for _ in 0..<16 {
            let count = ctelemetry_slab_receive(slab, datagrams)
            guard count > 0 else { return }
            for index in 0..<UInt32(count) {
                var length: UInt32 = 0
                guard let start = ctelemetry_slab_datagram(slab, index, &length) else { continue }
                PaddedBytes.close(start, count: Int(length))
                receiver.receive(closed: start, count: Int(length))
            }
            if count < Self.batch { return }
        }
    }

    private func accept(_ listener: Int32) {
        while let descriptor = Socket.accepted(listener) {
            guard lineStreams.count + pickleStreams.count < connectionsMax else {
                close(descriptor)
                continue
            }
            if listener == lines {
                lineStreams[descriptor] = LineStream(descriptor)
            } else {
                pickleStreams[descriptor] = FrameStream(descriptor, bytesMax: CarbonPickle.bytesMax)
            }
            poller.add(descriptor)
        }
    }
}
