import Glibc
import Logs
import SystemPackage
import Telemetry

/// Lines of a generated corpus in a store, and in files for others. Prints figures as one line of JSON; seconds are
/// processor time of the process, and making the corpus is not in them.

/// Lines whose message has a phrase, and what such a search takes: the median of several.
func search(_ folder: String, _ phrase: String, rounds: Int) async throws {
    let (store, _) = try LogStore.open(FilePath(folder), LogStoreOptions()) { Corpus.start + Corpus.day }
    let condition = LogCondition(.phrase(Array(phrase.utf8)))
    let everything = LogWindow(from: .min, until: .max)
    var lines = 0
    var blocks = 0
    var spent: [Double] = []
    var waited: [Double] = []
    for _ in 0..<max(1, rounds) {
        let (began, wall) = (processorSeconds(), wallSeconds())
        (lines, blocks) = (0, 0)
        for reference in try await store.blocks(in: everything, where: .condition(condition)) {
            let block = try await reference.open()
            lines += try block.select(condition, among: RowSet(rows: block.rows, all: true)).count
            blocks += 1
        }
        spent.append(processorSeconds() - began)
        waited.append(wallSeconds() - wall)
    }
    show([
        "lines": Double(lines), "blocks": Double(blocks), "cpu_ms": spent.sorted()[spent.count / 2] * 1000,
        "wall_ms": waited.sorted()[waited.count / 2] * 1000, "resident_mib": try residentMebibytes(),
    ])
}

/// Fills a store in an empty folder.
func fill(_ folder: String, lines: Int) async throws {
    let (store, _) = try LogStore.open(FilePath(folder), LogStoreOptions()) { Corpus.start + Corpus.day }
    var corpus = Corpus(lines: lines)
    var parser = try BurstParser()
    var (parsing, storing) = (0.0, 0.0)
    var raw = 0
    var number: UInt64 = 0
    while let burst = corpus.next() {
        raw += burst.text.count
        number += 1
        let began = processorSeconds()
        let batch = parser.batch(burst)
        let parsed = processorSeconds()
        try await store.append(batch, as: LogDelivery(sender: "bench", number: number))
        parsing += parsed - began
        storing += processorSeconds() - parsed
    }
    let began = processorSeconds()
    try store.flush()
    try store.maintain()
    storing += processorSeconds() - began
    let statistics = store.statistics
    show([
        "lines": Double(lines), "raw_mb": Double(raw) / 1_000_000, "parse_seconds": parsing, "store_seconds": storing,
        "disk_mb": Double(statistics.segmentBytes) / 1_000_000, "blocks": Double(statistics.blocks),
        "segments": Double(statistics.segments), "resident_mib": try residentMebibytes(),
    ])
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let lines = Int(arguments[3]) else {
    print(
        """
        usage: logstore fill FOLDER LINES            a store in an empty folder
               logstore search FOLDER ROUNDS TEXT    lines whose message has a phrase
               logstore text FILE LINES              the lines
               logstore rows FILE LINES              time, labels and line, tab-separated
               logstore parsed FILE LINES            time, labels, level, message and fields, tab-separated
        """)
    exit(64)
}
switch arguments[1] {
case "fill": try await fill(arguments[2], lines: lines)
case "search": try await search(arguments[2], arguments.dropFirst(4).joined(separator: " "), rounds: lines)
case "text": try CorpusFiles.writeText(FilePath(arguments[2]), lines: lines)
case "rows": try CorpusFiles.writeRows(FilePath(arguments[2]), lines: lines)
case "parsed": try CorpusFiles.writeParsedRows(FilePath(arguments[2]), lines: lines)
default: exit(64)
}
