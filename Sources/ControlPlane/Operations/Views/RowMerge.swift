/// Rows in the order of their places, of which some are other than before.
extension Array where Element: ListRow {
    /// Where a row of that place is, or would be.
    func placeIndex(of place: Element.Place) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].place < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// - Parameters:
    ///   - new: in order.
    ///   - indices: of rows that go, in order.
    func merging(_ new: [Element], inPlaceOf indices: [Int]) -> [Element] {
        var rows: [Element] = []
        rows.reserveCapacity(count - indices.count + new.count)
        var next = 0
        var gone = indices[...]
        func keep(until end: Int) {
            while next < end {
                let stop = Swift.min(gone.first ?? end, end)
                rows.append(contentsOf: self[next..<stop])
                next = stop
                if gone.first == next {
                    gone.removeFirst()
                    next += 1
                }
            }
        }
        for row in new {
            keep(until: placeIndex(of: row.place))
            rows.append(row)
        }
        keep(until: count)
        return rows
    }
}
