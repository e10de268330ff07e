/// What a relay does next, as a value: which of the batches that wait are sent together, when one is tried
/// again, and what is let go when too much waits.
///
/// One shipment is on its way at a time, so what arrives keeps its order. A batch leaves the queue when the
/// target has taken it, refused it, or when it is the oldest that is not on its way and the queue is full.
package struct RelayFlow: Sendable {
    package struct Limits: Hashable, Sendable {
        /// Bytes that may wait.
        package var bytesMax = 256 << 20
        /// Points of one shipment, unless a single batch has more.
        package var pointsMax = 10_000
        /// Bytes of one shipment as they are in the buffer, unless a single batch has more.
        package var shipmentBytesMax = Int.max
        /// Milliseconds that points may wait for more to go with them.
        package var delay: Int64 = 1000
        /// Milliseconds before the first try again; each next wait is twice as long.
        package var backoffMin: Int64 = 500
        package var backoffMax: Int64 = 30_000

        package init() {}
    }

    /// Points that were taken in together, under a number that only grows.
    package struct Batch: Hashable, Sendable {
        package var number: UInt64
        package var points: Int
        /// What they take up in the buffer.
        package var bytes: Int

        package init(number: UInt64, points: Int, bytes: Int) {
            self.number = number
            self.points = points
            self.bytes = bytes
        }
    }

    package enum Event: Hashable, Sendable {
        case queued(Batch)
        /// The target has taken what was on its way.
        case delivered
        /// The same, but for some that it will never take.
        case deliveredBut(refused: Int)
        /// The target is away, or too busy.
        case failed
        /// The target will never take it.
        case refused
        case tick
    }

    package enum Action: Hashable, Sendable {
        /// Sends the batches with these numbers that have not been forgotten.
        case send(ClosedRange<UInt64>)
        /// These need not be kept any longer.
        case forget(ClosedRange<UInt64>)
    }

    /// Neighbours that came while nothing could be sent are one entry: an hour of single points is not an
    /// hour of entries.
    private struct Entry {
        var numbers: ClosedRange<UInt64>
        var points: Int
        var bytes: Int
        /// When the first of them came, in milliseconds.
        var time: Int64
    }

    private static let entryPointsMax = 1000

    private let limits: Limits
    private var entries: [Entry] = []
    /// Where the queue begins in `entries`; what is before is over.
    private var first = 0
    /// How many entries are on their way.
    private var travelling = 0
    private var failuresInRow = 0
    private var retryTime: Int64 = 0
    /// Up to this number entries are sent one by one, to find the one that the target does not take.
    private var cautiousThrough: UInt64?
    package private(set) var counts = RelayCounts()

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// How often in a row the target has failed.
    package var failures: Int { failuresInRow }

    /// Whether something is on its way.
    package var isTravelling: Bool { travelling > 0 }

    /// - Parameter now: milliseconds; of any clock, which may be set.
    package mutating func receive(_ event: Event, at now: Int64) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .queued(let batch):
            counts.taken += batch.points
            queue(batch, now)
            letGo(&actions)
        case .delivered:
            counts.sent += leave(&actions)
            failuresInRow = 0
            retryTime = now
        case .deliveredBut(let refused):
            let points = leave(&actions)
            counts.refused += min(refused, points)
            counts.sent += points - min(refused, points)
            failuresInRow = 0
            retryTime = now
        case .failed:
            counts.failures += 1
            travelling = 0
            failuresInRow += 1
            retryTime = now + backoff
            letGo(&actions)
        case .refused:
            counts.failures += 1
            failuresInRow = 0
            if travelling > 1 {
                cautiousThrough = entries[first + travelling - 1].numbers.upperBound
                travelling = 0
                letGo(&actions)
            } else {
                counts.refused += leave(&actions)
            }
        case .tick: break
        }
        if first > 1024, first * 2 > entries.count {
            entries.removeFirst(first)
            first = 0
        }
        depart(now, &actions)
        return actions
    }

    /// The lowest number that is still needed.
    package var oldest: UInt64? { first < entries.count ? entries[first].numbers.lowerBound : nil }

    private var backoff: Int64 {
        min(limits.backoffMax, limits.backoffMin << Int64(min(failuresInRow - 1, 20)))
    }

    private mutating func queue(_ batch: Batch, _ now: Int64) {
        counts.waiting += batch.points
        counts.waitingBytes += batch.bytes
        let last = entries.count - 1
        if last >= first + travelling, entries[last].points + batch.points <= Self.entryPointsMax,
            entries[last].bytes + batch.bytes <= limits.shipmentBytesMax / 4
        {
            entries[last].numbers = entries[last].numbers.lowerBound...batch.number
            entries[last].points += batch.points
            entries[last].bytes += batch.bytes
        } else {
            entries.append(
                Entry(numbers: batch.number...batch.number, points: batch.points, bytes: batch.bytes, time: now))
        }
    }

    /// Lets the oldest go that are not on their way, until the rest fits.
    private mutating func letGo(_ actions: inout [Action]) {
        while counts.waitingBytes > limits.bytesMax, entries.count > first + travelling {
            let entry = entries[first + travelling]
            if travelling == 0 { first += 1 } else { entries.remove(at: first + travelling) }
            counts.dropped += entry.points
            release(entry)
            actions.append(.forget(entry.numbers))
        }
    }

    /// What was on its way is over. Returns how many points it had.
    private mutating func leave(_ actions: inout [Action]) -> Int {
        var points = 0
        for entry in entries[first..<first + travelling] {
            points += entry.points
            release(entry)
            actions.append(.forget(entry.numbers))
        }
        first += travelling
        travelling = 0
        return points
    }

    private mutating func release(_ entry: Entry) {
        counts.waiting -= entry.points
        counts.waitingBytes -= entry.bytes
    }

    private mutating func depart(_ now: Int64, _ actions: inout [Action]) {
        guard travelling == 0, first < entries.count else { return }
        // A clock that was set back does not make anything wait for longer than it would have.
        retryTime = min(retryTime, now + limits.backoffMax)
        guard now >= retryTime else { return }
        let age = now - entries[first].time
        guard counts.waiting >= limits.pointsMax || age >= limits.delay || age < 0 || failuresInRow > 0 else { return }
        var points = 0
        var bytes = 0
        for entry in entries[first...] {
            if travelling > 0,
                points + entry.points > limits.pointsMax || bytes + entry.bytes > limits.shipmentBytesMax
            {
                break
            }
            points += entry.points
            bytes += entry.bytes
            travelling += 1
            if let cautiousThrough {
                if entry.numbers.upperBound >= cautiousThrough { self.cautiousThrough = nil }
                break
            }
        }
        actions.append(.send(entries[first].numbers.lowerBound...entries[first + travelling - 1].numbers.upperBound))
    }
}

/// What became of a relay's points, since the server's start.
package struct RelayCounts: Hashable, Sendable {
    /// Points that are, or were, to be sent: `sent + refused + dropped + waiting`.
    package var taken = 0
    package var sent = 0
    /// Points that the target will never take.
    package var refused = 0
    /// Points that were let go because too much waited, or that the disk did not keep.
    package var dropped = 0
    package var waiting = 0
    package var waitingBytes = 0
    /// Shipments that did not arrive, each try counted.
    package var failures = 0

    package init() {}
}
