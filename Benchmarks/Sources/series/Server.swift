import Glibc
import Synchronization
import SystemPackage
import Telemetry

/// A store in a folder behind carbon's listener, as the program has it: made safe once a second, maintained
/// once a minute. Its clock stands still, so that what is asked for is the same in each run.
///
/// Answers the lines of its standard input, each with a line of JSON, until it ends:
///
///     counts                    ; points that are in the store, and those that are not
///     flush                     ; after it, all points are in blocks that are merged
///     render ROUNDS FROM UNTIL TARGET   ; evaluates and writes JSON so often; processor time of one
struct Server {
    private let store: SeriesStore
    private let listener: CarbonListener
    private let now: Int64

    init(_ folder: String, now: Int64) throws {
        var options = SeriesStoreOptions(rules: [
            RetentionRule(pattern: "**", archives: try Archive.list("10s:30d"))
        ])
        options.durability = .whenAsked
        store = try SeriesStore.open(FilePath(folder), options, seed: .random(in: 0 ... .max)) { now }.store
        var endpoint = CarbonEndpoint()
        endpoint.linePort = 0
        endpoint.datagramPort = 0
        endpoint.picklePort = 0
        listener = try CarbonListener(endpoint, sink: store, seed: .random(in: 0 ... .max))
        self.now = now
    }

    func run() async throws {
        let store = store
        let keeping = Task {
            var seconds = 0
            while (try? await Task.sleep(for: .seconds(1))) != nil {
                try store.sync()
                seconds += 1
                if seconds % 60 == 0 { try store.maintain() }
            }
        }
        report(["port": Double(listener.linePort)])
        fflush(nil)
        while let line = readLine() { try await answer(line.split(separator: " ", maxSplits: 4)) }
        keeping.cancel()
        listener.stop()
    }

    private func answer(_ words: [Substring]) async throws {
        switch words.first {
        case "counts":
            let counts = listener.counts
            report([
                "points": Double(counts.points), "bad": Double(counts.bad), "refused": Double(counts.refused),
                "failed": Double(counts.failed), "processor_seconds": processorSeconds(),
                "resident_mib": Double(try residentBytes()) / 1_048_576,
            ])
        case "flush":
            try store.sync()
            try store.flush()
            try store.maintain()
            let statistics = store.statistics
            report([
                "block_bytes": Double(statistics.blockBytes), "blocks": Double(statistics.blocks),
                "flushes": Double(statistics.flushes), "points": Double(statistics.points),
                "refused": Double(statistics.refused.values.reduce(0, +)), "processor_seconds": processorSeconds(),
            ])
        case "render" where words.count == 5:
            try await render(rounds: max(1, Int(words[1]) ?? 1), from: words[2], until: words[3], target: words[4])
        default: report([:])
        }
        fflush(nil)
    }

    private func render(rounds: Int, from: Substring, until: Substring, target: Substring) async throws {
        let fields = FormFields([
            ("target", String(target)), ("from", String(from)), ("until", String(until)), ("format", "json"),
        ])
        let request = try RenderRequest(fields, now: now)
        var bytes = 0
        var series = 0
        var sum = 0.0
        let began = processorSeconds()
        for _ in 0..<rounds {
            let result = try await GraphEvaluator(source: store).evaluate(request)
            series = result.count
            bytes = RenderJSON.encode(result, request).count
        }
        let spent = (processorSeconds() - began) / Double(rounds)
        for one in try await GraphEvaluator(source: store).evaluate(request) {
            for value in one.values where !value.isNaN { sum += value }
        }
        report(["seconds": spent, "series": Double(series), "bytes": Double(bytes), "sum": sum])
    }
}
