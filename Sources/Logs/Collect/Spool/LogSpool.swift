import Synchronization
package import SystemPackage
package import Telemetry

/// What a host has read and the server has not yet: batches on disk, each with the places of the files up to which it
/// was read, so that both move as one. For one thread that appends and one that takes.
///
/// Batches have rising numbers. One is forgotten when the server has acknowledged it, or, beyond the bound, when it is
/// the oldest; then its lines are counted as lost.
package final class LogSpool: Sendable {
    package struct Options: Sendable {
        /// Bytes on disk.
        package var bytesMax = 1 << 30
        /// Bytes of one file: what is forgotten at once.
        package var segmentBytesMax = 4 << 20

        package init() {}
    }

    /// Batches that were never sent.
    package struct Loss: Hashable, Sendable {
        package var batches = 0
        package var lines = 0
        package var bytes = 0

        package init(batches: Int = 0, lines: Int = 0, bytes: Int = 0) {
            self.batches = batches
            self.lines = lines
            self.bytes = bytes
        }
    }

    /// What the buffer holds.
    package struct Level: Hashable, Sendable {
        package var batches = 0
        package var lines = 0
        /// On disk.
        package var bytes = 0
        /// Since the buffer was made.
        package var lost = Loss()

        package init(batches: Int = 0, lines: Int = 0, bytes: Int = 0, lost: Loss = Loss()) {
            self.batches = batches
            self.lines = lines
            self.bytes = bytes
            self.lost = lost
        }
    }

    /// A batch, as it is sent.
    package struct Parcel: Hashable, Sendable {
        package var number: UInt64
        /// A packed batch: `LogBatch(packed:)` reads it.
        package var bytes: [UInt8]
    }

    /// What is known up to a record.
    package struct Places: Sendable {
        package var files: [LogFileKey: FilePlace] = [:]
        package var cursors: [String: String] = [:]
    }

    /// A batch to be kept, and what is read with it.
    package struct Batch: Sendable {
        /// Packed; empty: there are only places.
        package var bytes: [UInt8] = []
        package var lines = 0
        /// Of the lines, before they were packed.
        package var lineBytes = 0
        package var places: [FilePlace] = []
        package var forgotten: [LogFileKey] = []
        package var cursors: [String: String] = [:]

        package init() {}
    }

    /// Numbers that are left out when a buffer is opened: what a damaged end has held is not used again.
    private static let numberGap: UInt64 = 1 << 16

    /// Which buffer it is: numbers are of it.
    package let identity: UInt64
    private let options: Options
    private let log: WriteAheadLog
    private let state: Mutex<State>

    struct State {
        var places = Places()
        var index = SpoolIndex()
        var number: UInt64 = 0
        var acknowledged: UInt64 = 0
        var lost = Loss()
        var segment: UInt64 = 0
        /// Bytes in the current segment.
        var segmentBytes = 0
        var needsWhole = true
    }

    private init(_ log: WriteAheadLog, identity: UInt64, _ options: Options, _ state: sending State) {
        self.log = log
        self.identity = identity
        self.options = options
        self.state = Mutex(state)
    }

    /// Opens the buffer in a folder, or makes one. What its end has lost to a crash is in the recovery.
    /// - Parameter identity: a random number, used if there is no buffer yet.
    package static func open(
        _ folder: FilePath, on files: any FileSystem, _ options: Options = Options(), identity: UInt64
    ) throws(TelemetryProblem) -> (spool: LogSpool, recovery: LogRecovery) {
        var state = State()
        var identity = identity
        var unknown = 0
        let (log, recovery) = try WriteAheadLog.open(folder, on: files, from: 0, segmentBytesMax: .max) {
            (payload) throws(TelemetryProblem) in
            var reader = ByteReader(payload)
            guard let record = SpoolRecord(&reader) else {
                unknown += 1
                state.segmentBytes += WriteAheadLog.frameBytes + payload.count
                return
            }
            identity = record.identity
            state.replay(record, payload: payload.count, head: reader.position)
        }
        guard unknown == 0 else {
            throw TelemetryProblem(
                "logs.spool-unknown", "The buffer of log lines in \(folder) was not opened.",
                cause: "\(unknown) of its records are of another version.",
                remedy: "Start the version that wrote it, or move the folder away: what it holds is lost then.")
        }
        state.number += numberGap
        do throws(FileFault) { state.segment = try log.cut() } catch {
            throw error.problem("The buffer of log lines in \(folder) was not opened.")
        }
        state.segmentBytes = WriteAheadLog.headBytes
        let spool = LogSpool(log, identity: identity, options, state)
        // Older segments are only removed when the places are in this one.
        try spool.append(Batch())
        spool.state.withLock { spool.removeDone(&$0) }
        return (spool, recovery)
    }

    package var places: Places { state.withLock { $0.places } }

    package var level: Level {
        state.withLock { state in
            Level(
                batches: state.index.entries.count, lines: state.index.lines, bytes: log.bytes, lost: state.lost)
        }
    }

    /// Puts a batch into the buffer, with the places that were read to with it. Returns when a lost process does not
    /// lose it.
    /// - Throws: if the disk takes nothing; then nothing is changed, and it may be tried again.
    package func append(_ batch: Batch) throws(TelemetryProblem) {
        do throws(FileFault) {
            try state.withLock { state throws(FileFault) in try append(batch, &state) }
        } catch {
            throw error.problem("Log lines were not put into the buffer.")
        }
    }

    private func append(_ batch: Batch, _ state: inout State) throws(FileFault) {
        let size = batch.bytes.count + WriteAheadLog.frameBytes + 256
        let segmentBytesMax = min(options.segmentBytesMax, max(64 << 10, options.bytesMax / 8))
        if state.segmentBytes + size > segmentBytesMax, state.segmentBytes > WriteAheadLog.headBytes {
            state.segment = try log.cut()
            state.segmentBytes = WriteAheadLog.headBytes
            state.needsWhole = true
        }
        var record = SpoolRecord(
            segment: state.segment, identity: identity, number: state.number + (batch.bytes.isEmpty ? 0 : 1),
            acknowledged: state.acknowledged, lost: state.lost, isWhole: state.needsWhole)
        record.lines = batch.lines
        record.lineBytes = batch.lineBytes
        if state.needsWhole {
            let places = state.places.taking(batch)
            record.places = Array(places.files.values)
            record.cursors = places.cursors
        } else {
            record.places = batch.places
            record.forgotten = batch.forgotten
            record.cursors = batch.cursors
        }
        let head = record.head
        let payload = head.count + batch.bytes.count
        let position = try log.append((head + batch.bytes)[...])
        state.places.take(batch)
        state.number = record.number
        state.needsWhole = false
        state.index.add(
            .init(
                number: record.number, segment: state.segment, offset: state.segmentBytes, head: head.count,
                payload: payload, lines: batch.lines, lineBytes: batch.lineBytes, position: position))
        state.segmentBytes += WriteAheadLog.frameBytes + payload
        makeRoom(&state)
    }

    /// Forgets the oldest batches while there is more on the disk than may be.
    private func makeRoom(_ state: inout State) {
        while log.bytes > options.bytesMax, let first = state.index.firstSegment, first < state.segment {
            for entry in state.index.removeSegment(first) where entry.number > state.acknowledged {
                state.lost.batches += 1
                state.lost.lines += entry.lines
                state.lost.bytes += entry.lineBytes
            }
            removeDone(&state)
        }
    }

    /// Removes the files of which nothing is needed. What is not removed now is next time.
    private func removeDone(_ state: inout State) {
        let first = state.index.firstSegment ?? state.segment
        // The current one begins with all places; if nothing is in it yet, the one before it is needed.
        guard !state.needsWhole, first > state.index.removedBefore else { return }
        do throws(FileFault) {
            try log.remove(before: first)
            state.index.removedBefore = first
        } catch {}
    }

    // MARK: Sending

    /// The first batch whose number is above `number`; nil if there is none. When it returns one, no loss of power
    /// loses it, so its number is never that of another.
    package func next(after number: UInt64) throws(TelemetryProblem) -> Parcel? {
        do throws(FileFault) {
            while let entry = state.withLock({ $0.index.first(after: max(number, $0.acknowledged)) }) {
                if let position = entry.position { try log.sync(through: position) }
                let isThere = state.withLock { state in
                    state.index.removedBefore <= entry.segment && state.index.contains(entry)
                }
                guard isThere else { continue }
                if let payload = try log.payload(in: entry.segment, at: entry.offset, count: entry.payload) {
                    return Parcel(number: entry.number, bytes: Array(payload[entry.head...]))
                }
                state.withLock { state in
                    state.index.remove(entry)
                    state.lost.batches += 1
                    state.lost.lines += entry.lines
                    state.lost.bytes += entry.lineBytes
                }
            }
            return nil
        } catch {
            throw error.problem("Log lines were not taken from the buffer.")
        }
    }

    /// The server has everything up to a number.
    package func acknowledge(_ number: UInt64) {
        state.withLock { state in
            guard number > state.acknowledged else { return }
            state.acknowledged = min(number, state.number)
            state.index.remove(through: state.acknowledged)
            removeDone(&state)
        }
    }
}

extension LogSpool.Places {
    mutating func take(_ batch: LogSpool.Batch) {
        for key in batch.forgotten { files[key] = nil }
        for place in batch.places { files[place.key] = place }
        cursors.merge(batch.cursors) { $1 }
    }

    func taking(_ batch: LogSpool.Batch) -> Self {
        var places = self
        places.take(batch)
        return places
    }
}

extension LogSpool.State {
    mutating func replay(_ record: SpoolRecord, payload: Int, head: Int) {
        if record.segment != segment || segmentBytes == 0 {
            segment = record.segment
            segmentBytes = WriteAheadLog.headBytes
        }
        if record.isWhole { places = LogSpool.Places() }
        for key in record.forgotten { places.files[key] = nil }
        for place in record.places { places.files[place.key] = place }
        places.cursors.merge(record.cursors) { $1 }
        number = max(number, record.number)
        acknowledged = max(acknowledged, record.acknowledged)
        lost = record.lost
        index.add(
            .init(
                number: record.number, segment: segment, offset: segmentBytes, head: head, payload: payload,
                lines: record.lines, lineBytes: record.lineBytes, position: nil))
        index.remove(through: acknowledged)
        segmentBytes += WriteAheadLog.frameBytes + payload
    }
}
