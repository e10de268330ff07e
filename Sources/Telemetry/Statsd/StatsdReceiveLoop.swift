internal import CTelemetry

#if canImport(Glibc)
    import Glibc
#endif

/// The receiving thread of a statsd: reads datagrams and connections into a tally, and ends intervals.
///
/// After a batch it sleeps for a moment, so that the next one is large: at a million datagrams a second a
/// system call brings hundreds, and at a thousand a second the thread wakes as rarely. The moment is short
/// enough that what comes meanwhile at full speed fills an eighth of the kernel's buffer.
final class StatsdReceiveLoop: @unchecked Sendable {
    // Unchecked: made by one thread, then used by the one that runs it.

    private static let batch: UInt32 = 128
    private static let datagramBytesMax = 64 << 10
    /// Batches that are read in a row before anything else gets its turn.
    private static let batchesInARow = 64
    /// How often that is done at the end: more than a buffer of the kernel holds.
    private static let roundsAtEnd = 32

    /// Sockets; -1: nobody can send.
    private let datagrams: Int32
    private let streams: Int32
    private let connectionsMax: Int
    private var intervalMilliseconds: Int64
    private let napNanoseconds: Int
    private var poller: Poller
    private let slab: OpaquePointer
    private var tally: StatsdTally
    private var connections: [Int32: LineStream] = [:]
    private var intervalEnd: Int64
    /// When the interval began, by a clock that nobody puts back.
    private var began = ContinuousClock.now
    private var drops: UInt32 = 0

    var waker: Poller.Waker { poller.waker }

    init(
        datagrams: Int32, streams: Int32, connectionsMax: Int, bufferBytes: Int,
        intervalSeconds: Int64,
        tally: StatsdTally
    ) throws(TelemetryProblem) {
        guard let slab = ctelemetry_slab_make(Self.batch, Self.datagramBytesMax, PaddedBytes.padding)
        else {
            throw TelemetryProblem(
                "listener.memory-missing", "The listener was not started.",
                cause: "The kernel gave no memory.",
                remedy: "Give the process more memory.")
        }
        self.slab = slab
        self.datagrams = datagrams
        self.streams = streams
        self.connectionsMax = connectionsMax
        self.tally = tally
        intervalMilliseconds = intervalSeconds * 1000
        // Datagrams take about a kilobyte each in the kernel, and two million a second is as fast as they come.
        napNanoseconds = min(1_000_000, bufferBytes / 8 / 1024 * 500)
        poller = try Poller()
        if datagrams >= 0 { poller.add(datagrams) }
        if streams >= 0 { poller.add(streams) }
        let now = WallClock.milliseconds()
        tally.start = now
        intervalEnd = (now / intervalMilliseconds + 1) * intervalMilliseconds
    }

    deinit {
        ctelemetry_slab_free(slab)
        if datagrams >= 0 { close(datagrams) }
        if streams >= 0 { close(streams) }
    }

    /// Runs until the other side asks for the end.
    func run(_ handover: StatsdHandover) {
        while true {
            let now = WallClock.milliseconds()
            if handover.interval != intervalMilliseconds {
                intervalMilliseconds = handover.interval
                intervalEnd = (now / intervalMilliseconds + 1) * intervalMilliseconds
            }
            // An interval that cannot end yet is tried again when the other tally comes back, which wakes.
            let left = intervalEnd > now ? min(intervalEnd - now, 60_000) : 1000
            for descriptor in poller.wait(milliseconds: Int32(left)) { receive(descriptor) }
            if handover.isStopping { break }
            endInterval(handover)
        }
        // What waits in the kernel is taken, but not what goes on coming.
        for _ in 0..<Self.roundsAtEnd {
            if drainDatagrams() == 0 { break }
        }
        for descriptor in Array(connections.keys) { receive(descriptor) }
        countDrops()
        handover.end(tally, end: intervalEnd / 1000)
    }

    private func endInterval(_ handover: StatsdHandover) {
        let now = WallClock.milliseconds()
        // A clock that was put back begins anew.
        if intervalEnd - now > intervalMilliseconds {
            intervalEnd = (now / intervalMilliseconds + 1) * intervalMilliseconds
        }
        guard now >= intervalEnd else { return }
        countDrops()
        // A clock that jumped ahead ends one interval, not many. While the one before is still being handled,
        // this one goes on, and ends later.
        let begun = now / intervalMilliseconds * intervalMilliseconds
        tally.seconds = (ContinuousClock.now - began) / .seconds(1)
        guard let empty = handover.exchange(tally, end: begun / 1000) else { return }
        began = .now
        tally = empty
        tally.start = now
        intervalEnd = begun + intervalMilliseconds
    }

    private func countDrops() {
        guard datagrams >= 0 else { return }
        let total = ctelemetry_drops(datagrams)
        tally.counts.packetsDropped += UInt64(total &- drops)
        drops = total
    }

    private func receive(_ descriptor: Int32) {
        if descriptor == datagrams {
            tally.setClock(WallClock.milliseconds())
            if drainDatagrams() > 4 { nap() }
        } else if descriptor == streams {
            accept()
        } else if let stream = connections[descriptor] {
            tally.setClock(WallClock.milliseconds())
            let tally = tally
            let step = stream.read(
                lines: { tally.receive(closed: $0, count: $1) }, tooLong: { tally.refuse($0, .lineTooLong) }
            )
            if step == .closed { connections[descriptor] = nil }
        }
    }

    @discardableResult
    private func drainDatagrams() -> Int {
        guard datagrams >= 0 else { return 0 }
        var total = 0
        for _ in 0..<Self.batchesInARow {
            let count = ctelemetry_slab_receive(slab, datagrams)
            guard count > 0 else { break }
            for index in 0..<UInt32(count) {
                var length: UInt32 = 0
                guard let start = ctelemetry_slab_datagram(slab, index, &length) else { continue }
                PaddedBytes.close(start, count: Int(length))
                tally.read(closed: start, count: Int(length))
            }
            tally.settle()
            tally.counts.packets &+= UInt64(count)
            total += Int(count)
            if count < Self.batch { break }
        }
        return total
    }

    private func nap() {
        var time = timespec(tv_sec: 0, tv_nsec: napNanoseconds)
        nanosleep(&time, nil)
    }

    private func accept() {
        while let descriptor = Socket.accepted(streams) {
            guard connections.count < connectionsMax else {
                close(descriptor)
                continue
            }
            connections[descriptor] = LineStream(descriptor)
            poller.add(descriptor)
        }
    }
}
