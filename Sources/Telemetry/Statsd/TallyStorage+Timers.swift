extension TallyStorage {
    /// Adds a value to a timer whose chunk is full, which has none, or which is a histogram.
    @inline(never)
    mutating func addSlowly(_ value: Double, to entry: TallyEntry) {
        if !entry.pointee.state.isHistogram, addChunk(to: entry), let next = entry.pointee.state.next {
            next.pointee = value
            entry.pointee.state.next = next + 1
            return
        }
        guard becomeHistogram(entry) else {
            counts.valuesLost &+= 1
            return
        }
        var totals = TimerTotals()
        totals.add(value)
        add(totals, [(LogHistogram.bucket(value), 1)], to: entry)
    }

    /// False if the timer has as many values as it may, or memory is used up.
    private mutating func addChunk(to entry: TallyEntry) -> Bool {
        let previous = entry.pointee.state.head.map(ValueChunk.init)
        guard Int(entry.pointee.state.updates) < limits.exactValuesMax else { return false }
        let capacity = min(
            (previous?.capacity).map { $0 * 2 + 2 } ?? ValueChunk.capacityMin, ValueChunk.capacityMax)
        guard let memory = values.allocate(byteCount: 16 + capacity * 8) else { return false }
        let chunk = ValueChunk(start: memory)
        chunk.previous = entry.pointee.state.head
        chunk.capacity = capacity
        entry.pointee.state.head = memory
        entry.pointee.state.next = chunk.values
        entry.pointee.state.limit = chunk.values + capacity
        return true
    }

    /// How many values a timer has one by one.
    func exactCount(_ entry: TallyEntry) -> Int {
        var count = 0
        Self.forEachChunk(entry) { count += $0.count }
        return count
    }

    /// The values of a timer that is no histogram, chunk by chunk, in no order.
    static func forEachChunk(_ entry: TallyEntry, _ body: (UnsafeBufferPointer<Double>) -> Void) {
        guard !entry.pointee.state.isHistogram, let head = entry.pointee.state.head,
            let next = entry.pointee.state.next
        else { return }
        let last = ValueChunk(start: head)
        body(UnsafeBufferPointer(start: last.values, count: next - last.values))
        var chunk = last.previous.map(ValueChunk.init)
        while let full = chunk {
            body(UnsafeBufferPointer(start: full.values, count: full.capacity))
            chunk = full.previous.map(ValueChunk.init)
        }
    }

    /// Counts a timer's values by their size, if it does not already. False if memory is used up.
    mutating func becomeHistogram(_ entry: TallyEntry) -> Bool {
        if entry.pointee.state.isHistogram { return true }
        guard let memory = tables.allocate(byteCount: MemoryLayout<TimerTotals>.stride),
            var histogram = LogHistogram(capacity: LogHistogram.capacityMin, in: &tables)
        else { return false }
        var totals = TimerTotals()
        var isWhole = true
        Self.forEachChunk(entry) { chunk in
            for value in chunk {
                totals.add(value)
                isWhole = histogram.add(LogHistogram.bucket(value), 1, in: &tables) && isWhole
            }
        }
        guard isWhole else { return false }
        memory.storeBytes(of: totals, as: TimerTotals.self)
        entry.pointee.state.head = UnsafeMutableRawPointer(histogram.start)
        entry.pointee.state.next = memory.assumingMemoryBound(to: Double.self)
        entry.pointee.state.limit = entry.pointee.state.next
        entry.pointee.state.marks |= TallyState.isHistogramMark
        return true
    }

    /// Adds counts of values to a timer that is a histogram.
    mutating func add(
        _ more: TimerTotals, _ buckets: [(bucket: UInt32, times: UInt64)], to entry: TallyEntry
    ) {
        guard let head = entry.pointee.state.head, let side = entry.pointee.state.next else { return }
        var histogram = LogHistogram(head)
        for (bucket, times) in buckets where !histogram.add(bucket, times, in: &tables) {
            counts.valuesLost &+= times
        }
        entry.pointee.state.head = UnsafeMutableRawPointer(histogram.start)
        let totals = UnsafeMutableRawPointer(side)
        var sum = totals.load(as: TimerTotals.self)
        sum.add(more)
        totals.storeBytes(of: sum, as: TimerTotals.self)
    }

    /// What a timer that is a histogram knows.
    func totals(_ entry: TallyEntry) -> TimerTotals {
        guard entry.pointee.state.isHistogram, let side = entry.pointee.state.next else {
            return TimerTotals()
        }
        return UnsafeRawPointer(side).load(as: TimerTotals.self)
    }
}
