internal import Synchronization
internal import SystemPackage

/// Keeps what agents sent until its interval is in the store of series, so that a snapshot that was
/// acknowledged outlasts the process and a loss of power, and is counted once. Bytes:
/// docs/formats/statsd-journal.md.
///
/// The order makes it right at whatever place the process is lost: a snapshot is in the journal before it is
/// acknowledged; what an interval consists of is in the journal (`begin`) before the first of its points is
/// in the store; and the store is safe before the journal says that the interval is over (`end`). An
/// interval that was begun and not ended is written again at the same time: a store keeps one point for a
/// time, so nothing is there twice.
package final class SnapshotJournal: Sendable {
    package typealias Position = WriteAheadLog.Position

    fileprivate enum Kind {
        static let snapshot: UInt8 = 1
        static let begin: UInt8 = 2
        static let end: UInt8 = 3
        static let checkpoint: UInt8 = 4
        static let own: UInt8 = 5
    }

    typealias Gauge = (name: [UInt8], value: Double)

    /// An interval that was begun, and may not be in the store.
    struct Interval {
        /// Its end, in seconds since 1970.
        var time: Int64
        var snapshots: [StatsdSnapshot]
    }

    /// What is to be taken in again.
    struct Contents {
        var ledger = SnapshotLedger()
        var gauges: [[UInt8]: Double] = [:]
        /// In order.
        var intervals: [Interval] = []
        /// Of the interval that had not ended.
        var snapshots: [StatsdSnapshot] = []
        /// Bytes that could not be read, in words for people.
        var dropped: [String] = []
    }

    /// Before the journal is so large, it is not made smaller.
    private static let bytesMin = 4 << 20

    private let log: WriteAheadLog
    private let checkpointBytes = Mutex(0)

    private init(_ log: WriteAheadLog) { self.log = log }

    /// Opens the journal in a folder, which is made if it is not there.
    /// - Throws: `storage.failed`; `statsd.journal-unknown` for a record of another version.
    static func open(
        _ folder: FilePath, on files: any FileSystem
    ) throws(TelemetryProblem) -> (journal: SnapshotJournal, contents: Contents) {
        var first: UInt64 = 1
        do throws(FileFault) {
            try files.makeFolder(folder)
            first = try files.list(folder).compactMap { LogSegment.number(of: $0) }.min() ?? 1
        } catch {
            throw error.problem("The journal of statsd was not opened.")
        }
        var contents = Contents()
        let (log, recovery) = try WriteAheadLog.open(folder, on: files, from: first) {
            record throws(TelemetryProblem) in
            guard contents.replay(Array(record)) else {
                throw TelemetryProblem(
                    "statsd.journal-unknown", "The journal of statsd was not opened.",
                    cause: "It has a record that this version does not know.",
                    remedy: "Start the version that wrote it, or a newer one.")
            }
        }
        contents.dropped = recovery.dropped.map(\.description)
        return (SnapshotJournal(log), contents)
    }

    /// Writes a snapshot. It is safe when `sync(through:)` has returned for the position.
    /// - Parameter isOwn: what the server's own statsd has counted: not known by agent and interval.
    func keep(_ encoded: [UInt8], isOwn: Bool = false) throws(TelemetryProblem) -> Position {
        try write([isOwn ? Kind.own : Kind.snapshot] + encoded)
    }

    /// The position behind everything that was written.
    var end: Position { log.end }

    func sync(through position: Position) throws(TelemetryProblem) {
        do throws(FileFault) { try log.sync(through: position) } catch { throw Self.problem(error) }
    }

    /// Says what an interval consists of: every snapshot so far that is in no other, and `own`. Returns when
    /// that is safe.
    func begin(_ time: Int64, own: StatsdSnapshot) throws(TelemetryProblem) {
        var record = [Kind.begin]
        record.append(fixed: time)
        try sync(through: try write(record + own.encoded()))
    }

    /// Says that everything before is safe in the store, and what gauges have come to.
    func end(_ time: Int64, gauges: [Gauge]) throws(TelemetryProblem) {
        var record = [Kind.end]
        record.append(fixed: time)
        Self.append(gauges, to: &record)
        _ = try write(record)
    }

    /// Whether it is worth the work to write a checkpoint.
    var isLarge: Bool { log.bytes > max(Self.bytesMin, 4 * checkpointBytes.withLock { $0 }) }

    /// Begins anew with what is known now, and forgets everything before. All that was begun is in the store.
    /// - Parameter pending: what came since the last interval.
    func checkpoint(
        _ ledger: SnapshotLedger, gauges: [Gauge], pending: StatsdSnapshot
    ) throws(TelemetryProblem) {
        var record = [Kind.checkpoint]
        ledger.append(to: &record)
        Self.append(gauges, to: &record)
        record += pending.encoded()
        do throws(FileFault) {
            let number = try log.cut()
            try log.sync(through: try log.append(record[...]))
            try log.remove(before: number)
        } catch {
            throw Self.problem(error)
        }
        checkpointBytes.withLock { $0 = record.count }
    }

    private func write(_ record: [UInt8]) throws(TelemetryProblem) -> Position {
        do throws(FileFault) { return try log.append(record[...]) } catch { throw Self.problem(error) }
    }

    private static func problem(_ fault: FileFault) -> TelemetryProblem {
        fault.problem("What statsd counted was not made safe.")
    }

    private static func append(_ gauges: [Gauge], to record: inout [UInt8]) {
        record.append(varint: gauges.count)
        for gauge in gauges {
            record.append(varint: gauge.name.count)
            record += gauge.name
            record.append(fixed: gauge.value.bitPattern)
        }
    }
}

extension SnapshotJournal.Contents {
    /// Takes a record in. False for one that is unknown.
    fileprivate mutating func replay(_ record: [UInt8]) -> Bool {
        record.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            switch reader.byte() {
            case SnapshotJournal.Kind.snapshot: return replaySnapshot(&reader, isOwn: false)
            case SnapshotJournal.Kind.own: return replaySnapshot(&reader, isOwn: true)
            case SnapshotJournal.Kind.begin:
                guard let time = reader.fixed(Int64.self), let own = Self.snapshot(&reader) else { return false }
                intervals.append(SnapshotJournal.Interval(time: time, snapshots: snapshots + [own]))
                snapshots = []
                return true
            case SnapshotJournal.Kind.end:
                guard reader.fixed(Int64.self) != nil, readGauges(&reader) else { return false }
                // What is begun when an interval ends is that interval, and others that were written late.
                intervals = []
                ledger.endInterval()
                return true
            case SnapshotJournal.Kind.checkpoint:
                guard let known = SnapshotLedger(&reader) else { return false }
                self = SnapshotJournal.Contents(ledger: known)
                guard readGauges(&reader), let pending = Self.snapshot(&reader) else { return false }
                snapshots = [pending]
                return true
            default: return false
            }
        }
    }

    private mutating func replaySnapshot(_ reader: inout ByteReader, isOwn: Bool) -> Bool {
        guard let snapshot = Self.snapshot(&reader) else { return false }
        if isOwn || ledger.admit(snapshot.agent, interval: snapshot.interval) == .new { snapshots.append(snapshot) }
        return true
    }

    private mutating func readGauges(_ reader: inout ByteReader) -> Bool {
        guard let count = reader.count() else { return false }
        for _ in 0..<count {
            guard let length = reader.count(limit: SeriesName.bytesMax), let name = reader.take(length),
                let bits = reader.fixed(UInt64.self)
            else { return false }
            gauges[Array(name)] = Double(bitPattern: bits)
        }
        return true
    }

    private static func snapshot(_ reader: inout ByteReader) -> StatsdSnapshot? {
        guard let bytes = reader.take(reader.remaining) else { return nil }
        return try? StatsdSnapshot(decoding: Array(bytes))
    }
}
