import Telemetry

/// Lines that are not sealed yet, read as a block is.
final class RawBlock: LogBlock {
    let stream: LogStream
    let rows: Int
    private let batch: LogBatch
    /// The lines' places, in the order of rows.
    private let order: [Int]
    private var shapeNumbers: [[UInt8]: Int] = [:]
    private var shapeTexts: [[UInt8]] = []

    var bytesRead: Int { batch.bytes.count }

    /// The batch has lines of one stream.
    init(_ batch: LogBatch) {
        self.batch = batch
        stream = batch.streams[0]
        order = BlockWriter.order(batch)
        rows = order.count
    }

    var fieldNames: [String] { batch.names }

    func times() -> [Int64] { order.map { batch.lines[$0].time } }

    func levels() -> [LogLevel] { order.map { LogLevel(rawValue: batch.lines[$0].level) ?? .none } }

    func select(_ window: LogWindow) -> RowSet {
        var result = RowSet(rows: rows, all: false)
        for (row, place) in order.enumerated() {
            let time = batch.lines[place].time
            if time >= window.from, time < window.until { result.insert(row) }
        }
        return result
    }

    func select(_ condition: LogCondition, among wanted: RowSet) -> RowSet {
        let isField = batch.names.contains(condition.field)
        if !isField, condition.field == "level" {
            return BlockRows.select(condition.test, levels: levels(), among: wanted)
        }
        if !isField, condition.field == "time" {
            return BlockRows.select(condition.test, times: times(), among: wanted)
        }
        var result = RowSet(rows: rows, all: false)
        values(of: condition.field, at: wanted) { row, value in
            if condition.test.holds(value) { result.insert(row) }
        }
        return result
    }

    func values(of field: String, at wanted: RowSet, _ body: (Int, UnsafeRawBufferPointer?) -> Void) {
        if field == "time", !batch.names.contains(field) {
            return wanted.forEach { BlockRows.give(LogTime.text(batch.lines[order[$0]].time), row: $0, body) }
        }
        wanted.forEach { row in batch.value(of: field, at: order[row]) { body(row, $0) } }
    }

    func shapes(at wanted: RowSet) -> [(row: Int, shape: Int)] {
        var result: [(row: Int, shape: Int)] = []
        values(of: "message", at: wanted) { row, value in
            guard let value else { return }
            let shape = LogWord.shape(of: value)
            if let known = shapeNumbers[shape] {
                result.append((row, known))
            } else {
                shapeNumbers[shape] = shapeTexts.count
                result.append((row, shapeTexts.count))
                shapeTexts.append(shape)
            }
        }
        return result
    }

    func text(ofShape shape: Int) -> String {
        shapeTexts.indices.contains(shape) ? BlockRows.text(ofShape: shapeTexts[shape]) : ""
    }
}
