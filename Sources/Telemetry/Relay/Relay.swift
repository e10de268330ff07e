internal import Synchronization
package import SystemPackage

/// Points, or what else a relay's owner has, on their way to another system: a queue on disk, and the state of sending
/// what is in it.
///
/// Points are in the buffer when `RelayTap` returns to whoever has sent them, so that a killed server loses
/// none; whoever owns the relay syncs it, as it does the store. A shipment is sent at least once: one of
/// which it is not known whether it arrived is sent again, with the same points under the same numbers.
package final class Relay: Sendable {
    /// What is to be sent now.
    package struct Shipment: Sendable {
        package struct Point: Hashable, Sendable {
            package var point: NamedPoint
            /// Greater than that of all points before, and the same when it is sent again.
            package var sequence: UInt64
        }

        package var points: [Point]
    }

    /// What is to be sent now of entries that are no points.
    package struct Parcel: Sendable {
        /// What was given to `take` at once.
        package struct Part: Sendable {
            /// The sequence of its first entry; that of each next is one more.
            package var first: UInt64
            package var count: Int
            package var body: [UInt8]
        }

        package var parts: [Part]
    }

    /// The most entries that may be taken at once.
    package static let countMax = RelayRecord.pointsMax

    package enum Outcome: Sendable {
        case delivered
        /// So many will never be taken, and the others have arrived.
        case deliveredBut(refused: Int, TelemetryProblem)
        case failed(TelemetryProblem)
        case refused(TelemetryProblem)
    }

    private struct State {
        var flow: RelayFlow
        var buffer: RelayBuffer
        /// Why the last shipment did not arrive.
        var problem: TelemetryProblem?
        /// Points that the disk did not take.
        var lost = 0
        /// What is to be sent, and whether somebody is about to.
        var due: ClosedRange<UInt64>?
        var isGiven = false
    }

    /// Failures in a row after which a target counts as away.
    private static let patience = 3

    package let name: String
    private let patterns: [Glob]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - patterns: globs over whole names; `*` stays within a node, `**` does not. A series that one of
    ///     them matches is relayed.
    ///   - now: milliseconds since 1970.
    /// - Returns: the relay, and what of its buffer could not be read, in words.
    package static func open(
        _ name: String, _ patterns: [String], in folder: FilePath, on files: any FileSystem = Disk(),
        limits: RelayFlow.Limits, now: Int64
    ) throws(TelemetryProblem) -> (relay: Relay, lost: [String]) {
        let (buffer, waiting, lost) = try RelayBuffer.open(
            folder, on: files, first: UInt64(max(1, now)), bytesMax: limits.bytesMax)
        let relay = Relay(name, patterns, State(flow: RelayFlow(limits: limits), buffer: buffer))
        for batch in waiting { relay.hear(.queued(batch), at: now) }
        return (relay, lost)
    }

    private init(_ name: String, _ patterns: [String], _ state: consuming sending State) {
        self.name = name
        self.patterns = patterns.map { Glob(Array($0.utf8)) }
        self.state = Mutex(state)
    }

    func matches(_ name: UnsafeRawBufferPointer) -> Bool { patterns.contains { $0.matches(name, across: true) } }

    package var counts: RelayCounts {
        state.withLock { state in
            var counts = state.flow.counts
            counts.dropped += state.lost
            return counts
        }
    }

    /// Why the target takes nothing, if it has failed several times in a row.
    package var problem: TelemetryProblem? {
        state.withLock { $0.flow.failures >= Self.patience ? $0.problem : nil }
    }

    /// Why the last shipment did not arrive; nil once one has.
    package var lastFailure: TelemetryProblem? { state.withLock { $0.problem } }

    /// Keeps points. What the disk does not take is counted as dropped: it is no reason to refuse a sender.
    func take(_ record: RelayRecord, at now: Int64) {
        state.withLock { state in
            do throws(FileFault) {
                let batch = try state.buffer.append(record)
                Self.hear(.queued(batch), at: now, &state)
            } catch {
                state.lost += record.count
                state.problem = error.problem("Points were not kept for the relay \(name).")
            }
        }
    }

    /// Keeps entries that are no points, at most `countMax`; what the disk does not take is counted as dropped.
    package func take(count: Int, body: [UInt8], at now: Int64) {
        take(RelayRecord(count: count, body: body), at: now)
    }

    /// What is to be sent now, if something is. Nothing else is given out until `arrived` is told of it.
    package func next(at now: Int64) -> Shipment? {
        state.withLock { state in Self.due(at: now, &state).map { Self.shipment($0, &state) } }
    }

    /// The same, of a relay whose entries are no points.
    package func nextParcel(at now: Int64) -> Parcel? {
        state.withLock { state in Self.due(at: now, &state).map { Self.parcel($0, &state) } }
    }

    private static func due(at now: Int64, _ state: inout State) -> ClosedRange<UInt64>? {
        guard !state.isGiven else { return nil }
        if state.due == nil { hear(.tick, at: now, &state) }
        if state.due != nil { state.isGiven = true }
        return state.due
    }

    /// What became of the shipment.
    package func arrived(_ outcome: Outcome, at now: Int64) {
        state.withLock { state in
            guard state.isGiven else { return }
            state.isGiven = false
            state.due = nil
            switch outcome {
            case .delivered:
                state.problem = nil
                Self.hear(.delivered, at: now, &state)
            case .deliveredBut(let refused, let problem):
                state.problem = problem
                Self.hear(.deliveredBut(refused: refused), at: now, &state)
            case .failed(let problem):
                state.problem = problem
                Self.hear(.failed, at: now, &state)
            case .refused(let problem):
                state.problem = problem
                Self.hear(.refused, at: now, &state)
            }
        }
    }

    /// The shipment was not sent after all: it is given out again.
    package func giveBack() { state.withLock { $0.isGiven = false } }

    /// Returns when what was kept so far outlasts a loss of power.
    package func sync() throws(TelemetryProblem) {
        do throws(FileFault) {
            let log = state.withLock { $0.buffer.syncing }
            try log.sync(through: log.end)
            try state.withLock { state throws(FileFault) in try state.buffer.saveMark() }
        } catch {
            throw error.problem("What waits for the relay \(name) was not made safe.")
        }
    }

    private func hear(_ event: RelayFlow.Event, at now: Int64) {
        state.withLock { Self.hear(event, at: now, &$0) }
    }

    private static func hear(_ event: RelayFlow.Event, at now: Int64, _ state: inout State) {
        for action in state.flow.receive(event, at: now) {
            switch action {
            case .send(let numbers): state.due = numbers
            case .forget(let numbers): state.buffer.forget(numbers)
            }
        }
        state.buffer.mark = state.flow.oldest ?? state.buffer.next
    }

    private static func shipment(_ numbers: ClosedRange<UInt64>, _ state: inout State) -> Shipment {
        var points: [Shipment.Point] = []
        for (first, bytes) in records(numbers, &state) {
            for (index, point) in (RelayRecord.points(bytes) ?? []).enumerated() {
                points.append(Shipment.Point(point: point, sequence: first + UInt64(index)))
            }
        }
        return Shipment(points: points)
    }

    private static func parcel(_ numbers: ClosedRange<UInt64>, _ state: inout State) -> Parcel {
        Parcel(
            parts: records(numbers, &state).compactMap { first, bytes in
                RelayRecord.content(bytes).map { Parcel.Part(first: first, count: $0.count, body: $0.body) }
            })
    }

    /// What was kept under these numbers, with the sequence of the first entry of each.
    private static func records(
        _ numbers: ClosedRange<UInt64>, _ state: inout State
    ) -> [(first: UInt64, bytes: [UInt8])] {
        do throws(FileFault) {
            return try state.buffer.records(numbers).map { ($0.number * UInt64(sequenceStride), $0.bytes) }
        } catch {
            state.problem = error.problem("What waits for a relay was not read.")
            return []
        }
    }

    /// More than a batch has points.
    private static let sequenceStride = 1 << 14
}
