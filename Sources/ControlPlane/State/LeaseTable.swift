import Core

/// Who still holds which lease: a value, fed with the time.
///
/// Time is counted from tick to tick. A step backward, or forward by more than `leapMin`, is the
/// clock's fault or a pause of the whole machine, and counts as nothing: a clock that jumps ten
/// years must not end every lease at once.
struct LeaseTable: Sendable {
    static let leapMin = Interval.seconds(60)

    private struct Row {
        var timeToLive: Interval
        var deadline: Int64
    }

    private var rows: [LeaseID: Row] = [:]
    /// Leases that are over and whose keys are still to be deleted.
    private(set) var ended: Set<LeaseID> = []
    private var elapsedMilliseconds: Int64 = 0
    private var seenAt: Instant

    init(at now: Instant) { seenAt = now }

    mutating func grant(_ lease: LeaseID, for timeToLive: Interval, at now: Instant) {
        advance(to: now)
        rows[lease] = Row(timeToLive: timeToLive, deadline: elapsedMilliseconds + timeToLive.milliseconds)
    }

    /// - Returns: whether the lease was still there.
    mutating func keepAlive(_ lease: LeaseID, at now: Instant) -> Bool {
        tick(at: now)
        guard var row = rows[lease] else { return false }
        row.deadline = elapsedMilliseconds + row.timeToLive.milliseconds
        rows[lease] = row
        return true
    }

    /// Moves the leases whose time is over to `ended`.
    mutating func tick(at now: Instant) {
        advance(to: now)
        for (lease, row) in rows where row.deadline <= elapsedMilliseconds {
            rows[lease] = nil
            ended.insert(lease)
        }
    }

    mutating func end(_ lease: LeaseID) {
        if rows.removeValue(forKey: lease) != nil { ended.insert(lease) }
    }

    mutating func forget(_ leases: Set<LeaseID>) {
        ended.subtract(leases)
        for lease in leases { rows[lease] = nil }
    }

    func isHeld(_ lease: LeaseID) -> Bool { rows[lease] != nil }

    private mutating func advance(to now: Instant) {
        let step = (now - seenAt).milliseconds
        if step > 0 && step <= Self.leapMin.milliseconds { elapsedMilliseconds += step }
        seenAt = now
    }
}
