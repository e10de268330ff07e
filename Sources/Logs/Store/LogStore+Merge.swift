import Synchronization
import SystemPackage
import Telemetry

extension LogStore {
    /// So many segments of like size become one.
    private static let mergeMin = 4
    private static let mergeMax = 16
    /// A day is over so long after its end, for lines that come late.
    private static let lateNanoseconds: Int64 = 3_600_000_000_000

    /// Segments that should be one; nil if there are none.
    func mergeable(_ now: Int64) -> [StoredSegment]? {
        let (segments, hidden) = state.withLock { ($0.segments, $0.hidden) }
        let here = segments.filter { !$0.isEvicted }
        for (day, all) in Dictionary(grouping: here, by: \.directory.day).sorted(by: { $0.key < $1.key }) {
            let small = all.filter { $0.bytes < options.segmentBytesMax }.sorted { $0.bytes < $1.bytes }
            if Self.isOver(day, now), small.count > 1 { return Array(small.prefix(Self.mergeMax)) }
            let tiers = Dictionary(grouping: small) { (Int.bitWidth - ($0.bytes >> 16).leadingZeroBitCount) / 2 }
            let crowded = tiers.filter { $0.value.count >= Self.mergeMin }
            if let tier = crowded.min(by: { $0.key < $1.key }) { return Array(tier.value.prefix(Self.mergeMax)) }
        }
        return here.first { segment in
            let gone = (hidden[segment.number] ?? []).reduce(0) { $0 + segment.directory.entries[$1].bytes }
            return gone * 2 >= segment.bytes
        }.map { [$0] }
    }

    static func isOver(_ day: Int, _ now: Int64) -> Bool {
        Int64(clamping: day + 1).multipliedReportingOverflow(by: dayNanoseconds).partialValue < now - lateNanoseconds
    }

    /// Makes one segment of some. Large blocks are copied; small ones of a stream become larger ones.
    func merge(_ old: [StoredSegment], _ maintenance: inout LogMaintenance) throws(FileFault) {
        let hidden = state.withLock { $0.hidden }
        let number = maintenance.newSegment()
        let path = Self.segmentFolder(folder).appending(Self.segmentName(number))
        let created = old.reduce(.min) { max($0, $1.directory.created) }
        var writer = try SegmentWriter(path, day: old[0].directory.day, created: created, on: files)
        var byStream: [LogStream: [(segment: StoredSegment, index: Int)]] = [:]
        for segment in old {
            for (index, entry) in segment.directory.entries.enumerated()
            where !(hidden[segment.number]?.contains(index) ?? false) {
                byStream[segment.directory.streams[entry.stream], default: []].append((segment, index))
            }
        }
        for (stream, blocks) in byStream.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            let inOrder = blocks.sorted {
                $0.segment.directory.entries[$0.index].summary.firstTime
                    < $1.segment.directory.entries[$1.index].summary.firstTime
            }
            try merge(inOrder, of: stream, into: &writer)
        }
        var manifest = maintenance.manifest
        let new = try finish(&writer, number, path, &manifest)
        try replace(old, by: new, &maintenance, manifest: manifest)
        state.withLock { $0.counts.merges += 1 }
    }

    private func merge(
        _ blocks: [(segment: StoredSegment, index: Int)], of stream: LogStream, into writer: inout SegmentWriter
    ) throws(FileFault) {
        var head = LogHead(stream)
        var waiting: [SealedBlock] = []
        func isLarge(_ rows: Int, _ bytes: Int) -> Bool {
            rows * 2 >= options.blockRowsMax || bytes * 2 >= options.blockBytesMax
        }
        func close(_ writer: inout SegmentWriter) throws(FileFault) {
            if waiting.count == 1 {
                try writer.append(waiting[0])
            } else if !waiting.isEmpty {
                let batch = head.batch
                try writer.append(withWriter { $0.seal(batch) })
            }
            waiting = []
            head = LogHead(stream)
        }
        for (segment, index) in blocks {
            let block = try segment.copy(index)
            // What cannot be read stays as it is, so that whoever asks for its lines hears of it.
            guard !isLarge(block.summary.rows, block.bytes.count * 4),
                let lines = try? StoredBlock(BlockBytes(block, damage), stream: stream, summary: block.summary).batch()
            else {
                try writer.append(block)
                continue
            }
            head.append(lines)
            waiting.append(block)
            if isLarge(head.batch.lines.count, head.batch.bytes.count) { try close(&writer) }
        }
        try close(&writer)
    }
}

extension LogHead {
    mutating func append(_ other: LogBatch) {
        let names = places(of: other.names)
        other.bytes.withUnsafeBytes { bytes in
            for line in other.lines {
                let first = Int(line.firstField)
                append(line, fields: other.fields[first..<first + Int(line.fieldCount)], bytes: bytes, names: names)
            }
        }
    }
}
