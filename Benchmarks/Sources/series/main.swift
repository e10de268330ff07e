import Glibc
import SystemPackage
import Telemetry

/// `series ingest FOLDER SERIES POINTS` fills a store in an empty folder by the names of the series, as a
/// listener does, and queries it; prints figures as one line of JSON. `series lines SERIES POINTS` prints the
/// same points as Graphite's plaintext, for a peer. `series serve FOLDER NOW` is the store behind a listener:
/// see `Server`.

let start: Int64 = 1_700_000_000 / 600 * 600
let batch = 1000

func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
}

/// Memory that the process has now, in bytes.
func residentBytes() throws -> Int {
    let file = try FileDescriptor.open("/proc/self/statm", .readOnly)
    let text = try file.closeAfter {
        try String(unsafeUninitializedCapacity: 256) { try file.read(into: UnsafeMutableRawBufferPointer($0)) }
    }
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
}

func report(_ figures: KeyValuePairs<String, Double>) {
    print("{" + figures.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}")
}

/// Feeds the fleet, time by time. Returns the processor time of making the points themselves.
func feed(_ store: SeriesStore, series: Int, points: Int, clock: TestClock) throws -> Double {
    let source = SourceName("bench")
    var fleet = Fleet(series: series)
    var making = 0.0
    var values = [Double](repeating: 0, count: series)
    var pending: [SeriesPoint] = []
    pending.reserveCapacity(batch)
    for index in 0..<points {
        let began = processorSeconds()
        for place in 0..<series { values[place] = fleet.next(place) }
        making += processorSeconds() - began
        let time = start + Int64(index) * 10
        clock.now = time
        for place in 0..<series {
            let name = fleet.names[place]
            guard let id = store.series(named: name.span, source: source) else { continue }
            pending.append(SeriesPoint(series: id, time: time, value: values[place]))
            if pending.count == batch {
                try store.append(pending)
                pending.removeAll(keepingCapacity: true)
            }
        }
        try store.append(pending)
        pending.removeAll(keepingCapacity: true)
        try store.sync()
        if index % 6 == 5 { try store.maintain() }
    }
    return making
}

final class TestClock: @unchecked Sendable {
    // One thread reads and sets it.
    var now: Int64 = start
}

func ingest(_ folder: String, series: Int, points: Int) async throws {
    var options = SeriesStoreOptions(rules: [
        RetentionRule(pattern: "**", archives: try Archive.list("10s:30d"))
    ])
    options.durability = .whenAsked
    options.seriesMax = .max
    let clock = TestClock()
    let (store, _) = try SeriesStore.open(FilePath(folder), options, seed: 42) { clock.now }
    let before = processorSeconds()
    let making = try feed(store, series: series, points: points, clock: clock)
    let resident = try residentBytes()
    try store.flush()
    let spent = processorSeconds() - before - making
    let total = Double(series * points)
    let statistics = store.statistics

    let names = try await store.names(matching: "servers.dc0.*.app.*.*")
    let until = clock.now
    let few = processorSeconds()
    let windows = try await store.windows(Array(names.prefix(100)), from: until - 86_400, until: until, now: until)
    let fewSpent = processorSeconds() - few
    let all = processorSeconds()
    let every = try await store.names(matching: "servers.*.*.app.*.*")
    var sum = 0.0
    for window in try await store.windows(Array(every.prefix(10_000)), from: start - 10, until: until, now: until) {
        for value in window.values where !value.isNaN { sum += value }
    }
    let allSpent = processorSeconds() - all
    report([
        "series": Double(series), "points": total, "processor_seconds": spent, "points_per_second": total / spent,
        "bytes_per_point": Double(statistics.blockBytes) / total, "resident_mib": Double(resident) / 1_048_576,
        "log_bytes_left": Double(statistics.logBytes), "flushes": Double(statistics.flushes),
        "merges": Double(statistics.merges), "syncs": Double(statistics.syncs),
        "query_100_seconds": fewSpent, "query_100_windows": Double(windows.count),
        "query_sum_seconds": allSpent, "sum": sum,
    ])
}

func printLines(series: Int, points: Int) {
    var fleet = Fleet(series: series)
    let names = fleet.names.map { String(decoding: $0, as: UTF8.self) }
    for index in 0..<points {
        var lines = ""
        for place in 0..<series { lines += "\(names[place]) \(fleet.next(place)) \(start + Int64(index) * 10)\n" }
        print(lines, terminator: "")
    }
}

let arguments = CommandLine.arguments
if arguments.count == 5, arguments[1] == "ingest", let series = Int(arguments[3]), let points = Int(arguments[4]) {
    try await ingest(arguments[2], series: series, points: points)
} else if arguments.count == 4, arguments[1] == "lines", let series = Int(arguments[2]), let points = Int(arguments[3])
{
    printLines(series: series, points: points)
} else if arguments.count == 4, arguments[1] == "serve", let now = Int64(arguments[3]) {
    try await Server(arguments[2], now: now).run()
} else {
    print("usage: series ingest FOLDER SERIES POINTS | series lines SERIES POINTS | series serve FOLDER NOW")
    exit(2)
}
