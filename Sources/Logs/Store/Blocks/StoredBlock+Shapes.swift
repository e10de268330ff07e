import Telemetry

/// Shapes of rows where the block's own shapes have words without digits in slots.
struct FinerShapes {
    var numbers: [[UInt8]: Int] = [:]
    var texts: [[UInt8]] = []
}

extension StoredBlock {
    func shapes(at wanted: RowSet) throws(TelemetryProblem) -> [(row: Int, shape: Int)] {
        let kinds = try message.shapes().map(\.kind)
        guard kinds.contains(.open) else {
            var result: [(row: Int, shape: Int)] = []
            try message.forEachShape { row, shape in
                if wanted.contains(row) { result.append((row, shape)) }
            }
            return result
        }
        var open = RowSet(rows: rows, all: false)
        var shapeOf = [Int](repeating: 0, count: rows)
        try message.forEachShape { row, shape in
            shapeOf[row] = shape
            if kinds[shape] == .open, wanted.contains(row) { open.insert(row) }
        }
        try message.texts(at: open.list) { row, text in
            let shape = LogWord.shape(of: text)
            let number = finerShapes.numbers[shape] ?? finerShapes.texts.count
            if number == finerShapes.texts.count {
                finerShapes.numbers[shape] = number
                finerShapes.texts.append(shape)
            }
            shapeOf[row] = kinds.count + number
        }
        return wanted.list.map { ($0, shapeOf[$0]) }
    }

    func text(ofShape shape: Int) throws(TelemetryProblem) -> String {
        let shapes = try message.shapes()
        if shapes.indices.contains(shape) {
            return shapes[shape].kind == .whole
                ? "<*>" : BlockRows.text(ofShape: Array(try message.text(ofShape: shape)))
        }
        let finer = shape - shapes.count
        return finerShapes.texts.indices.contains(finer) ? BlockRows.text(ofShape: finerShapes.texts[finer]) : ""
    }
}
