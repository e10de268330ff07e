import Telemetry

/// A block that is made: docs/formats/log-store.md, "Blocks".
struct SealedBlock: Sendable {
    var stream: LogStream
    var summary: BlockSummary
    /// Header and body.
    var bytes: [UInt8]
    var filter: [UInt8]
}

/// What is known of a block without reading it.
struct BlockSummary: Hashable, Sendable {
    var rows: Int
    var firstTime: Int64
    var lastTime: Int64
    /// A bit for each level that is there.
    var levels: UInt16
    /// Names of fields, in the order of the block's columns.
    var names: [String]
    var headerBytes: Int
    var headerChecksum: UInt32
    var filterBuckets: Int
}

/// Makes blocks. Keeps its memory from one to the next; one task uses it at a time.
final class BlockWriter {
    private static let divisors: [Int64] = [1_000_000_000, 1_000_000, 1_000]

    private let packer = Packer()
    private var column = TextColumnWriter()
    private var filter = WordSet()
    private var body = Growing<UInt8>(capacity: 1 << 20)
    private var plain = Growing<UInt8>(capacity: 1 << 16)

    /// The batch has lines of one stream, at least one.
    func seal(_ batch: LogBatch) -> SealedBlock {
        filter.removeAll()
        body.removeAll()
        let order = Self.order(batch)
        var header: [UInt8] = [2]
        header.append(varint: order.count)
        writeTimes(batch, order, &header)
        let levels = writeLevels(batch, order, &header)
        let names = writeTexts(batch, order, &header)
        let (filterBytes, buckets) = WordFilter.make(filter)
        let summary = BlockSummary(
            rows: order.count, firstTime: batch.lines[order[0]].time,
            lastTime: batch.lines[order[order.count - 1]].time,
            levels: levels, names: names, headerBytes: header.count, headerChecksum: Checksum.of(header),
            filterBuckets: buckets)
        var bytes = header
        bytes.append(contentsOf: body.bytes)
        return SealedBlock(
            stream: batch.streams[Int(batch.lines[0].stream)], summary: summary, bytes: bytes, filter: filterBytes)
    }

    /// Places of lines in the order of time, and equal times in the order of arrival.
    static func order(_ batch: LogBatch) -> [Int] {
        let places = Array(batch.lines.indices)
        let isSorted = zip(batch.lines, batch.lines.dropFirst()).allSatisfy { $0.time <= $1.time }
        if isSorted { return places }
        return places.sorted { (batch.lines[$0].time, $0) < (batch.lines[$1].time, $1) }
    }

    private func writeTimes(_ batch: LogBatch, _ order: [Int], _ header: inout [UInt8]) {
        let first = batch.lines[order[0]].time
        let divisor = Self.divisors.first { divisor in
            order.allSatisfy { batch.lines[$0].time % divisor == first % divisor }
        }
        plain.removeAll()
        var last = first
        for place in order {
            let time = batch.lines[place].time
            plain.append(varint: UInt64(bitPattern: time &- last) / UInt64(divisor ?? 1))
            last = time
        }
        header.append(zigzag: Int(first))
        header.append(varint: Int(divisor ?? 1))
        packer.append(plain.bytes, to: &body).encode(into: &header)
    }

    private func writeLevels(_ batch: LogBatch, _ order: [Int], _ header: inout [UInt8]) -> UInt16 {
        plain.removeAll()
        var levels: UInt16 = 0
        for place in order {
            let level = batch.lines[place].level
            plain.append(level)
            levels |= 1 << UInt16(level)
        }
        header.append(fixed: levels)
        if levels.nonzeroBitCount > 1 { packer.append(plain.bytes, to: &body).encode(into: &header) }
        return levels
    }

    /// The message's column, then those of the fields. Returns the fields' names.
    private func writeTexts(_ batch: LogBatch, _ order: [Int], _ header: inout [UInt8]) -> [String] {
        batch.bytes.withUnsafeBytes { bytes in
            func slice(_ text: LogBatch.Text) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: bytes[Int(text.start)..<Int(text.start) + Int(text.count)])
            }
            column.begin()
            for place in order { column.add(slice(batch.lines[place].message)) }
            column.finish(into: &body, packer, &filter).encode(into: &header)
            let columns = Self.columns(batch, order)
            let used = batch.names.indices.filter { !columns[$0].isEmpty }
            header.append(varint: used.count)
            for name in used {
                header.append(text: batch.names[name])
                column.begin()
                for cell in columns[name] { column.add(slice(cell.value)) }
                column.finish(into: &body, packer, &filter).encode(into: &header)
                writePresence(columns[name].map(\.row), rows: order.count, &header)
            }
            return used.map { batch.names[$0] }
        }
    }

    private struct Cell: BitwiseCopyable {
        var row: Int
        var value: LogBatch.Text
    }

    /// By name, the rows that have a value. Of two of a row the last counts.
    private static func columns(_ batch: LogBatch, _ order: [Int]) -> [[Cell]] {
        var columns = [[Cell]](repeating: [], count: batch.names.count)
        for (row, place) in order.enumerated() {
            let line = batch.lines[place]
            let first = Int(line.firstField)
            for field in first..<first + Int(line.fieldCount) {
                let field = batch.fields[field]
                let name = Int(field.name)
                if let last = columns[name].last, last.row == row { columns[name].removeLast() }
                columns[name].append(Cell(row: row, value: field.value))
            }
        }
        return columns
    }

    private func writePresence(_ present: [Int], rows: Int, _ header: inout [UInt8]) {
        if present.count == rows { return }
        plain.fill(0, count: (rows + 7) / 8)
        for row in present { plain[row >> 3] |= 1 << UInt8(row & 7) }
        packer.append(plain.bytes, to: &body).encode(into: &header)
    }
}
