import Synchronization

extension SeriesStore: SeriesSource {
    package func find(
        _ pattern: String, from: Int64, until: Int64
    ) async throws(TelemetryProblem) -> [SeriesNode] {
        state.withLock { state in
            state.index.tree.find(pattern.utf8).map { match in
                // A leaf that had its last point before is not shown as one; what has points in memory is.
                let isLeaf = match.series.map { place in
                    state.table.records[Int(place)].last >= from || state.active.hasPoints(Int(place))
                        || state.frozen?.hasPoints(Int(place)) == true
                }
                return SeriesNode(
                    path: String(decoding: match.path, as: UTF8.self), isLeaf: isLeaf ?? false,
                    isBranch: match.isBranch)
            }
        }
        .filter { $0.isLeaf || $0.isBranch }
        .sorted { $0.path < $1.path }
    }

    package func names(matching pattern: String) async throws(TelemetryProblem) -> [SeriesName] {
        if pattern.contains(";") {
            // A tagged name is one series: tags are looked for by conditions.
            guard let name = try? SeriesName(pattern) else { return [] }
            var text = name.text
            let isKnown = state.withLock { state in
                text.withUTF8 { state.table.place(of: UnsafeRawBufferPointer($0)) != nil }
            }
            return isKnown ? [name] : []
        }
        let paths = state.withLock { state in
            state.index.tree.find(pattern.utf8).filter { $0.series != nil }.map(\.path)
        }
        return paths.map { SeriesName(canonical: String(decoding: $0, as: UTF8.self)) }.sorted()
    }

    package func names(where conditions: [TagCondition]) async throws(TelemetryProblem) -> [SeriesName] {
        try state.withLock { state throws(TelemetryProblem) in
            try state.index.places(where: conditions, in: state.table).map {
                SeriesName(canonical: state.table.names.text(of: $0))
            }
        }
        .sorted()
    }

    package func tagKeys(
        prefix: String, where conditions: [TagCondition], limit: Int
    ) async throws(TelemetryProblem) -> [String] {
        let keys: Set<String>
        if conditions.isEmpty {
            keys = state.withLock { state in
                Set(state.index.tags.keys + (state.table.liveCount > 0 ? ["name"] : []))
            }
        } else {
            keys = Set(try await names(where: conditions).flatMap { TagIndex.pairs($0).map { String($0.0) } })
        }
        return Array(keys.filter { $0.hasPrefix(prefix) }.sorted().prefix(max(0, limit)))
    }

    package func tagValues(
        of key: String, prefix: String, where conditions: [TagCondition], limit: Int
    ) async throws(TelemetryProblem) -> [String] {
        let values: Set<String>
        if conditions.isEmpty, key != "name" {
            values = state.withLock { state in Set(state.index.tags.values(of: key).map(\.text)) }
        } else if conditions.isEmpty {
            values = state.withLock { state in
                Set(state.table.livePlaces.map { String(SeriesName(canonical: state.table.names.text(of: $0)).path) })
            }
        } else {
            values = Set(
                try await names(where: conditions).compactMap { name in
                    TagIndex.pairs(name).first { $0.0 == key }.map { String($0.1) }
                })
        }
        return Array(values.filter { $0.hasPrefix(prefix) }.sorted().prefix(max(0, limit)))
    }
}
