/// What all blocks answer alike.
enum BlockRows {
    static func passes(_ test: LogTest, label: String?) -> Bool {
        guard var label else { return false }
        return label.withUTF8 { test.passes(UnsafeRawBufferPointer($0)) }
    }

    static func select(_ test: LogTest, levels: [LogLevel], among wanted: RowSet) -> RowSet {
        let passing = LogLevel.allCases.map { level in
            if case .level(let range) = test { return range.contains(level) }
            return level != .none && passes(test, label: level.word)
        }
        var result = RowSet(rows: wanted.rows, all: false)
        wanted.forEach { if passing[Int(levels[$0].rawValue)] { result.insert($0) } }
        return result
    }

    static func select(_ test: LogTest, times: [Int64], among wanted: RowSet) -> RowSet {
        var result = RowSet(rows: wanted.rows, all: false)
        wanted.forEach { row in
            let isIn: Bool
            if case .range(let range) = test {
                isIn = range.contains(Double(times[row]))
            } else {
                isIn = passes(test, label: LogTime.text(times[row]))
            }
            if isIn { result.insert(row) }
        }
        return result
    }

    static func give(_ text: String?, row: Int, _ body: (Int, UnsafeRawBufferPointer?) -> Void) {
        guard var text else { return body(row, nil) }
        text.withUTF8 { body(row, UnsafeRawBufferPointer($0)) }
    }

    static func text(ofShape shape: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in shape {
            if byte == 0x30 { text += "<*>".utf8 } else { text.append(byte) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension RowSet {
    var list: [Int] {
        var list: [Int] = []
        list.reserveCapacity(count)
        forEach { list.append($0) }
        return list
    }
}
