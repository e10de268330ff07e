import Synchronization
import SystemPackage
import Telemetry

@testable import Logs

/// A store on a disk in memory, with small blocks and a clock that a test sets.
final class StoreUnderTest: Sendable {
    static let start: Int64 = 1_700_000_000_000_000_000
    static let everything = LogWindow(from: .min, until: .max)

    let store: LogStore
    let report: LogStoreReport
    private let clock: Clock

    private final class Clock: Sendable {
        let time: Mutex<Int64>
        init(_ time: Int64) { self.time = Mutex(time) }
    }

    var time: Int64 {
        get { clock.time.withLock { $0 } }
        set { clock.time.withLock { $0 = newValue } }
    }

    init(
        _ disk: TestDisk, now: Int64 = StoreUnderTest.start, archive: (any LogArchive)? = nil,
        _ change: (inout LogStoreOptions) -> Void = { _ in }
    ) throws(TelemetryProblem) {
        var options = LogStoreOptions()
        options.blockRowsMax = 40
        options.logBytesMax = 1 << 20
        change(&options)
        let clock = Clock(now)
        self.clock = clock
        (store, report) = try LogStore.open("/store", options, on: disk, archive: archive) {
            clock.time.withLock { $0 }
        }
    }

    /// All lines that are found, as texts.
    func lines(_ filter: LogFilter = .all, _ window: LogWindow = everything) async throws -> [String] {
        var found: [String] = []
        for reference in try await store.blocks(in: window, where: filter) {
            let block = try await reference.open()
            found += try Self.lines(block, try Self.select(filter, block).intersection(try block.select(window)))
        }
        return found.sorted()
    }

    static func select(_ filter: LogFilter, _ block: any LogBlock) throws -> RowSet {
        var rows = RowSet(rows: block.rows, all: true)
        switch filter {
        case .all: break
        case .condition(let condition): rows = try block.select(condition, among: rows)
        case .and(let filters): for filter in filters { rows.formIntersection(try select(filter, block)) }
        case .or(let filters):
            rows = RowSet(rows: block.rows, all: false)
            for filter in filters { rows.formUnion(try select(filter, block)) }
        case .not(let filter): rows.subtract(try select(filter, block))
        }
        return rows
    }

    static func lines(_ block: any LogBlock, _ rows: RowSet) throws -> [String] {
        let (times, levels) = (try block.times(), try block.levels())
        let list = rows.list
        var texts = list.map { "\(times[$0]) \(block.stream) \(levels[$0])" }
        for name in ["message"] + block.fieldNames.sorted() where !(name == "message" && texts.isEmpty) {
            var at = 0
            try block.values(of: name, at: rows) { _, value in
                defer { at += 1 }
                guard let text = value.map({ String(decoding: $0, as: UTF8.self) }) else { return }
                // Rows without the field say their label; which rows have neighbours with it is no difference.
                if text == block.stream[name] || name == "level" && text == levels[list[at]].word { return }
                texts[at] += " \(name)=\(text)"
            }
        }
        return texts
    }
}

extension RowSet {
    func intersection(_ other: RowSet) -> RowSet {
        var result = self
        result.formIntersection(other)
        return result
    }
}

extension LogBatch {
    mutating func text(_ bytes: [UInt8]) -> Text {
        defer { self.bytes += bytes }
        return Text(start: UInt32(self.bytes.count), count: UInt32(bytes.count))
    }

    mutating func add(
        _ message: String, time: Int64, level: LogLevel = .info, stream: LogStream = ["app": "shop"],
        _ values: KeyValuePairs<String, String> = [:]
    ) {
        let place = streams.firstIndex(of: stream) ?? streams.count
        if place == streams.count { streams.append(stream) }
        let first = fields.count
        let said = text(Array(message.utf8))
        for (name, value) in values {
            let number = names.firstIndex(of: name) ?? names.count
            if number == names.count { names.append(name) }
            let value = text(Array(value.utf8))
            fields.append(Field(name: UInt32(number), value: value))
        }
        lines.append(
            Line(
                time: time, stream: UInt32(place), level: level, message: said, firstField: UInt32(first),
                fieldCount: UInt32(fields.count - first)))
    }

    /// Lines in shapes of all kinds, the same for the same numbers.
    static func sample(_ range: Range<Int>, from start: Int64 = StoreUnderTest.start) -> LogBatch {
        var batch = LogBatch()
        for index in range {
            let time = start + Int64(index) * 1_000_000_000 - (index % 9 == 4 ? 3_500_000_001 : 0)
            let hex = String(UInt64(index) &* 0x9E37_79B9_7F4A_7C15 >> 8 | 1 << 55, radix: 16)
            switch index % 8 {
            case 0:
                batch.add("Receiving block blk_-\(index * 7919) src: /10.0.\(index % 4).\(index):5\(index)", time: time)
            case 1:
                batch.add(
                    "GET", time: time, level: .none, stream: ["app": "web", "host": "web-\(index % 2)"],
                    ["path": "/item/\(index)?q=É", "status": index % 3 == 0 ? "200" : "404", "ms": "0.\(index)"])
            case 2: batch.add("request \(hex) timed out after \(index) ms", time: time, level: .warn, ["trace": hex])
            case 3: batch.add("", time: time, ["empty": "", "level": "\(index)"])
            case 4: batch.add("user Alice\(index % 3) logged in at 0\(index % 10):0\(index % 7)", time: time)
            case 5: batch.add("000\(index % 10) padded 00\(index % 10)", time: time, ["app": "own\(index)"])
            case 6: batch.add("Timed OUT, said \u{1B}[31mserver\(index)\u{1B}[0m 0", time: time, level: .error)
            default:
                batch.add("word\(index)word " + String(repeating: "x1 ", count: index % 16 == 7 ? 300 : 1), time: time)
            }
        }
        return batch
    }
}
