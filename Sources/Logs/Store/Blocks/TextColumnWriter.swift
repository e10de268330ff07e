import Telemetry

/// Writes the texts of one column: messages, or the values of a field.
///
/// A text is its shape, in which every word with a digit is `0`, and those words. Texts of one log have few
/// shapes, and what is in one place of a shape is of one kind, so both are short when they are kept apart.
struct TextColumnWriter: ~Copyable {
    /// Beyond so many shapes, texts have none of their own: they are kept whole.
    static let shapesMax = 4096
    /// A text that has more slots, or is longer, is kept whole.
    private static let slotsMax = 200
    private static let textBytesMax = 1 << 15
    /// Fewer bytes of a slot than these are packed together with others.
    private static let ownPartMin = 1024

    // Not private: the compiler (6.3.1) makes a broken module of a private type in memory of a type without copies.
    struct Shape: BitwiseCopyable {
        var start: Int
        var count: Int
        var hash: UInt64
        var slots: Int
        var rows: Int
        var isWhole: Bool
    }

    private var shapes = Growing<Shape>(capacity: 256)
    private var shapeBytes = Growing<UInt8>(capacity: 1 << 14)
    private var table = Growing<UInt32>(capacity: 1 << 13)
    private var wholeShape = -1
    private var scratch = Growing<UInt8>(capacity: 1 << 16)
    /// Words of the texts that are slots, text by text.
    private var slots = Growing<WordPlace>(capacity: 1 << 16)
    private var rowShapes = Growing<UInt32>(capacity: 1 << 15)
    private var rowSlots = Growing<UInt32>(capacity: 1 << 15)
    private var order = Growing<UInt32>(capacity: 1 << 15)
    private var slotWriter = SlotWriter()
    private var pool = Growing<UInt8>(capacity: 1 << 14)
    private var plain = Growing<UInt8>(capacity: 1 << 16)
    private var lastShape = -1

    private static let tableMask = (1 << 13) - 1

    init() { begin() }

    mutating func begin() {
        shapes.removeAll()
        shapeBytes.removeAll()
        table.fill(0, count: Self.tableMask + 1)
        wholeShape = -1
        lastShape = -1
        slots.removeAll()
        rowShapes.removeAll()
        rowSlots.removeAll()
    }

    /// The next text, which stays where it is until `finish`.
    mutating func add(_ text: UnsafeRawBufferPointer) {
        let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(scratch.start)
        let firstSlot = slots.count
        var number = -1
        if text.count <= Self.textBytesMax {
            let length = shape(start, text.count)
            if slots.count - firstSlot <= Self.slotsMax { number = find(length, slots: slots.count - firstSlot) }
        }
        if number < 0 {
            slots.setCount(firstSlot)
            slots.append(WordPlace(start, text.count))
            number = whole()
        }
        shapes.start[number].rows &+= 1
        rowShapes.append(UInt32(truncatingIfNeeded: number))
        rowSlots.append(UInt32(truncatingIfNeeded: firstSlot))
    }

    /// Writes the shape of a text to `scratch`, and its words with digits to `slots`. Returns the shape's length.
    @inline(__always)
    private mutating func shape(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int {
        scratch.setCount(0)
        scratch.reserve(count + 8)
        slots.reserve(count / 2 + 1)
        let out = scratch.start
        let slotStart = slots.start
        var slotCount = slots.count
        var length = 0
        LogWord.classes.withUnsafeBufferPointer { classes in
            var at = 0
            while at < count {
                let byte = text[at]
                var kind = classes[Int(byte)]
                if kind == 0 {
                    out[length] = byte
                    length &+= 1
                    at &+= 1
                    continue
                }
                let wordStart = at
                let shapeStart = length
                var kinds: UInt8 = 0
                repeat {
                    kinds |= kind
                    out[length] = text[at]
                    length &+= 1
                    at &+= 1
                    if at == count { break }
                    kind = classes[Int(text[at])]
                } while kind != 0
                if kinds & 2 != 0 {
                    out[shapeStart] = 0x30
                    length = shapeStart &+ 1
                    slotStart[slotCount] = WordPlace(text + wordStart, at &- wordStart)
                    slotCount &+= 1
                }
            }
        }
        slots.setCount(slotCount)
        return length
    }

    /// The number of the shape in `scratch`, or -1 if there are too many.
    @inline(__always)
    private mutating func find(_ length: Int, slots: Int) -> Int {
        let text = WordPlace(UnsafePointer(scratch.start), length)
        if lastShape >= 0, isShape(lastShape, text) { return lastShape }
        let hash = Self.hash(text)
        var slot = Int(truncatingIfNeeded: hash &>> 7) & Self.tableMask
        while true {
            let entry = Int(table[slot]) - 1
            if entry < 0 { break }
            if shapes[entry].hash == hash, isShape(entry, text) {
                lastShape = entry
                return entry
            }
            slot = (slot &+ 1) & Self.tableMask
        }
        guard shapes.count < Self.shapesMax else { return -1 }
        shapes.append(
            Shape(start: shapeBytes.count, count: length, hash: hash, slots: slots, rows: 0, isWhole: false))
        shapeBytes.append(text.start, count: length)
        table[slot] = UInt32(shapes.count)
        lastShape = shapes.count - 1
        return lastShape
    }

    @inline(__always)
    private func isShape(_ number: Int, _ text: WordPlace) -> Bool {
        let shape = shapes[number]
        return !shape.isWhole && WordPlace(UnsafePointer(shapeBytes.start) + shape.start, shape.count).equals(text)
    }

    @inline(__always)
    private static func hash(_ text: WordPlace) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: text.count) &* 0x9E37_79B9_7F4A_7C15
        func step(_ word: UInt64) {
            let product = (hash ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
            hash = product.high ^ product.low
        }
        var at = 0
        while at &+ 8 <= text.count {
            step(UnsafeRawPointer(text.start + at).loadUnaligned(as: UInt64.self))
            at &+= 8
        }
        var rest: UInt64 = 0
        while at < text.count {
            rest = rest &<< 8 | UInt64(text.start[at])
            at &+= 1
        }
        step(rest)
        return hash
    }

    private mutating func whole() -> Int {
        if wholeShape < 0 {
            wholeShape = shapes.count
            shapes.append(Shape(start: shapeBytes.count, count: 0, hash: 0, slots: 1, rows: 0, isWhole: true))
        }
        return wholeShape
    }

    /// Writes the column to `body`; its words go to `filter`. Returns what the block's header says of it.
    mutating func finish(
        into body: inout Growing<UInt8>, _ packer: Packer, _ filter: inout WordSet
    ) -> TextColumnHeader {
        sortRows()
        pool.removeAll()
        plain.removeAll()
        var descriptions: [UInt8] = []
        var row = 0
        for number in 0..<shapes.count {
            let shape = shapes[number]
            let text = WordPlace(UnsafePointer(shapeBytes.start) + shape.start, shape.count)
            descriptions.append(shape.isWhole ? 1 : 0)
            descriptions.append(varint: shape.count)
            descriptions += text.bytes
            if !shape.isWhole { SlotWriter.noteText(text, &filter) }
            for slot in 0..<shape.slots {
                gather(slot, rows: row..<row + shape.rows)
                let form = shape.isWhole ? slotWriter.writePlain(&filter) : slotWriter.write(&filter)
                form.encode(into: &descriptions)
                place(form, into: &body, packer, &descriptions)
            }
            row += shape.rows
        }
        let width = Self.width(shapes: shapes.count)
        for byte in 0..<width {
            let shift = UInt32(byte * 8)
            for row in 0..<rowShapes.count { plain.append(UInt8(truncatingIfNeeded: rowShapes[row] >> shift)) }
        }
        let rows = packer.append(plain.bytes, to: &body)
        let pooled = packer.append(pool.bytes, to: &body)
        let described = descriptions.withUnsafeBytes { packer.append($0, to: &body) }
        return TextColumnHeader(
            rows: rowShapes.count, shapes: shapes.count, described: described, ids: rows, pool: pooled)
    }

    /// Bytes that tell one shape of so many.
    static func width(shapes: Int) -> Int { shapes <= 1 ? 0 : shapes <= 256 ? 1 : 2 }

    /// Rows by shape, and in their order within a shape.
    private mutating func sortRows() {
        var next = [Int](repeating: 0, count: shapes.count)
        var sum = 0
        for number in 0..<shapes.count {
            next[number] = sum
            sum += shapes[number].rows
        }
        order.fill(0, count: rowShapes.count)
        next.withUnsafeMutableBufferPointer { next in
            for row in 0..<rowShapes.count {
                let shape = Int(rowShapes[row])
                order[next[shape]] = UInt32(truncatingIfNeeded: row)
                next[shape] &+= 1
            }
        }
    }

    private mutating func gather(_ slot: Int, rows: Range<Int>) {
        slotWriter.words.removeAll()
        slotWriter.words.reserve(rows.count)
        for index in rows { slotWriter.words.append(slots[Int(rowSlots[Int(order[index])]) &+ slot]) }
    }

    private mutating func place(
        _ form: SlotForm, into body: inout Growing<UInt8>, _ packer: Packer, _ descriptions: inout [UInt8]
    ) {
        if case .constant = form { return }
        let bytes = slotWriter.data.bytes
        if bytes.count >= Self.ownPartMin {
            descriptions.append(1)
            packer.append(bytes, to: &body).encode(into: &descriptions)
        } else {
            descriptions.append(0)
            descriptions.append(varint: pool.count)
            descriptions.append(varint: bytes.count)
            pool.append(bytes)
        }
    }
}

/// What a block's header says of a column of texts.
struct TextColumnHeader: Hashable, Sendable {
    /// Rows that have a text.
    var rows: Int
    var shapes: Int
    /// Shapes, and where their slots are.
    var described: BlockPart
    /// The shape of each row.
    var ids: BlockPart
    /// Slots that are too few for a part of their own.
    var pool: BlockPart

    func encode(into bytes: inout [UInt8]) {
        bytes.append(varint: rows)
        bytes.append(varint: shapes)
        for part in [described, ids, pool] { part.encode(into: &bytes) }
    }

    init(rows: Int, shapes: Int, described: BlockPart, ids: BlockPart, pool: BlockPart) {
        self.rows = rows
        self.shapes = shapes
        self.described = described
        self.ids = ids
        self.pool = pool
    }

    init?(_ reader: inout ByteReader, rowsMax: Int) {
        guard let rows = reader.count(limit: rowsMax), let shapes = reader.count(limit: 1 << 16),
            let described = BlockPart(&reader), let ids = BlockPart(&reader), let pool = BlockPart(&reader),
            ids.plain == rows * TextColumnWriter.width(shapes: shapes), rows == 0 || shapes > 0
        else { return nil }
        self.init(rows: rows, shapes: shapes, described: described, ids: ids, pool: pool)
    }
}
