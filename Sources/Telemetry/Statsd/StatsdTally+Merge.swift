extension StatsdTally {
    /// Adds what another tally has, as if all had been sent to this one. Sums of counters do not depend on the
    /// order; of two gauges that were set, the later counts.
    func merge(_ other: StatsdTally) {
        let from = other.storage
        for number in 0..<from.pointee.table.count
        where from.pointee.table.entries[number].state.updates > 0 {
            let entry = from.pointee.table.entries + number
            guard
                let mine = self.entry(
                    Array(from.pointee.table.key(number)), from.pointee.table.kind(number))
            else {
                continue
            }
            merge(entry, of: other, into: mine)
        }
        for timed in from.pointee.timed {
            let name = Array(from.pointee.table.key(timed.number))
            let kind = from.pointee.table.kind(timed.number)
            guard storage.pointee.timed.count < storage.pointee.limits.timedMax,
                let mine = entry(name, kind)
            else {
                continue
            }
            let number = Int(mine.pointee.canonical)
            storage.pointee.timed.append(TimedValue(number: number, time: timed.time, value: timed.value))
        }
        storage.pointee.counts += from.pointee.counts
        let limits = storage.pointee.limits
        storage.pointee.badLines += from.pointee.badLines.prefix(
            limits.badLinesKept - storage.pointee.badLines.count)
        storage.pointee.notices += from.pointee.notices.prefix(
            limits.noticesMax - storage.pointee.notices.count)
    }

    /// The entry of a canonical name; nil, and counted, if there is no room for it.
    func entry(_ name: [UInt8], _ kind: StatsdKind) -> TallyEntry? {
        let number = storage.pointee.find(name, kind, orInsert: true)
        if number < 0 {
            storage.pointee.counts.valuesBeyondKeys &+= 1
            return nil
        }
        return storage.pointee.table.entries + number
    }

    private func merge(_ entry: TallyEntry, of other: StatsdTally, into mine: TallyEntry) {
        let state = entry.pointee.state
        switch other.storage.pointee.table.kind(Int(entry.pointee.canonical)) {
        case .counter:
            mine.pointee.state.sum += state.sum
        case .gauge:
            let time = other.start + Int64(state.milliseconds)
            mergeGauge(state.sum, isSet: state.isSet, at: time, into: mine)
        case .set:
            if let head = state.head {
                HashSet64(head).forEach { storage.pointee.addMember($0, to: mine) }
            }
        case .timer:
            mine.pointee.state.sum += state.sum
            if state.isHistogram, let head = state.head {
                let totals = other.storage.pointee.totals(entry)
                mergeHistogram(totals, LogHistogram(head).buckets, into: mine)
            } else {
                TallyStorage.forEachChunk(entry) { mergeValues($0, into: mine) }
            }
        }
        countUpdates(mine, state.updates)
    }

    func countUpdates(_ entry: TallyEntry, _ more: UInt32) {
        let (sum, overflows) = entry.pointee.state.updates.addingReportingOverflow(max(more, 1))
        entry.pointee.state.updates = overflows ? .max : sum
    }

    /// Adds a gauge that was set or changed somewhere else.
    /// - Parameter time: of the last news of it, in milliseconds since 1970.
    func mergeGauge(_ value: Double, isSet: Bool, at time: Int64, into mine: TallyEntry) {
        let state = mine.pointee.state
        let myTime = start + Int64(state.milliseconds)
        let isLater = state.updates == 0 || time >= myTime
        let stamp = UInt32(
            truncatingIfNeeded: max(
                0, min(max(time, state.updates == 0 ? time : myTime) - start, 1 << 29)))
        if isSet, state.isSet {
            if !isLater { return }
            mine.pointee.state.sum = value
        } else if isSet {
            // What this one had were changes only: later ones count on top.
            mine.pointee.state.sum = isLater ? value : value + state.sum
        } else if isLater || !state.isSet {
            mine.pointee.state.sum += value
        }
        mine.pointee.state.marks = stamp &<< 2 | (isSet || state.isSet ? TallyState.isSetMark : 0)
    }

    func mergeValues(_ values: UnsafeBufferPointer<Double>, into mine: TallyEntry) {
        for value in values {
            if let next = mine.pointee.state.next, next != mine.pointee.state.limit {
                next.pointee = value
                mine.pointee.state.next = next + 1
            } else {
                storage.pointee.addSlowly(value, to: mine)
            }
            // The bound of exact values counts by updates.
            mine.pointee.state.updates &+= 1
        }
        mine.pointee.state.updates &-= UInt32(truncatingIfNeeded: values.count)
    }

    func mergeHistogram(
        _ totals: TimerTotals, _ buckets: [(bucket: UInt32, times: UInt64)], into mine: TallyEntry
    ) {
        if storage.pointee.becomeHistogram(mine) {
            storage.pointee.add(totals, buckets, to: mine)
        } else {
            storage.pointee.counts.valuesLost &+= UInt64(totals.count)
        }
    }
}
