import Telemetry

/// A sealed block, whose columns are read as they are asked for.
final class StoredBlock: LogBlock {
    struct Field {
        var name: String
        var column: TextColumn
        /// The rows that have a value; nil: all.
        var presence: BlockPart?
    }

    let stream: LogStream
    let rows: Int
    private let bytes: BlockBytes
    private let firstTime: Int64
    private let lastTime: Int64
    private let divisor: UInt64
    private let timesPart: BlockPart
    private let levelsMask: UInt16
    private let levelsPart: BlockPart?
    let message: TextColumn
    let fields: [Field]
    /// Shapes of single rows where what the block has is several in one.
    var finerShapes = FinerShapes()
    private var readTimes: [Int64]?
    private var readLevels: [LogLevel]?
    private var readPresence: [String: RowSet] = [:]

    var bytesRead: Int { bytes.bytesRead }
    var fieldNames: [String] { fields.map(\.name) }

    init(_ bytes: BlockBytes, stream: LogStream, summary: BlockSummary) throws(TelemetryProblem) {
        let header = try bytes.header(checksum: summary.headerChecksum)
        let parsed: Parsed? = header.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            return Parsed(&reader)
        }
        guard let parsed, parsed.rows == summary.rows else { throw bytes.damaged() }
        self.stream = stream
        self.bytes = bytes
        rows = parsed.rows
        firstTime = parsed.firstTime
        lastTime = summary.lastTime
        divisor = parsed.divisor
        timesPart = parsed.times
        levelsMask = parsed.levelsMask
        levelsPart = parsed.levels
        message = TextColumn(parsed.message, bytes, version: parsed.version)
        fields = parsed.fields.map {
            Field(name: $0.name, column: TextColumn($0.column, bytes, version: parsed.version), presence: $0.presence)
        }
    }

    private struct Parsed {
        var version: UInt8
        var rows: Int
        var firstTime: Int64
        var divisor: UInt64
        var times: BlockPart
        var levelsMask: UInt16
        var levels: BlockPart?
        var message: TextColumnHeader
        var fields: [(name: String, column: TextColumnHeader, presence: BlockPart?)] = []

        init?(_ reader: inout ByteReader) {
            guard let version = reader.byte(), version == 1 || version == 2, let rows = reader.count(limit: 1 << 28),
                rows > 0, let first = reader.zigzag(),
                let divisor = reader.varint(), divisor > 0, let times = BlockPart(&reader),
                let mask = reader.fixed(UInt16.self), mask != 0, mask < 1 << 10
            else { return nil }
            self.version = version
            self.rows = rows
            firstTime = Int64(first)
            self.divisor = divisor
            self.times = times
            levelsMask = mask
            if mask.nonzeroBitCount > 1 {
                guard let levels = BlockPart(&reader), levels.plain == rows else { return nil }
                self.levels = levels
            }
            guard let message = TextColumnHeader(&reader, rowsMax: rows), message.rows == rows,
                let count = reader.count(limit: reader.remaining)
            else { return nil }
            self.message = message
            for _ in 0..<count {
                guard let name = reader.text(limit: reader.remaining),
                    let column = TextColumnHeader(&reader, rowsMax: rows)
                else { return nil }
                var presence: BlockPart?
                if column.rows < rows {
                    presence = BlockPart(&reader)
                    guard presence?.plain == (rows + 7) / 8 else { return nil }
                }
                fields.append((name, column, presence))
            }
            guard reader.remaining == 0 else { return nil }
        }
    }

    func times() throws(TelemetryProblem) -> [Int64] {
        if let readTimes { return readTimes }
        let plain = try bytes.part(timesPart)
        let (rows, divisor, first) = (rows, divisor, firstTime)
        let times = plain.withUnsafeBytes { Self.times($0, rows: rows, first: first, divisor: divisor) }
        guard let times else { throw bytes.damaged() }
        readTimes = times
        return times
    }

    /// Nil if there are not so many.
    private static func times(
        _ steps: UnsafeRawBufferPointer, rows: Int, first: Int64, divisor: UInt64
    ) -> [Int64]? {
        let times = [Int64](unsafeUninitializedCapacity: rows) { times, filled in
            var at = 0
            var time = first
            for row in 0..<rows {
                var (step, shift): (UInt64, UInt64) = (0, 0)
                while true {
                    guard at < steps.count, shift < 64 else { return }
                    let byte = steps[at]
                    at &+= 1
                    step |= UInt64(byte & 0x7F) &<< shift
                    if byte < 0x80 { break }
                    shift &+= 7
                }
                time &+= Int64(bitPattern: step &* divisor)
                times[row] = time
                filled = row &+ 1
            }
        }
        return times.count == rows ? times : nil
    }

    func levels() throws(TelemetryProblem) -> [LogLevel] {
        if let readLevels { return readLevels }
        var plain = [UInt8](repeating: UInt8(levelsMask.trailingZeroBitCount), count: rows)
        if let levelsPart { plain = try bytes.part(levelsPart) }
        let levels = plain.compactMap(LogLevel.init)
        guard levels.count == rows else { throw bytes.damaged() }
        readLevels = levels
        return levels
    }

    func select(_ window: LogWindow) throws(TelemetryProblem) -> RowSet {
        if window.from <= firstTime, lastTime < window.until { return RowSet(rows: rows, all: true) }
        let times = try times()
        var result = RowSet(rows: rows, all: false)
        for row in 0..<rows where times[row] >= window.from && times[row] < window.until { result.insert(row) }
        return result
    }

    func select(_ condition: LogCondition, among wanted: RowSet) throws(TelemetryProblem) -> RowSet {
        let name = condition.field
        if wanted.isEmpty { return wanted }
        guard let field = fields.first(where: { $0.name == name }) else {
            return try selectWithoutField(condition, among: wanted)
        }
        guard field.presence != nil else { return try field.column.select(condition.test, among: wanted) }
        let present = try presence(field)
        var own = RowSet(rows: field.column.header.rows, all: false)
        var index = 0
        present.forEach { row in
            if wanted.contains(row) { own.insert(index) }
            index += 1
        }
        let found = try field.column.select(condition.test, among: own)
        var result = RowSet(rows: rows, all: false)
        index = 0
        present.forEach { row in
            if found.contains(index) { result.insert(row) }
            index += 1
        }
        // Rows without a value of the field may have one otherwise.
        if hasOther(name) {
            var rest = wanted
            rest.subtract(present)
            result.formUnion(try selectWithoutField(condition, among: rest))
        }
        return result
    }

    private func hasOther(_ name: String) -> Bool {
        name == "message" || name == "level" || name == "time" || stream[name] != nil
    }

    private func selectWithoutField(
        _ condition: LogCondition, among wanted: RowSet
    ) throws(TelemetryProblem) -> RowSet {
        switch condition.field {
        case "message": return try message.select(condition.test, among: wanted)
        case "level": return BlockRows.select(condition.test, levels: try levels(), among: wanted)
        case "time": return BlockRows.select(condition.test, times: try times(), among: wanted)
        default:
            let passes = BlockRows.passes(condition.test, label: stream[condition.field])
            return passes ? wanted : RowSet(rows: rows, all: false)
        }
    }

    func presence(_ field: Field) throws(TelemetryProblem) -> RowSet {
        if let known = readPresence[field.name] { return known }
        var present = RowSet(rows: rows, all: field.presence == nil)
        if let part = field.presence {
            let bits = try bytes.part(part)
            for row in 0..<rows where bits[row >> 3] >> UInt8(row & 7) & 1 == 1 { present.insert(row) }
            guard present.count == field.column.header.rows else { throw bytes.damaged() }
        }
        readPresence[field.name] = present
        return present
    }

    func values(
        of name: String, at wanted: RowSet, _ body: (_ row: Int, _ value: UnsafeRawBufferPointer?) -> Void
    ) throws(TelemetryProblem) {
        guard let field = fields.first(where: { $0.name == name }) else {
            return try valuesWithoutField(name, at: wanted, body)
        }
        let present = try presence(field)
        if present.count == rows || !hasOther(name) {
            return try ownValues(field, present, at: wanted, body)
        }
        // Both kinds of rows, in their order.
        var texts: [Int: [UInt8]] = [:]
        var own = wanted
        own.formIntersection(present)
        try ownValues(field, present, at: own) { row, value in texts[row] = value.map { Array($0) } }
        var rest = wanted
        rest.subtract(present)
        try valuesWithoutField(name, at: rest) { row, value in texts[row] = value.map { Array($0) } }
        wanted.forEach { row in
            guard let text = texts[row] else { return body(row, nil) }
            text.withUnsafeBytes { body(row, $0) }
        }
    }

    /// Calls `body` with the values of a field, and with nil for rows without one.
    private func ownValues(
        _ field: Field, _ present: RowSet, at wanted: RowSet, _ body: (Int, UnsafeRawBufferPointer?) -> Void
    ) throws(TelemetryProblem) {
        var indices: [Int] = []
        var rowOfIndex: [Int] = []
        var index = 0
        present.forEach { row in
            if wanted.contains(row) {
                indices.append(index)
                rowOfIndex.append(row)
            }
            index += 1
        }
        var at = 0
        let asked = wanted.list
        var next = 0
        try field.column.texts(at: indices) { _, text in
            let row = rowOfIndex[at]
            at += 1
            while asked[next] < row {
                body(asked[next], nil)
                next += 1
            }
            body(row, text)
            next += 1
        }
        while next < asked.count {
            body(asked[next], nil)
            next += 1
        }
    }

    private func valuesWithoutField(
        _ name: String, at wanted: RowSet, _ body: (Int, UnsafeRawBufferPointer?) -> Void
    ) throws(TelemetryProblem) {
        switch name {
        case "message": try message.texts(at: wanted.list) { body($0, $1) }
        case "level":
            let levels = try levels()
            wanted.forEach { BlockRows.give(levels[$0] == .none ? nil : levels[$0].word, row: $0, body) }
        case "time":
            let times = try times()
            wanted.forEach { BlockRows.give(LogTime.text(times[$0]), row: $0, body) }
        default:
            let label = stream[name]
            wanted.forEach { BlockRows.give(label, row: $0, body) }
        }
    }
}
