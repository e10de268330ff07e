/// Fills batches, line by line. For one thread.
package struct LogBatchBuilder: ~Copyable {
    private static let absent = UInt32.max
    /// Names that are remembered from batch to batch; with more all are forgotten but those of programs.
    private static let namesKept = 8192
    private static let bytesKept = 4 << 20
    private static let linesKept = 64 << 10

    /// The line in hand.
    package var line = LogRecord()

    private var names: NameTable
    private let seed: UInt64
    private var fixedNames: [String]
    private var streams: [LogStream] = []
    private var streamNumbers: [LogStream: UInt32] = [:]
    /// By number here: the number in the batch.
    private var nameInBatch: [UInt32] = []
    private var streamInBatch: [UInt32] = []
    private var batchNames: [UInt32] = []
    private var batchStreams: [UInt32] = []

    private var bytes = FlatList<UInt8>(capacity: 64 << 10)
    private var fields = FlatList<LogBatch.Field>(capacity: 4096)
    private var lines = FlatList<LogBatch.Line>(capacity: 1024)

    /// - Parameters:
    ///   - names: names that get the numbers behind `ProgramNames`, in this order; distinct, and none of those.
    ///   - seed: a random number, so that nobody can know which names collide.
    package init(names: [String] = [], seed: UInt64) {
        self.seed = seed
        fixedNames = ProgramNames.all + names
        self.names = Self.table(fixedNames, seed)
    }

    private static func table(_ names: [String], _ seed: UInt64) -> NameTable {
        var table = NameTable(seed: seed)
        for name in names { _ = table.number(of: name) }
        return table
    }

    package var isEmpty: Bool { lines.count == 0 }
    package var lineCount: Int { lines.count }
    /// Bytes of texts in the batch.
    package var byteCount: Int { bytes.count }

    /// A number for a stream that holds for as long as this lives.
    package mutating func stream(_ stream: LogStream) -> UInt32 {
        if let number = streamNumbers[stream] { return number }
        let number = UInt32(streams.count)
        streams.append(stream)
        streamInBatch.append(Self.absent)
        streamNumbers[stream] = number
        return number
    }

    package func stream(at number: UInt32) -> LogStream { streams[Int(number)] }

    /// The number of a name, until the batch is taken.
    @inline(__always)
    package mutating func name(_ name: ByteView) -> UInt32 { names.number(of: name) }

    package mutating func name(_ name: String) -> UInt32 { names.number(of: name) }

    /// The number of a name, which holds for as long as this lives. To be asked for before the first line.
    mutating func keepName(_ name: String) -> UInt32 {
        let number = names.number(of: name)
        if Int(number) == fixedNames.count { fixedNames.append(name) }
        return number
    }

    package func text(ofName number: UInt32) -> String { names.names[Int(number)] }

    /// Puts the line in hand into the batch.
    package mutating func finish() {
        let firstField = fields.count
        if line.lostFields > 0 { noteLostFields() }
        for index in 0..<line.fieldCount {
            let field = line.field(index)
            if field.name == LogRecord.removed { continue }
            fields.append(LogBatch.Field(name: batchName(field.name), value: append(field.value)))
        }
        lines.append(
            LogBatch.Line(
                time: line.time, stream: batchStream(line.stream), level: line.level, message: append(line.message),
                firstField: UInt32(truncatingIfNeeded: firstField),
                fieldCount: UInt32(truncatingIfNeeded: fields.count &- firstField)))
    }

    /// The batch, which begins anew.
    package mutating func takeBatch() -> LogBatch {
        var batch = LogBatch()
        batch.bytes = bytes.takeAll(keep: Self.bytesKept)
        batch.fields = fields.takeAll(keep: Self.linesKept * 4)
        batch.lines = lines.takeAll(keep: Self.linesKept)
        batch.names = batchNames.map { names.names[Int($0)] }
        batch.streams = batchStreams.map { streams[Int($0)] }
        for number in batchNames { nameInBatch[Int(number)] = Self.absent }
        for number in batchStreams { streamInBatch[Int(number)] = Self.absent }
        batchNames.removeAll(keepingCapacity: true)
        batchStreams.removeAll(keepingCapacity: true)
        if names.count > Self.namesKept {
            names = Self.table(fixedNames, seed)
            nameInBatch = []
        }
        return batch
    }

    @inline(__always)
    private mutating func append(_ text: ByteView) -> LogBatch.Text {
        let start = bytes.count
        UnsafeMutableRawPointer(bytes.extend(by: text.count)).copyMemory(from: text.start, byteCount: text.count)
        return LogBatch.Text(start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: text.count))
    }

    @inline(__always)
    private mutating func batchName(_ number: UInt32) -> UInt32 {
        if Int(number) < nameInBatch.count {
            let known = nameInBatch[Int(number)]
            if known != Self.absent { return known }
        }
        return addName(number)
    }

    @inline(never)
    private mutating func addName(_ number: UInt32) -> UInt32 {
        while nameInBatch.count <= Int(number) { nameInBatch.append(Self.absent) }
        nameInBatch[Int(number)] = UInt32(batchNames.count)
        batchNames.append(number)
        return UInt32(batchNames.count - 1)
    }

    @inline(__always)
    private mutating func batchStream(_ number: UInt32) -> UInt32 {
        let known = streamInBatch[Int(number)]
        if known != Self.absent { return known }
        streamInBatch[Int(number)] = UInt32(batchStreams.count)
        batchStreams.append(number)
        return UInt32(batchStreams.count - 1)
    }

    private mutating func noteLostFields() {
        let lost = line.lostFields
        // Takes the place of the last one, so that there is room.
        line.rollBack(to: line.fieldCount - 1)
        line.set(ProgramNames.lostFields, line.scratch.copy("\(lost + 1)".utf8))
    }
}
