import Telemetry

extension TextColumn {
    /// What a shape says of a test of its texts.
    enum Verdict {
        case never
        case surely
        /// The texts themselves must be looked at: all, or those that have one of some words in a slot.
        case perhaps(having: [[UInt8]]?)
    }

    /// The rows whose text passes, of those in `wanted`: a bit for each row of the column.
    func select(_ test: LogTest, among wanted: RowSet) throws(TelemetryProblem) -> RowSet {
        let query = ShapeQuery(test)
        var sure = [Bool](repeating: false, count: header.shapes)
        var isAnySure = false
        var doubts: [(shape: Int, words: [[UInt8]]?)] = []
        try forEachShapeText { number, shape, text in
            switch query.verdict(shape, text) {
            case .never: break
            case .surely:
                sure[number] = true
                isAnySure = true
            case .perhaps(let words): doubts.append((number, words))
            }
        }
        var result = RowSet(rows: header.rows, all: false)
        if isAnySure {
            try insertRows(ofShapes: sure, into: &result)
            result.formIntersection(wanted)
        }
        if !doubts.isEmpty { try settle(doubts, query, among: wanted, into: &result) }
        return result
    }

    /// Looks at the texts of shapes that leave it in doubt.
    private func settle(
        _ doubts: [(shape: Int, words: [[UInt8]]?)], _ query: ShapeQuery, among wanted: RowSet,
        into result: inout RowSet
    ) throws(TelemetryProblem) {
        var looked = [Bool](repeating: false, count: header.shapes)
        var hits: [Int: Set<Int>] = [:]
        var isAnyLooked = false
        for (shape, words) in doubts {
            if let words {
                var places: Set<Int> = []
                for word in words { places.formUnion(try self.places(of: word, inShape: shape)) }
                if places.isEmpty { continue }
                hits[shape] = places
            }
            looked[shape] = true
            isAnyLooked = true
        }
        guard isAnyLooked else { return }
        let (places, _) = try order()
        var candidates: [Int] = []
        try forEachShape { row, shape in
            guard looked[shape], wanted.contains(row) else { return }
            if let hits = hits[shape], !hits.contains(Int(places[row])) { return }
            candidates.append(row)
        }
        if query.isWord, hits.count == looked.count(where: { $0 }) {
            // The slot has it: there is nothing more to look for.
            let kinds = try shapes().map(\.kind)
            if !hits.keys.contains(where: { kinds[$0] == .whole }) {
                for row in candidates { result.insert(row) }
                return
            }
        }
        if case .range(let range) = query.test { return try settle(candidates, in: range, into: &result) }
        var passed: [Int] = []
        try texts(at: candidates) { row, text in if query.test.holds(text) { passed.append(row) } }
        for row in passed { result.insert(row) }
    }

    /// Numbers that are all of their text need not become texts to be compared.
    private func settle(
        _ candidates: [Int], in range: ClosedRange<Double>, into result: inout RowSet
    ) throws(TelemetryProblem) {
        let shapes = try shapes()
        let (places, _) = try order()
        var ids = [Int](repeating: 0, count: header.rows)
        try forEachShape { row, shape in ids[row] = shape }
        var numbers: [Int: [UInt64]] = [:]
        for (number, shape) in shapes.enumerated()
        where shape.text.count == 1 && shape.slots == 1 && shape.kind != .whole {
            numbers[number] = try slots(of: number).first?.numbers
        }
        var others: [Int] = []
        for row in candidates {
            guard let values = numbers[ids[row]] else {
                others.append(row)
                continue
            }
            if range.contains(Double(values[Int(places[row])])) { result.insert(row) }
        }
        var passed: [Int] = []
        try texts(at: others) { row, text in if LogTest.range(range).holds(text) { passed.append(row) } }
        for row in passed { result.insert(row) }
    }
}
