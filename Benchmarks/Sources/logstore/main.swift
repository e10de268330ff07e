import Glibc
import Logs
import SystemPackage
import Telemetry

/// `logstore FOLDER LINES` fills a store in an empty folder with a generated corpus and searches it; prints figures
/// as one line of JSON. Times are processor time of the process, in seconds; making the corpus is not in them.

func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
}

func residentMebibytes() throws -> Double {
    let file = try FileDescriptor.open("/proc/self/statm", .readOnly)
    let text = try file.closeAfter {
        try String(unsafeUninitializedCapacity: 256) { try file.read(into: UnsafeMutableRawBufferPointer($0)) }
    }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return Double(pages * Int(getpagesize())) / 1_048_576
}

/// Bytes of the line as it came: as text, or as JSON if it has fields.
func rawBytes(_ batch: LogBatch) -> Int {
    let names = batch.names.map(\.utf8.count)
    return batch.lines.reduce(0) { sum, line in
        let first = Int(line.firstField)
        return batch.fields[first..<first + Int(line.fieldCount)].reduce(sum + Int(line.message.count) + 25) {
            $0 + names[Int($1.name)] + Int($1.value.count) + 6
        }
    }
}

/// Lines whose message passes, and the processor time of one such search of several.
func count(_ store: LogStore, _ text: String, rounds: Int = 10) async throws -> (
    lines: Int, blocks: Int, seconds: Double
) {
    let condition = LogCondition(.phrase(Array(text.utf8)))
    let everything = LogWindow(from: .min, until: .max)
    var lines = 0
    var blocks = 0
    var best = Double.infinity
    for _ in 0..<rounds {
        let began = processorSeconds()
        (lines, blocks) = (0, 0)
        for reference in try await store.blocks(in: everything, where: .condition(condition)) {
            let block = try await reference.open()
            lines += try block.select(condition, among: RowSet(rows: block.rows, all: true)).count
            blocks += 1
        }
        best = min(best, processorSeconds() - began)
    }
    return (lines, blocks, best)
}

func run(_ folder: String, lines: Int) async throws {
    let (store, _) = try LogStore.open(FilePath(folder), LogStoreOptions()) { Corpus.start }
    var corpus = Corpus(lines: lines)
    var spent = 0.0
    var raw = 0
    var number: UInt64 = 0
    while let batch = corpus.next(2000) {
        raw += rawBytes(batch)
        number += 1
        let began = processorSeconds()
        try await store.append(batch, as: LogDelivery(sender: "bench", number: number))
        spent += processorSeconds() - began
    }
    let began = processorSeconds()
    try store.flush()
    try store.maintain()
    spent += processorSeconds() - began
    let statistics = store.statistics
    let phrase = try await count(store, Corpus.phrase)
    let rare = try await count(store, Corpus.rare)
    let figures: KeyValuePairs<String, Double> = [
        "lines": Double(lines), "raw_mb": Double(raw) / 1_000_000, "seconds": spent,
        "lines_per_cpu_second": Double(lines) / spent, "disk_mb": Double(statistics.segmentBytes) / 1_000_000,
        "blocks": Double(statistics.blocks), "segments": Double(statistics.segments),
        "phrase_lines": Double(phrase.lines), "phrase_blocks": Double(phrase.blocks),
        "phrase_ms": phrase.seconds * 1000, "rare_lines": Double(rare.lines), "rare_blocks": Double(rare.blocks),
        "rare_ms": rare.seconds * 1000, "resident_mib": try residentMebibytes(),
    ]
    print("{" + figures.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}")
}

let arguments = CommandLine.arguments.dropFirst()
guard let folder = arguments.first, let lines = arguments.dropFirst().first.flatMap({ Int($0) }), arguments.count == 2
else {
    print("usage: logstore FOLDER LINES")
    exit(64)
}
try await run(folder, lines: lines)
