import Telemetry

extension TextColumn {
    /// What a shape says of a test of its texts.
    enum Verdict {
        case never
        case surely
        /// The texts themselves must be looked at: all, or those that have one of some words in a slot.
        case perhaps(having: [SlotWord]?)
    }

    /// A word, in lower case, that is looked for in one slot of a shape; in any if none is said.
    struct SlotWord: Hashable {
        var slot: Int?
        var word: [UInt8]
    }

    /// The rows whose text passes, of those in `wanted`: a bit for each row of the column.
    func select(_ test: LogTest, among wanted: RowSet) throws(TelemetryProblem) -> RowSet {
        let query = ShapeQuery(test)
        var sure = [Bool](repeating: false, count: header.shapes)
        var isAnySure = false
        var doubts: [(shape: Int, words: [SlotWord]?)] = []
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
        _ doubts: [(shape: Int, words: [SlotWord]?)], _ query: ShapeQuery, among wanted: RowSet,
        into result: inout RowSet
    ) throws(TelemetryProblem) {
        let shapes = try shapes()
        var looked = [Bool](repeating: false, count: shapes.count)
        var hits = [RowSet?](repeating: nil, count: shapes.count)
        var isAnyLooked = false
        // A slot that has the one word leaves nothing to look for.
        var isSettled = query.isWord
        for (shape, words) in doubts {
            if let words {
                var places = RowSet(rows: try counts()[shape], all: false)
                for word in words { try self.places(of: word, inShape: shape, &places) }
                if places.isEmpty { continue }
                hits[shape] = places
            }
            looked[shape] = true
            isAnyLooked = true
            isSettled = isSettled && words != nil && shapes[shape].kind != .whole
        }
        guard isAnyLooked else { return }
        let candidates = try candidates(looked, hits, among: wanted)
        if isSettled {
            for row in candidates { result.insert(row) }
            return
        }
        if case .range(let range) = query.test { return try settle(candidates, in: range, into: &result) }
        var passed: [Int] = []
        try texts(at: candidates) { row, text in if query.test.holds(text) { passed.append(row) } }
        for row in passed { result.insert(row) }
    }

    /// The rows of shapes that are looked at, or those of them that were hit.
    private func candidates(
        _ looked: [Bool], _ hits: [RowSet?], among wanted: RowSet
    ) throws(TelemetryProblem) -> [Int] {
        var candidates: [Int] = []
        var places = [Int](repeating: 0, count: looked.count)
        try forEachShape { row, shape in
            guard looked[shape] else { return }
            let place = places[shape]
            places[shape] = place &+ 1
            if wanted.contains(row), hits[shape].map({ $0.contains(place) }) ?? true { candidates.append(row) }
        }
        return candidates
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
