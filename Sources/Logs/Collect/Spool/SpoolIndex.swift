import Telemetry

/// Where in the log the batches are that the server does not have, oldest first.
struct SpoolIndex {
    struct Entry {
        var number: UInt64
        var segment: UInt64
        var offset: Int
        /// Bytes of the payload in front of the batch.
        var head: Int
        var payload: Int
        var lines: Int
        var lineBytes: Int
        /// Behind it, in the log; nil: it was there when the log was opened.
        var position: WriteAheadLog.Position?
    }

    private(set) var entries: ArraySlice<Entry> = []
    private(set) var lines = 0
    /// Segments before it are removed.
    var removedBefore: UInt64 = 0

    /// The oldest segment that holds batches.
    var firstSegment: UInt64? { entries.first?.segment }

    mutating func add(_ entry: Entry) {
        // A record that only has places.
        guard entry.payload > entry.head else { return }
        entries.append(entry)
        lines += entry.lines
    }

    func first(after number: UInt64) -> Entry? {
        var low = entries.startIndex
        var high = entries.endIndex
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].number > number { high = middle } else { low = middle + 1 }
        }
        return low < entries.endIndex ? entries[low] : nil
    }

    func contains(_ entry: Entry) -> Bool { first(after: entry.number - 1)?.number == entry.number }

    mutating func remove(through number: UInt64) {
        while let first = entries.first, first.number <= number {
            entries.removeFirst()
            lines -= first.lines
        }
        if entries.isEmpty { entries = [] }
    }

    mutating func remove(_ entry: Entry) {
        guard let index = entries.firstIndex(where: { $0.number == entry.number }) else { return }
        lines -= entries[index].lines
        entries.remove(at: index)
    }

    /// Takes out all of the oldest segment.
    mutating func removeSegment(_ segment: UInt64) -> [Entry] {
        let removed = entries.prefix { $0.segment <= segment }
        entries.removeFirst(removed.count)
        lines -= removed.reduce(0) { $0 + $1.lines }
        return Array(removed)
    }
}
