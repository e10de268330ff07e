/// What a store keeps in memory, behind its lock.
struct LogStoreState: Sendable {
    var retention: [LogRetention]
    var heads: [LogStream: LogHead] = [:]
    /// Lines that are in no segment and are not added to any more, oldest first.
    var memory: [MemoryBlock] = []
    var segments: [StoredSegment] = []
    /// Blocks past their retention, by segment.
    var hidden: [UInt64: Set<Int>] = [:]
    var senders: [String: LogManifest.Sender]
    var counts = LogStoreStatistics()

    init(retention: [LogRetention], manifest: LogManifest) {
        self.retention = retention
        senders = manifest.senders
    }

    func isKnown(_ delivery: LogDelivery) -> Bool {
        senders[delivery.sender].map { $0.number >= delivery.number } ?? false
    }

    /// Puts a batch's lines into heads. Returns the heads that are full, which others are to seal.
    mutating func take(
        _ batch: LogBatch, _ delivery: LogDelivery?, _ options: LogStoreOptions, now: Int64
    ) -> [MemoryBlock] {
        if let delivery { senders[delivery.sender] = .init(number: delivery.number, seen: now) }
        counts.lines += batch.lines.count
        var full: [MemoryBlock] = []
        for places in Self.places(batch) {
            var rest = places[...]
            while let first = rest.first {
                let key = batch.streams[Int(batch.lines[first].stream)]
                // Taken out, so that nothing is copied.
                var head = heads.removeValue(forKey: key) ?? LogHead(key)
                rest = fill(&head, with: batch, rest, options)
                if isFull(head, options) {
                    full.append(MemoryBlock(head.batch, created: now))
                } else {
                    heads[key] = head
                }
            }
        }
        memory += full
        return full
    }

    /// The places of a batch's lines by stream, in their order.
    private static func places(_ batch: LogBatch) -> [[Int]] {
        if batch.streams.count == 1 { return [Array(batch.lines.indices)] }
        var places = [[Int]](repeating: [], count: batch.streams.count)
        for (place, line) in batch.lines.enumerated() { places[Int(line.stream)].append(place) }
        return places
    }

    private func isFull(_ head: LogHead, _ options: LogStoreOptions) -> Bool {
        head.batch.lines.count >= options.blockRowsMax || head.batch.bytes.count >= options.blockBytesMax
    }

    /// Adds lines until the head is full. Returns those that are left.
    private func fill(
        _ head: inout LogHead, with batch: LogBatch, _ places: ArraySlice<Int>, _ options: LogStoreOptions
    ) -> ArraySlice<Int> {
        let names = head.places(of: batch.names)
        var rest = places
        batch.bytes.withUnsafeBytes { bytes in
            while !isFull(head, options), let place = rest.popFirst() {
                let line = batch.lines[place]
                let first = Int(line.firstField)
                head.append(
                    line, fields: batch.fields[first..<first + Int(line.fieldCount)], bytes: bytes, names: names)
            }
        }
        return rest
    }

    /// Begins new heads. What is in memory so far is returned, and stays until segments have it.
    mutating func freeze(now: Int64) -> [MemoryBlock] {
        memory += heads.values.sorted { "\($0.batch.streams[0])" < "\($1.batch.streams[0])" }
            .map { MemoryBlock($0.batch, created: now) }
        heads = [:]
        return memory
    }
}

/// What only maintenance changes.
struct LogMaintenance: Sendable {
    var manifest: LogManifest
    /// When memory became segments last.
    var flushed: Int64
    /// Ahead of the manifest's after something that failed.
    var nextSegment: UInt64

    mutating func newSegment() -> UInt64 {
        defer { nextSegment += 1 }
        return nextSegment
    }
}
