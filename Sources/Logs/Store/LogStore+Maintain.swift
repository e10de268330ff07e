import Synchronization
import SystemPackage
package import Telemetry

extension LogStore {
    /// What is to be done now and then, best once a minute: memory becomes segments when it is old, segments are
    /// merged, and what is past its retention goes.
    package func maintain() throws(TelemetryProblem) {
        do throws(FileFault) {
            try maintenance.withLock { maintenance throws(FileFault) in
                let now = clock()
                if isFlushDue(now, maintenance) { try flush(&maintenance) }
                try retain(now, &maintenance)
                var rounds = 0
                while rounds < 4, let chosen = mergeable(now) {
                    try merge(chosen, &maintenance)
                    rounds += 1
                }
            }
        } catch {
            throw error.problem("Lines were not put in order.")
        }
    }

    private func isFlushDue(_ now: Int64, _ maintenance: LogMaintenance) -> Bool {
        let hasLines = state.withLock { !$0.heads.isEmpty || !$0.memory.isEmpty }
        let isOld = now - maintenance.flushed >= options.flushNanoseconds
        return log.isInDoubt || hasLines && (isOld || log.bytes >= options.logBytesMax)
    }

    /// Hides blocks that are past their retention, and removes segments that have no others.
    private func retain(_ now: Int64, _ maintenance: inout LogMaintenance) throws(FileFault) {
        let (segments, rules) = state.withLock { ($0.segments, $0.retention) }
        let hidden = Self.expired(segments, rules, now: now)
        let gone = segments.filter { hidden[$0.number]?.count == $0.directory.entries.count }
        state.withLock { $0.hidden = hidden }
        guard !gone.isEmpty else { return }
        try replace(gone, by: nil, &maintenance, manifest: maintenance.manifest)
    }

    static func expired(_ segments: [StoredSegment], _ rules: [LogRetention], now: Int64) -> [UInt64: Set<Int>] {
        struct Kept {
            var segment: UInt64
            var index: Int
            var time: Int64
            var bytes: Int
        }
        var byRule: [Int: [Kept]] = [:]
        for segment in segments {
            let ruleOfStream = segment.directory.streams.map { stream in rules.firstIndex { $0.applies(to: stream) } }
            for (index, entry) in segment.directory.entries.enumerated() {
                guard let rule = ruleOfStream[entry.stream] else { continue }
                byRule[rule, default: []].append(
                    Kept(
                        // A line is no younger than its arrival, whatever its clock said.
                        segment: segment.number, index: index,
                        time: min(entry.summary.lastTime, segment.directory.created),
                        bytes: entry.bytes + WordFilter.bytes(buckets: entry.summary.filterBuckets)))
            }
        }
        var hidden: [UInt64: Set<Int>] = [:]
        for (rule, blocks) in byRule {
            var sum = 0
            for block in blocks.sorted(by: { $0.time > $1.time }) {
                sum += block.bytes
                let isOld = rules[rule].age.map { block.time < now - $0 } ?? false
                let isOver = rules[rule].bytes.map { sum > $0 } ?? false
                if isOld || isOver { hidden[block.segment, default: []].insert(block.index) }
            }
        }
        return hidden
    }

    /// Puts one segment, or none, in the place of others, and removes their files.
    func replace(
        _ old: [StoredSegment], by new: StoredSegment?, _ maintenance: inout LogMaintenance, manifest: LogManifest
    ) throws(FileFault) {
        let numbers = Set(old.map(\.number))
        let removed = manifest.segments.filter { numbers.contains($0.number) }
        var manifest = manifest
        manifest.segments.removeAll { numbers.contains($0.number) }
        try files.syncFolder(Self.segmentFolder(folder))
        try commit(manifest, &maintenance)
        state.withLock { state in
            state.segments.removeAll { numbers.contains($0.number) }
            if let new { state.segments.append(new) }
            for number in numbers { state.hidden[number] = nil }
        }
        for segment in removed { try files.remove(Self.path(segment, in: folder)) }
    }
}
