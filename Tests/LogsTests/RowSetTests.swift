import Logs
import Testing

@Suite("Rows of a block as bits")
struct RowSetTests {
    @Test("all rows are the rows, also when their number does not fill a word", arguments: [0, 1, 63, 64, 65, 8_192])
    func all(rows: Int) {
        let all = RowSet(rows: rows, all: true)
        #expect(all.count == rows)
        var seen: [Int] = []
        all.forEach { seen.append($0) }
        #expect(seen == Array(0..<rows))
        #expect(RowSet(rows: rows, all: false).isEmpty)
    }
}
