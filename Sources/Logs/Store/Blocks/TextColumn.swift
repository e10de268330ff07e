import Telemetry

/// A column of texts that is read as far as it is asked for. Rows are counted among those that have a text.
final class TextColumn {
    /// A text in which slots are `0`, or one that stands for texts that are kept whole.
    struct Shape {
        /// In the column's descriptions.
        var text: Range<Int>
        var kind: ShapeKind
        var slots: Int
    }

    struct Slot {
        enum Place {
            case nowhere
            case part(BlockPart)
            case pool(Range<Int>)
        }

        var form: SlotForm
        var place: Place
    }

    let header: TextColumnHeader
    private let bytes: BlockBytes
    /// In blocks of version 1 each shape's slots are behind its text; later, all are behind all texts.
    private let isInterleaved: Bool
    private var readShapes: [Shape]?
    private var descriptions: [UInt8] = []
    /// Of each shape, where its slots are described; empty until somebody asks.
    private var slotStarts: [Int] = []
    private var readIDs: [UInt8]?
    private var readPool: [UInt8]?
    /// For each row its place among those of its shape; for each shape how many there are.
    private var readCounts: [Int]?
    private var readOrder: (places: [UInt32], counts: [Int])?
    private var readSlots: [[SlotValues]?] = []

    init(_ header: TextColumnHeader, _ bytes: BlockBytes, version: UInt8) {
        self.header = header
        self.bytes = bytes
        isInterleaved = version == 1
    }

    func shapes() throws(TelemetryProblem) -> [Shape] {
        if let readShapes { return readShapes }
        descriptions = try bytes.part(header.described)
        let (count, isInterleaved) = (header.shapes, isInterleaved)
        let found: (shapes: [Shape], slotStarts: [Int])? = descriptions.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            return Self.parse(&reader, count: count, isInterleaved: isInterleaved)
        }
        guard let found else { throw bytes.damaged() }
        readShapes = found.shapes
        slotStarts = found.slotStarts
        readSlots = Array(repeating: nil, count: found.shapes.count)
        return found.shapes
    }

    private static func parse(
        _ reader: inout ByteReader, count: Int, isInterleaved: Bool
    ) -> (shapes: [Shape], slotStarts: [Int])? {
        var shapes: [Shape] = []
        shapes.reserveCapacity(count)
        var starts: [Int] = []
        for _ in 0..<count {
            guard let kind = reader.byte().flatMap({ ShapeKind(rawValue: $0) }), let length = reader.count(),
                let text = reader.take(length)
            else { return nil }
            var slots = 1
            if kind != .whole {
                slots = 0
                for byte in text where byte == 0x30 { slots += 1 }
            }
            shapes.append(Shape(text: reader.position - length..<reader.position, kind: kind, slots: slots))
            guard isInterleaved else { continue }
            starts.append(reader.position)
            var cursor = SlotCursor(reader)
            for _ in 0..<slots { guard cursor.skip() else { return nil } }
            guard reader.take(cursor.position - reader.position) != nil else { return nil }
        }
        if isInterleaved { return reader.remaining == 0 ? (shapes, starts) : nil }
        // Where the first shape's slots are; the others' follow.
        return (shapes, [reader.position])
    }

    private static func place(of form: SlotForm, _ reader: inout ByteReader) -> Slot.Place? {
        if case .constant = form { return .nowhere }
        switch reader.byte() {
        case 0:
            guard let start = reader.count(), let count = reader.count() else { return nil }
            return .pool(start..<start + count)
        case 1: return BlockPart(&reader).map { .part($0) }
        default: return nil
        }
    }

    /// The slots of a shape as they are described: all, or the one that is named.
    /// - Parameter word: only those that could hold it; in lower case.
    private func slots(
        ofShape number: Int, _ only: Int? = nil, holding word: [UInt8]? = nil
    ) throws(TelemetryProblem) -> [Slot] {
        try findSlots()
        let count = try shapes()[number].slots
        let start = slotStarts[number]
        let slots: [Slot]? = descriptions.withUnsafeBytes { raw in
            var cursor = SlotCursor(ByteReader(raw, at: start))
            var slots: [Slot] = []
            for index in 0..<count {
                let own = cursor.position
                let isWanted = (only.map { $0 == index } ?? true) && (word.map { cursor.mayHold($0) } ?? true)
                guard cursor.skip() else { return nil }
                guard isWanted else { continue }
                var reader = ByteReader(raw, at: own)
                guard let form = SlotForm(&reader), let place = Self.place(of: form, &reader) else { return nil }
                slots.append(Slot(form: form, place: place))
            }
            return slots
        }
        guard let slots else { throw bytes.damaged() }
        return slots
    }

    /// Where each shape's slots begin.
    private func findSlots() throws(TelemetryProblem) {
        let shapes = try shapes()
        if slotStarts.count >= shapes.count { return }
        let first = slotStarts[0]
        let starts: [Int]? = descriptions.withUnsafeBytes { raw in
            var cursor = SlotCursor(ByteReader(raw, at: first))
            var starts: [Int] = []
            starts.reserveCapacity(shapes.count)
            for shape in shapes {
                starts.append(cursor.position)
                for _ in 0..<shape.slots { guard cursor.skip() else { return nil } }
            }
            return cursor.position == raw.count ? starts : nil
        }
        guard let starts else { throw bytes.damaged() }
        slotStarts = starts
    }

    /// Calls `body` with each shape's text, while it lives.
    func forEachShapeText(
        _ body: (_ number: Int, _ shape: Shape, _ text: UnsafeRawBufferPointer) -> Void
    ) throws(TelemetryProblem) {
        let shapes = try shapes()
        descriptions.withUnsafeBytes { raw in
            for (number, shape) in shapes.enumerated() {
                body(number, shape, UnsafeRawBufferPointer(rebasing: raw[shape.text]))
            }
        }
    }

    func text(ofShape number: Int) throws(TelemetryProblem) -> ArraySlice<UInt8> {
        let shape = try shapes()[number]
        return descriptions[shape.text]
    }

    /// The number of each row's shape, in one byte each or, all low bytes first, two; in none if there is one shape.
    private func ids() throws(TelemetryProblem) -> [UInt8] {
        if let readIDs { return readIDs }
        let ids = try bytes.part(header.ids)
        let width = TextColumnWriter.width(shapes: header.shapes)
        guard ids.count == header.rows * width else { throw bytes.damaged() }
        if width == 1, Int(Self.largest(ids)) >= header.shapes { throw bytes.damaged() }
        if width == 2 {
            for row in 0..<header.rows where Int(ids[row]) | Int(ids[header.rows + row]) << 8 >= header.shapes {
                throw bytes.damaged()
            }
        }
        readIDs = ids
        return ids
    }

    private static func largest(_ ids: [UInt8]) -> UInt8 {
        ids.withUnsafeBufferPointer { ids in
            var largest: UInt8 = 0
            for index in 0..<ids.count { largest = max(largest, ids[index]) }
            return largest
        }
    }

    /// Calls `body` with each row's shape.
    @inline(__always)
    func forEachShape(_ body: (_ row: Int, _ shape: Int) -> Void) throws(TelemetryProblem) {
        let ids = try ids()
        let rows = header.rows
        ids.withUnsafeBufferPointer { ids in
            switch TextColumnWriter.width(shapes: header.shapes) {
            case 0: for row in 0..<rows { body(row, 0) }
            case 1: for row in 0..<rows { body(row, Int(ids[row])) }
            default: for row in 0..<rows { body(row, Int(ids[row]) | Int(ids[rows &+ row]) &<< 8) }
            }
        }
    }

    /// Inserts the rows of the shapes that are marked, a word of bits at a time.
    func insertRows(ofShapes marked: [Bool], into result: inout RowSet) throws(TelemetryProblem) {
        let ids = try ids()
        let rows = header.rows
        guard TextColumnWriter.width(shapes: header.shapes) == 1 else {
            return try forEachShape { row, shape in if marked[shape] { result.insert(row) } }
        }
        var bits = [UInt64](repeating: 0, count: 256)
        for (shape, isMarked) in marked.enumerated() where isMarked { bits[shape] = 1 }
        ids.withUnsafeBufferPointer { ids in
            bits.withUnsafeBufferPointer { bits in
                var row = 0
                for index in result.words.indices {
                    var word: UInt64 = 0
                    let end = min(64, rows &- row)
                    for bit in 0..<end { word |= bits[Int(ids[row &+ bit])] &<< UInt64(bit) }
                    result.words[index] |= word
                    row &+= 64
                }
            }
        }
    }

    /// How many rows each shape has.
    func counts() throws(TelemetryProblem) -> [Int] {
        if let readCounts { return readCounts }
        var counts = [Int](repeating: 0, count: max(1, header.shapes))
        try counts.withUnsafeMutableBufferPointer { (counts) throws(TelemetryProblem) in
            try forEachShape { _, shape in counts[shape] &+= 1 }
        }
        readCounts = counts
        return counts
    }

    func order() throws(TelemetryProblem) -> (places: [UInt32], counts: [Int]) {
        if let readOrder { return readOrder }
        var counts = [Int](repeating: 0, count: max(1, header.shapes))
        var places = [UInt32](repeating: 0, count: header.rows)
        try forEachShape { row, shape in
            places[row] = UInt32(truncatingIfNeeded: counts[shape])
            counts[shape] += 1
        }
        readOrder = (places, counts)
        return (places, counts)
    }

    func slots(of shape: Int) throws(TelemetryProblem) -> [SlotValues] {
        _ = try shapes()
        if let slots = readSlots[shape] { return slots }
        let count = try counts()[shape]
        var values: [SlotValues] = []
        for slot in try slots(ofShape: shape) { values.append(try self.values(slot, count: count)) }
        readSlots[shape] = values
        return values
    }

    /// The rows of a shape, as places among its own, that have a word in a slot. Reads only slots whose form could
    /// hold it.
    func places(of wanted: SlotWord, inShape number: Int, _ places: inout RowSet) throws(TelemetryProblem) {
        let isWhole = try shapes()[number].kind == .whole
        let count = places.rows
        let found = try slots(ofShape: number, wanted.slot, holding: isWhole ? nil : wanted.word)
        for slot in found {
            if case .plain = slot.form, !isWhole {
                guard let rows = SlotValues.plainRows(wanted.word, in: try data(slot), count: count) else {
                    throw bytes.damaged()
                }
                for row in rows { places.insert(row) }
                continue
            }
            for row in try values(slot, count: count).rows(wanted.word, count: count, isWhole: isWhole) {
                places.insert(row)
            }
        }
    }

    private func data(_ slot: Slot) throws(TelemetryProblem) -> ArraySlice<UInt8> {
        switch slot.place {
        case .nowhere: return []
        case .part(let part): return try bytes.part(part)[...]
        case .pool(let range):
            let pool = try pool()
            guard range.upperBound <= pool.count else { throw bytes.damaged() }
            return pool[range]
        }
    }

    private func values(_ slot: Slot, count: Int) throws(TelemetryProblem) -> SlotValues {
        guard let values = SlotValues(slot.form, try data(slot), count: count) else { throw bytes.damaged() }
        return values
    }

    private func pool() throws(TelemetryProblem) -> [UInt8] {
        if let readPool { return readPool }
        let pool = try bytes.part(header.pool)
        readPool = pool
        return pool
    }

    /// The texts of rows, in the order in which they are asked for. They live as long as the call of `body`.
    func texts(
        at rows: some Sequence<Int>, _ body: (_ row: Int, _ text: UnsafeRawBufferPointer) -> Void
    ) throws(TelemetryProblem) {
        let shapes = try shapes()
        let (places, _) = try order()
        var ids = [Int](repeating: 0, count: header.rows)
        try forEachShape { row, shape in ids[row] = shape }
        var slots = [[SlotValues]?](repeating: nil, count: shapes.count)
        var text: [UInt8] = []
        for row in rows {
            let number = ids[row]
            if slots[number] == nil { slots[number] = try self.slots(of: number) }
            let shape = shapes[number]
            text.removeAll(keepingCapacity: true)
            if let values = slots[number], !values.isEmpty {
                Self.fill(&text, descriptions[shape.text], shape.kind, values, place: Int(places[row]))
                text.withUnsafeBytes { body(row, $0) }
            } else {
                descriptions.withUnsafeBytes { body(row, UnsafeRawBufferPointer(rebasing: $0[shape.text])) }
            }
        }
    }

    private static func fill(
        _ text: inout [UInt8], _ shape: ArraySlice<UInt8>, _ kind: ShapeKind, _ values: [SlotValues], place: Int
    ) {
        if kind == .whole { return values[0].append(place, to: &text) }
        var slot = 0
        for byte in shape {
            if byte == 0x30 {
                values[slot].append(place, to: &text)
                slot += 1
            } else {
                text.append(byte)
            }
        }
    }
}
