import Telemetry

/// A column of texts that is read as far as it is asked for. Rows are counted among those that have a text.
final class TextColumn {
    /// A text in which each word with a digit is `0`, or one that stands for texts that are kept whole.
    struct Shape {
        var text: [UInt8]
        var isWhole: Bool
        var slots: [Slot]
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
    private var readShapes: [Shape]?
    private var readIDs: [UInt8]?
    private var readPool: [UInt8]?
    /// For each row its place among those of its shape; for each shape how many there are.
    private var readOrder: (places: [UInt32], counts: [Int])?
    private var readSlots: [[SlotValues]?] = []

    init(_ header: TextColumnHeader, _ bytes: BlockBytes) {
        self.header = header
        self.bytes = bytes
    }

    func shapes() throws(TelemetryProblem) -> [Shape] {
        if let readShapes { return readShapes }
        let described = try bytes.part(header.described)
        let shapes: [Shape]? = described.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            return Self.parse(&reader, count: header.shapes)
        }
        guard let shapes else { throw bytes.damaged() }
        readShapes = shapes
        readSlots = Array(repeating: nil, count: shapes.count)
        return shapes
    }

    private static func parse(_ reader: inout ByteReader, count: Int) -> [Shape]? {
        var shapes: [Shape] = []
        for _ in 0..<count {
            guard let kind = reader.byte(), kind <= 1, let length = reader.count(), let text = reader.take(length)
            else { return nil }
            var shape = Shape(text: Array(text), isWhole: kind == 1, slots: [])
            let slots = kind == 1 ? 1 : text.reduce(0) { $0 + ($1 == 0x30 ? 1 : 0) }
            for _ in 0..<slots {
                guard let form = SlotForm(&reader), let place = place(of: form, &reader) else { return nil }
                shape.slots.append(Slot(form: form, place: place))
            }
            shapes.append(shape)
        }
        return reader.remaining == 0 ? shapes : nil
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

    /// The number of each row's shape, in one byte each or, all low bytes first, two; in none if there is one shape.
    private func ids() throws(TelemetryProblem) -> [UInt8] {
        if let readIDs { return readIDs }
        let ids = try bytes.part(header.ids)
        let width = TextColumnWriter.width(shapes: header.shapes)
        guard ids.count == header.rows * width else { throw bytes.damaged() }
        if width == 1, header.shapes < 256, ids.contains(where: { Int($0) >= header.shapes }) { throw bytes.damaged() }
        if width == 2 {
            for row in 0..<header.rows where Int(ids[row]) | Int(ids[header.rows + row]) << 8 >= header.shapes {
                throw bytes.damaged()
            }
        }
        readIDs = ids
        return ids
    }

    /// Calls `body` with each row's shape.
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
        let shapes = try shapes()
        if let slots = readSlots[shape] { return slots }
        let count = try order().counts[shape]
        var values: [SlotValues] = []
        for slot in shapes[shape].slots { values.append(try self.values(slot, count: count)) }
        readSlots[shape] = values
        return values
    }

    /// The rows of a shape, as places among its own, that have a word (in lower case) in some slot. Reads only slots
    /// whose form could hold it.
    func places(of word: [UInt8], inShape number: Int) throws(TelemetryProblem) -> Set<Int> {
        let shape = try shapes()[number]
        let count = try order().counts[number]
        var places: Set<Int> = []
        for slot in shape.slots where shape.isWhole || slot.form.mayHold(word) {
            places.formUnion(try values(slot, count: count).rows(word, count: count, isWhole: shape.isWhole))
        }
        return places
    }

    private func values(_ slot: Slot, count: Int) throws(TelemetryProblem) -> SlotValues {
        let data: ArraySlice<UInt8>
        switch slot.place {
        case .nowhere: data = []
        case .part(let part): data = try bytes.part(part)[...]
        case .pool(let range):
            let pool = try pool()
            guard range.upperBound <= pool.count else { throw bytes.damaged() }
            data = pool[range]
        }
        guard let values = SlotValues(slot.form, data, count: count) else { throw bytes.damaged() }
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
                Self.fill(&text, shape, values, place: Int(places[row]))
                text.withUnsafeBytes { body(row, $0) }
            } else {
                shape.text.withUnsafeBytes { body(row, $0) }
            }
        }
    }

    private static func fill(_ text: inout [UInt8], _ shape: Shape, _ values: [SlotValues], place: Int) {
        if shape.isWhole { return values[0].append(place, to: &text) }
        var slot = 0
        for byte in shape.text {
            if byte == 0x30 {
                values[slot].append(place, to: &text)
                slot += 1
            } else {
                text.append(byte)
            }
        }
    }
}

extension SlotForm {
    /// Whether a word, in lower case, could be among those of this form.
    func mayHold(_ word: [UInt8]) -> Bool {
        switch self {
        case .constant(let own): own.count == word.count && zip(own, word).allSatisfy { LogWord.lower($0) == $1 }
        case .numbers(let numbers):
            word.count > numbers.prefix.count
                && zip(numbers.prefix, word).allSatisfy { LogWord.lower($0) == $1 }
                && word[numbers.prefix.count...].allSatisfy { LogWord.isDigit($0) }
                && (numbers.digits == 0 || word.count - numbers.prefix.count == numbers.digits)
        case .hexadecimal(let digits): word.count == digits
        case .words(let words):
            words.contains { own in own.count == word.count && zip(own, word).allSatisfy { LogWord.lower($0) == $1 } }
        case .plain: true
        }
    }
}
