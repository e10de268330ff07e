import Glibc
import Logs
import SystemPackage
import Telemetry

/// Lines of a generated corpus in a store, and in files for others. Prints figures as one line of JSON; seconds are
/// processor time of the process, and making the corpus is not in them.

struct Found {
    var lines = 0
    var blocks = 0
    var cpu = 0.0
    var wall = 0.0
}

/// Lines whose message has a phrase, and what such a search takes, in milliseconds: the median of several.
func count(_ store: LogStore, _ phrase: String, in window: LogWindow, rounds: Int) async throws -> Found {
    let condition = LogCondition(.phrase(Array(phrase.utf8)))
    var found = Found()
    var spent: [Double] = []
    var waited: [Double] = []
    for _ in 0..<max(1, rounds) {
        let (began, wall) = (processorSeconds(), wallSeconds())
        (found.lines, found.blocks) = (0, 0)
        for reference in try await store.blocks(in: window, where: .condition(condition)) {
            let block = try await reference.open()
            found.lines += try block.select(condition, among: block.select(window)).count
            found.blocks += 1
        }
        spent.append((processorSeconds() - began) * 1000)
        waited.append((wallSeconds() - wall) * 1000)
    }
    (found.cpu, found.wall) = (spent.sorted()[spent.count / 2], waited.sorted()[waited.count / 2])
    return found
}

func search(_ folder: String, _ phrase: String, rounds: Int) async throws {
    let (store, _) = try LogStore.open(FilePath(folder), LogStoreOptions()) { Corpus.start + Corpus.day }
    let found = try await count(store, phrase, in: LogWindow(from: .min, until: .max), rounds: rounds)
    show([
        "lines": Double(found.lines), "blocks": Double(found.blocks), "cpu_ms": found.cpu, "wall_ms": found.wall,
        "resident_mib": try residentMebibytes(),
    ])
}

/// Searches in a store that has the day of another again and again.
func searchDays(_ folder: String, day: String, days: Int) async throws {
    let disk = try RepeatedDisk(FilePath(folder), day: FilePath(day), days: days)
    let began = processorSeconds()
    let (store, report) = try LogStore.open(FilePath(folder), LogStoreOptions(), on: disk) {
        Corpus.start + Int64(days) * Corpus.day
    }
    let opened = processorSeconds() - began
    guard report.dropped.isEmpty else { throw DaysTrouble.dropped(report.dropped) }
    let resident = try residentMebibytes()
    let middle = Corpus.start + Int64(days / 2) * Corpus.day
    let oneDay = LogWindow(from: middle, until: middle + Corpus.day)
    let someDays = LogWindow(from: middle, until: middle + Corpus.day * Int64(max(1, days / 10)))
    let all = LogWindow(from: .min, until: .max)
    let rareDay = try await count(store, Corpus.rare, in: oneDay, rounds: 9)
    let rareDays = try await count(store, Corpus.rare, in: someDays, rounds: 3)
    let rareAll = try await count(store, Corpus.rare, in: all, rounds: 3)
    let absent = try await count(store, "zx9nowhere1", in: all, rounds: 3)
    let phraseDay = try await count(store, Corpus.phrase, in: oneDay, rounds: 9)
    let phraseDays = try await count(store, Corpus.phrase, in: someDays, rounds: 1)
    let statistics = store.statistics
    show([
        "days": Double(days), "blocks": Double(statistics.blocks), "disk_mb": Double(statistics.segmentBytes) / 1e6,
        "open_ms": opened * 1000, "resident_mib": resident, "resident_after_mib": try residentMebibytes(),
        "rare_day_lines": Double(rareDay.lines), "rare_day_ms": rareDay.cpu, "rare_day_wall_ms": rareDay.wall,
        "rare_days_lines": Double(rareDays.lines), "rare_days_ms": rareDays.cpu,
        "rare_all_lines": Double(rareAll.lines), "rare_all_ms": rareAll.cpu, "absent_blocks": Double(absent.blocks),
        "absent_ms": absent.cpu, "phrase_day_lines": Double(phraseDay.lines), "phrase_day_ms": phraseDay.cpu,
        "phrase_days_lines": Double(phraseDays.lines), "phrase_days_ms": phraseDays.cpu,
    ])
}

enum DaysTrouble: Error {
    case dropped([String])
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
               logstore days FOLDER DAYS DAY         that of the folder DAY again and again, searched
               logstore text FILE LINES              the lines
               logstore rows FILE LINES              time, labels and line, tab-separated
               logstore syslog FILE LINES            what they say as syslog (RFC 3164)
               logstore parsed FILE LINES            time, labels, level, message and fields, tab-separated
        """)
    exit(64)
}
switch arguments[1] {
case "fill": try await fill(arguments[2], lines: lines)
case "search": try await search(arguments[2], arguments.dropFirst(4).joined(separator: " "), rounds: lines)
case "days" where arguments.count == 5: try await searchDays(arguments[2], day: arguments[4], days: lines)
case "text": try CorpusFiles.writeText(FilePath(arguments[2]), lines: lines)
case "rows": try CorpusFiles.writeRows(FilePath(arguments[2]), lines: lines)
case "syslog": try CorpusFiles.writeSyslog(FilePath(arguments[2]), lines: lines)
case "parsed": try CorpusFiles.writeParsedRows(FilePath(arguments[2]), lines: lines)
default: exit(64)
}
