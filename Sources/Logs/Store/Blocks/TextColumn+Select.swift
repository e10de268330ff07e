import Telemetry

extension TextColumn {
    /// What a shape says of a test of its texts.
    private enum Verdict {
        case never
        case surely
        /// The texts themselves must be looked at: all, or those that have a word.
        case perhaps(having: [UInt8]?)
    }

    /// The rows whose text passes, of those in `wanted`: a bit for each row of the column.
    func select(_ test: LogTest, among wanted: RowSet) throws(TelemetryProblem) -> RowSet {
        let shapes = try shapes()
        let query = ShapeQuery(test)
        var sure = [Bool](repeating: false, count: shapes.count)
        var doubts: [Int: [UInt8]?] = [:]
        for (number, shape) in shapes.enumerated() {
            switch Self.verdict(shape, query) {
            case .never: break
            case .surely: sure[number] = true
            case .perhaps(let word): doubts[number] = .some(word)
            }
        }
        var result = RowSet(rows: header.rows, all: false)
        if sure.contains(true) {
            try forEachShape { row, shape in if sure[shape] { result.insert(row) } }
            result.formIntersection(wanted)
        }
        if !doubts.isEmpty { try settle(doubts, test, among: wanted, into: &result) }
        return result
    }

    /// Looks at the texts of shapes that leave it in doubt.
    private func settle(
        _ doubts: [Int: [UInt8]?], _ test: LogTest, among wanted: RowSet, into result: inout RowSet
    ) throws(TelemetryProblem) {
        var looked = [Bool](repeating: false, count: header.shapes)
        var hits: [Int: Set<Int>] = [:]
        for (shape, word) in doubts {
            guard let word else {
                looked[shape] = true
                continue
            }
            let places = try places(of: word, inShape: shape)
            if places.isEmpty { continue }
            looked[shape] = true
            hits[shape] = places
        }
        guard looked.contains(true) else { return }
        let (places, _) = try order()
        var candidates: [Int] = []
        try forEachShape { row, shape in
            guard looked[shape], wanted.contains(row) else { return }
            if let hits = hits[shape], !hits.contains(Int(places[row])) { return }
            candidates.append(row)
        }
        if case .range(let range) = test { return try settle(candidates, in: range, into: &result) }
        var passed: [Int] = []
        try texts(at: candidates) { row, text in if test.passes(text) { passed.append(row) } }
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
        for (number, shape) in shapes.enumerated() where shape.text == [0x30] && !shape.isWhole {
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
        try texts(at: others) { row, text in if LogTest.range(range).passes(text) { passed.append(row) } }
        for row in passed { result.insert(row) }
    }

    /// A test, and what it says of shapes.
    private struct ShapeQuery {
        var test: LogTest
        /// The shape of the text that is looked for; nil if a test has none.
        var shape: [UInt8]?
        /// The longest word with a digit that must be in a text.
        var word: [UInt8]?

        init(_ test: LogTest) {
            self.test = test
            switch test {
            case .phrase(let text): set(text)
            case .equals(let text): set(text)
            default: break
            }
        }

        private mutating func set(_ text: [UInt8]) {
            var shape: [UInt8] = []
            var at = 0
            text.withUnsafeBytes { raw in
                LogWord.forEach(in: raw) { range in
                    shape += raw[at..<range.lowerBound]
                    at = range.upperBound
                    guard raw[range].contains(where: { LogWord.isDigit($0) }) else {
                        shape += raw[range]
                        return
                    }
                    shape.append(0x30)
                    if range.count > word?.count ?? 0 { word = raw[range].map(LogWord.lower) }
                }
                shape += raw[at...]
            }
            self.shape = shape
        }
    }

    private static func verdict(_ shape: Shape, _ query: ShapeQuery) -> Verdict {
        if shape.isWhole { return .perhaps(having: nil) }
        if shape.slots.isEmpty {
            return shape.text.withUnsafeBytes { query.test.passes($0) } ? .surely : .never
        }
        switch query.test {
        case .exists: return .surely
        case .phrase:
            let isThere = shape.text.withUnsafeBytes { text in
                query.shape.map { LogTest.find($0, in: text, mayGoOn: false) } ?? true
            }
            guard isThere else { return .never }
            return query.word == nil ? .surely : .perhaps(having: query.word)
        case .equals:
            guard shape.text == query.shape else { return .never }
            return .perhaps(having: query.word)
        case .prefix(let text):
            let isThere = shape.text.withUnsafeBytes { LogTest.find(text, in: $0, mayGoOn: true) }
            // A zero in a shape is any word with a digit.
            return isThere && !text.contains { LogWord.isDigit($0) } ? .surely : .perhaps(having: nil)
        case .range, .level:
            let first = shape.text.first ?? 0
            return first == 0x30 || "+-.".utf8.contains(first) ? .perhaps(having: nil) : .never
        case .matches: return .perhaps(having: nil)
        }
    }
}
