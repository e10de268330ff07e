/// What statsd clients sent in one interval, aggregated as it comes: the hot path.
///
/// Nothing is locked: a tally belongs to one thread, which hands it over when the interval ends and goes on
/// with another one. Names stay in the table from interval to interval, so that a name that comes again
/// costs a look-up and an addition; when most are idle, all are forgotten. Nothing of an interval is left
/// after `clear`.
package final class StatsdTally: @unchecked Sendable {
    // Unchecked: used by one thread at a time; whoever hands it over synchronizes.

    /// In memory of its own, because a class's stored struct would be checked for exclusive access.
    let storage: UnsafeMutablePointer<TallyStorage>

    package init(limits: StatsdLimits = StatsdLimits(), seed: UInt64) {
        storage = .allocate(capacity: 1)
        storage.initialize(to: TallyStorage(limits: limits, seed: seed))
    }

    deinit {
        storage.pointee.table.free()
        storage.pointee.queue.deallocate()
        storage.deinitialize(count: 1)
        storage.deallocate()
    }

    /// When the interval began, in milliseconds since 1970.
    package var start: Int64 {
        get { storage.pointee.start }
        set { storage.pointee.start = newValue }
    }

    package var counts: StatsdCounts {
        get { storage.pointee.counts }
        set { storage.pointee.counts = newValue }
    }

    /// The first lines that were not taken.
    package var badLines: [StatsdBadLine] { storage.pointee.badLines }

    /// Events and checks.
    package var notices: [StatsdNotice] { storage.pointee.notices }

    /// How long the interval took by a clock that nobody puts back, in seconds; nil: as long as it should.
    package var seconds: Double? {
        get { storage.pointee.seconds }
        set { storage.pointee.seconds = newValue }
    }

    /// Reads a datagram, or whole lines of a stream, in memory that is padded as `PaddedBytes` says. The memory
    /// must stay as it is until `settle`.
    @inline(__always)
    func read(closed start: UnsafeRawPointer, count: Int) {
        var receiver = TallyReceiver(storage: storage)
        let parser = storage.pointee.parser
        let lines = parser.parse(start, count: count, into: &receiver)
        storage.pointee.counts.lines &+= UInt64(lines)
    }

    /// Adds what was read to its series.
    func settle() { storage.pointee.settle() }

    /// Reads whole lines and adds them.
    func receive(closed start: UnsafeRawPointer, count: Int) {
        read(closed: start, count: count)
        settle()
    }

    /// Takes in a datagram from any memory.
    package func receive(_ bytes: UnsafeRawBufferPointer) {
        let copy = PaddedBytes(capacity: bytes.count)
        if let start = bytes.baseAddress { copy.start.copyMemory(from: start, byteCount: bytes.count) }
        PaddedBytes.close(copy.start, count: bytes.count)
        storage.pointee.counts.packets &+= 1
        receive(closed: copy.start, count: bytes.count)
    }

    /// Tells the time, for gauges: which of two agents was later.
    /// - Parameter milliseconds: since 1970.
    @inline(__always)
    func setClock(_ milliseconds: Int64) {
        let since = milliseconds &- storage.pointee.start
        storage.pointee.milliseconds = UInt32(truncatingIfNeeded: max(0, min(since, 1 << 29)))
    }

    /// A line that is refused before it is parsed.
    func refuse(_ line: UnsafeRawBufferPointer, _ reason: StatsdBadLineReason) {
        storage.pointee.refuse(line, reason)
    }

    /// Forgets the interval, and names if most of them were idle in it.
    package func clear() { storage.pointee.clear() }
}

/// The state of a tally.
struct TallyStorage: ~Copyable {
    var table: TallyTable
    let parser: StatsdParser
    let limits: StatsdLimits
    var counts = StatsdCounts()
    var start: Int64 = 0
    var seconds: Double?
    /// Milliseconds since the start, as of the last datagrams.
    var milliseconds: UInt32 = 0
    /// Names, as opposed to other spellings of names.
    var names = 0
    /// Samples that wait for their series, and how many there are.
    let queue: UnsafeMutablePointer<QueuedSample>
    var queued = 0
    var values: Arena
    var tables: Arena
    var timed: [TimedValue] = []
    var badLines: [StatsdBadLine] = []
    var notices: [StatsdNotice] = []

    init(limits: StatsdLimits, seed: UInt64) {
        table = TallyTable(seed: seed)
        parser = StatsdParser(seed: seed)
        self.limits = limits
        queue = .allocate(capacity: QueuedSample.queueMax)
        values = Arena(bytesMax: limits.valueBytesMax)
        tables = Arena(bytesMax: limits.tableBytesMax)
    }

    mutating func refuse(_ line: UnsafeRawBufferPointer, _ reason: StatsdBadLineReason) {
        counts.badLines &+= 1
        if badLines.count < limits.badLinesKept { badLines.append(StatsdBadLine(line, reason)) }
    }

    mutating func clear() {
        var live = 0
        for number in 0..<table.count where table.entries[number].state.updates > 0 {
            live += 1
            table.entries[number].state = TallyState()
        }
        // Other spellings have no updates of their own, and are half of what may be there.
        if table.count > 1024, live * 4 < table.count {
            table.removeAll()
            names = 0
        }
        values.reset()
        tables.reset()
        counts = StatsdCounts()
        seconds = nil
        timed.removeAll()
        badLines.removeAll()
        notices.removeAll()
    }
}

/// A value that came with a time of its own, for a counter or a gauge. It is not aggregated with others of
/// its interval.
struct TimedValue: Hashable {
    /// The number of the series in the table.
    var number: Int
    /// Seconds since 1970.
    var time: Int64
    var value: Double
}
