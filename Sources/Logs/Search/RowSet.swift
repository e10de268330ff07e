/// Rows of a block, a bit each.
package struct RowSet: Hashable, Sendable {
    package let rows: Int
    package var words: [UInt64]

    /// All rows, or none.
    package init(rows: Int, all: Bool) {
        self.rows = rows
        words = [UInt64](repeating: all ? .max : 0, count: (rows + 63) / 64)
        if all, rows % 64 != 0 { words[words.count - 1] = (1 << UInt64(rows % 64)) - 1 }
    }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    package func contains(_ row: Int) -> Bool { words[row >> 6] >> UInt64(row & 63) & 1 == 1 }
    package mutating func insert(_ row: Int) { words[row >> 6] |= 1 << UInt64(row & 63) }
    package mutating func remove(_ row: Int) { words[row >> 6] &= ~(1 << UInt64(row & 63)) }

    package mutating func formIntersection(_ other: RowSet) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    package mutating func formUnion(_ other: RowSet) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    package mutating func subtract(_ other: RowSet) {
        for index in words.indices { words[index] &= ~other.words[index] }
    }

    /// Calls `body` with each row, in order.
    package func forEach(_ body: (Int) -> Void) {
        for index in words.indices {
            var rest = words[index]
            while rest != 0 {
                body(index << 6 | rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }
}
