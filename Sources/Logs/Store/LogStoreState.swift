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
        var at = 0
        while at < batch.lines.count {
            let stream = batch.lines[at].stream
            at = take(batch, from: at, stream: stream, options)
            let key = batch.streams[Int(stream)]
            if let head = heads[key], isFull(head, options) {
                heads[key] = nil
                full.append(MemoryBlock(head.batch, created: now))
            }
        }
        memory += full
        return full
    }

    private func isFull(_ head: LogHead, _ options: LogStoreOptions) -> Bool {
        head.batch.lines.count >= options.blockRowsMax || head.batch.bytes.count >= options.blockBytesMax
    }

    /// Adds lines of one stream that follow each other, until the head is full. Returns the place behind them.
    private mutating func take(
        _ batch: LogBatch, from start: Int, stream: UInt32, _ options: LogStoreOptions
    ) -> Int {
        let key = batch.streams[Int(stream)]
        // Taken out, so that nothing is copied.
        var head = heads.removeValue(forKey: key) ?? LogHead(key)
        let names = head.places(of: batch.names)
        var at = start
        batch.bytes.withUnsafeBytes { bytes in
            while at < batch.lines.count, batch.lines[at].stream == stream, at == start || !isFull(head, options) {
                let line = batch.lines[at]
                let first = Int(line.firstField)
                head.append(
                    line, fields: batch.fields[first..<first + Int(line.fieldCount)], bytes: bytes, names: names)
                at += 1
            }
        }
        heads[key] = head
        return at
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
