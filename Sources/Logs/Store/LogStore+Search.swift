import Synchronization
package import Telemetry

extension LogStore: LogSource {
    package func blocks(
        in window: LogWindow, where filter: LogFilter
    ) async throws(TelemetryProblem) -> [any LogBlockReference] {
        let (heads, memory, segments, hidden) = state.withLock { state in
            (state.heads.values.map(\.batch), state.memory, state.segments, state.hidden)
        }
        let now = clock()
        var result: [any LogBlockReference] = []
        let unsealed = heads.map { MemoryBlock($0, created: now) } + memory
        for block in unsealed
        where block.lastTime >= window.from && block.firstTime < window.until && block.mayHold(filter) {
            result.append(MemoryReference(block: block, damage: damage))
        }
        for segment in segments {
            result += segment.references(
                in: window, where: filter, archive: archive, hidden: hidden[segment.number] ?? [])
        }
        return result.sorted { ($0.lastTime, $0.firstTime) > ($1.lastTime, $1.firstTime) }
    }

    package func streams(in window: LogWindow) async throws(TelemetryProblem) -> [LogStream] {
        let (memory, segments, hidden) = state.withLock { state in
            (
                state.heads.values.map { MemoryBlock($0.batch, created: 0) } + state.memory, state.segments,
                state.hidden
            )
        }
        var streams: Set<LogStream> = []
        for block in memory where block.lastTime >= window.from && block.firstTime < window.until {
            streams.insert(block.stream)
        }
        for segment in segments {
            let gone = hidden[segment.number] ?? []
            for (index, entry) in segment.directory.entries.enumerated()
            where !gone.contains(index) && entry.summary.lastTime >= window.from
                && entry.summary.firstTime < window.until
            {
                streams.insert(segment.directory.streams[entry.stream])
            }
        }
        return streams.sorted { "\($0)" < "\($1)" }
    }
}
