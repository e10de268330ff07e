import Telemetry

/// Writes the texts of one column: messages, or the values of a field.
///
/// A text is its shape, in which every word with a digit is `0`, and those words. Texts of one log have few
/// shapes, and what is in one place of a shape is of one kind, so both are short when they are kept apart.
struct TextColumnWriter: ~Copyable {
    /// Beyond so many shapes, texts have none of their own: they are kept whole.
    static let shapesMax = 4096
    /// So many are told apart before those that are alike are merged.
    private static let shapesTried = 1 << 15
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

    /// A shape as it is written.
    struct Final: BitwiseCopyable {
        var text: WordPlace
        var slots: Int
        var rows: Int
        var kind: ShapeKind
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
    private var rowTexts = Growing<WordPlace>(capacity: 1 << 15)
    private var merger = ShapeMerger()
    /// What is written, and which of it a row has.
    private var finals = Growing<Final>(capacity: 256)
    private var rowFinals = Growing<UInt32>(capacity: 1 << 15)
    private var order = Growing<UInt32>(capacity: 1 << 15)
    private var slotWriter = SlotWriter()
    private var pool = Growing<UInt8>(capacity: 1 << 14)
    private var plain = Growing<UInt8>(capacity: 1 << 16)
    private var lastShape = -1

    private static let tableMin = 1 << 13

    init() { begin() }

    mutating func begin() {
        shapes.removeAll()
        shapeBytes.removeAll()
        table.fill(0, count: Self.tableMin)
        wholeShape = -1
        lastShape = -1
        slots.removeAll()
        rowShapes.removeAll()
        rowSlots.removeAll()
        rowTexts.removeAll()
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
            number = whole()
        }
        shapes.start[number].rows &+= 1
        rowShapes.append(UInt32(truncatingIfNeeded: number))
        rowSlots.append(UInt32(truncatingIfNeeded: firstSlot))
        rowTexts.append(WordPlace(start, text.count))
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
        let hash = text.hash
        var slot = Int(truncatingIfNeeded: hash &>> 7) & (table.count &- 1)
        while true {
            let entry = Int(table[slot]) - 1
            if entry < 0 { break }
            if shapes[entry].hash == hash, isShape(entry, text) {
                lastShape = entry
                return entry
            }
            slot = (slot &+ 1) & (table.count &- 1)
        }
        guard shapes.count < Self.shapesTried else { return -1 }
        shapes.append(
            Shape(start: shapeBytes.count, count: length, hash: hash, slots: slots, rows: 0, isWhole: false))
        shapeBytes.append(text.start, count: length)
        table[slot] = UInt32(shapes.count)
        if shapes.count &* 2 > table.count { growTable() }
        lastShape = shapes.count - 1
        return lastShape
    }

    private mutating func growTable() {
        table.fill(0, count: table.count * 2)
        for number in 0..<shapes.count where !shapes[number].isWhole {
            var slot = Int(truncatingIfNeeded: shapes[number].hash &>> 7) & (table.count - 1)
            while table[slot] != 0 { slot = (slot + 1) & (table.count - 1) }
            table[slot] = UInt32(number + 1)
        }
    }

    @inline(__always)
    private func isShape(_ number: Int, _ text: WordPlace) -> Bool {
        let shape = shapes[number]
        return !shape.isWhole && WordPlace(UnsafePointer(shapeBytes.start) + shape.start, shape.count).equals(text)
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
        decide()
        sortRows()
        pool.removeAll()
        plain.removeAll()
        var descriptions: [UInt8] = []
        for number in 0..<finals.count {
            let shape = finals[number]
            descriptions.append(shape.kind.rawValue)
            descriptions.append(varint: shape.text.count)
            descriptions += shape.text.bytes
            if shape.kind != .whole { SlotWriter.noteText(shape.text, &filter) }
        }
        var row = 0
        for number in 0..<finals.count {
            let shape = finals[number]
            for slot in 0..<shape.slots {
                gather(slot, of: shape.kind, rows: row..<row + shape.rows)
                let form = shape.kind == .whole ? slotWriter.writePlain(&filter) : slotWriter.write(&filter)
                form.encode(into: &descriptions)
                place(form, into: &body, packer, &descriptions)
            }
            row += shape.rows
        }
        let width = Self.width(shapes: finals.count)
        for byte in 0..<width {
            let shift = UInt32(byte * 8)
            for row in 0..<rowFinals.count { plain.append(UInt8(truncatingIfNeeded: rowFinals[row] >> shift)) }
        }
        let rows = packer.append(plain.bytes, to: &body)
        let pooled = packer.append(pool.bytes, to: &body)
        let described = descriptions.withUnsafeBytes { packer.append($0, to: &body) }
        return TextColumnHeader(
            rows: rowFinals.count, shapes: finals.count, described: described, ids: rows, pool: pooled)
    }

    /// Bytes that tell one shape of so many.
    static func width(shapes: Int) -> Int { shapes <= 1 ? 0 : shapes <= 256 ? 1 : 2 }

    /// Which shapes are written: those of the texts, or what many of them were merged to.
    private mutating func decide() {
        finals.removeAll()
        rowFinals.removeAll()
        rowFinals.append(UnsafePointer(rowShapes.start), count: rowShapes.count)
        let isMerged = shapes.count > ShapeMerger.shapesMin
        if isMerged {
            merger.merge(shapes, UnsafePointer(shapeBytes.start))
            for number in 0..<merger.merged.count {
                let shape = merger.merged[number]
                finals.append(
                    Final(
                        text: merger.text(number), slots: shape.slots, rows: 0, kind: shape.isOpen ? .open : .closed))
            }
            for number in 0..<shapes.count {
                finals.start[Int(merger.targets[number])].rows += shapes[number].rows
            }
            if wholeShape >= 0 { finals.start[Int(merger.targets[wholeShape])].kind = .whole }
            for row in 0..<rowShapes.count { rowFinals[row] = merger.targets[Int(rowShapes[row])] }
        } else {
            for number in 0..<shapes.count {
                let shape = shapes[number]
                let text = WordPlace(UnsafePointer(shapeBytes.start) + shape.start, shape.count)
                finals.append(
                    Final(
                        text: text, slots: shape.slots, rows: shape.rows, kind: shape.isWhole ? .whole : .closed))
            }
        }
        if finals.count > Self.shapesMax { dropRareShapes() }
    }

    /// Texts of the shapes that have the fewest are kept whole.
    private mutating func dropRareShapes() {
        let byRows = (0..<finals.count).sorted { (finals[$0].rows, $1) > (finals[$1].rows, $0) }
        var numbers = [UInt32](repeating: UInt32(Self.shapesMax - 1), count: finals.count)
        var kept = Growing<Final>(capacity: Self.shapesMax)
        for number in byRows where finals[number].kind != .whole && kept.count < Self.shapesMax - 1 {
            numbers[number] = UInt32(kept.count)
            kept.append(finals[number])
        }
        let rows = (0..<kept.count).reduce(rowFinals.count) { $0 - kept[$1].rows }
        kept.append(Final(text: WordPlace(UnsafePointer(shapeBytes.start), 0), slots: 1, rows: rows, kind: .whole))
        finals.removeAll()
        finals.append(UnsafePointer(kept.start), count: kept.count)
        for row in 0..<rowFinals.count { rowFinals[row] = numbers[Int(rowFinals[row])] }
    }

    /// Rows by shape, and in their order within a shape.
    private mutating func sortRows() {
        var next = [Int](repeating: 0, count: finals.count)
        var sum = 0
        for number in 0..<finals.count {
            next[number] = sum
            sum += finals[number].rows
        }
        order.fill(0, count: rowFinals.count)
        next.withUnsafeMutableBufferPointer { next in
            for row in 0..<rowFinals.count {
                let shape = Int(rowFinals[row])
                order[next[shape]] = UInt32(truncatingIfNeeded: row)
                next[shape] &+= 1
            }
        }
    }

    private mutating func gather(_ slot: Int, of kind: ShapeKind, rows: Range<Int>) {
        slotWriter.words.removeAll()
        slotWriter.words.reserve(rows.count)
        switch kind {
        case .closed:
            for index in rows { slotWriter.words.append(slots[Int(rowSlots[Int(order[index])]) &+ slot]) }
        case .whole:
            for index in rows { slotWriter.words.append(rowTexts[Int(order[index])]) }
        case .open:
            for index in rows {
                let row = Int(order[index])
                guard let piece = merger.piece(ofShape: Int(rowShapes[row]), slot) else { continue }
                slotWriter.words.append(
                    piece.slot < 0 ? piece.word : slots[Int(rowSlots[row]) &+ piece.slot])
            }
        }
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
