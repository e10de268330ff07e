/// Many series into one: each row is the values of one time. Columns are read one after another, because
/// that is how they lie in memory.
extension Aggregation {
    /// One value per row, as long as the longest column. A row gives nothing if less than `xFilesFactor` of
    /// it is there, or nothing at all.
    func rows(of columns: [[Double]], xFilesFactor: Double) -> [Double] {
        let length = columns.reduce(0) { Swift.max($0, $1.count) }
        switch self {
        case .median, .standardDeviation:
            return Self.eachRow(of: columns, length) { row in
                Self.isEnough(row.count { !$0.isNaN }, of: columns.count, xFilesFactor) ? one(of: row) : .nan
            }
        case .multiply:
            return Self.product(of: columns, length)
        default:
            var fold = ColumnFold(length: length)
            fold.add(columns, self)
            return fold.result(self, columns: columns.count, xFilesFactor: xFilesFactor)
        }
    }

    static func isEnough(_ present: Int, of total: Int, _ xFilesFactor: Double) -> Bool {
        present > 0 && Double(present) / Double(total) >= xFilesFactor
    }

    /// Calls with each row in turn; what a column is too short for is NaN.
    static func eachRow(of columns: [[Double]], _ length: Int, _ body: (ArraySlice<Double>) -> Double) -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(length)
        let width = columns.count
        // Some rows at a time are turned, so that columns are read in order.
        let rows = Swift.max(1, Swift.min(length, 65536 / Swift.max(1, width)))
        var block = [Double](repeating: .nan, count: rows * width)
        var at = 0
        while at < length {
            let count = Swift.min(rows, length - at)
            for (column, values) in columns.enumerated() {
                for row in 0..<count { block[row * width + column] = at + row < values.count ? values[at + row] : .nan }
            }
            for row in 0..<count { result.append(body(block[(row * width)..<((row + 1) * width)])) }
            at += count
        }
        return result
    }

    private static func product(of columns: [[Double]], _ length: Int) -> [Double] {
        var result = [Double](repeating: 1, count: length)
        for column in columns {
            for index in column.indices { result[index] *= column[index] }
            for index in column.count..<length { result[index] = .nan }
        }
        return result
    }
}

/// What folding columns has reached. Columns can be added in parts, so that they need not be held at once.
struct ColumnFold {
    private var values: [Double]
    private var others: [Double]
    private var counts: [Int32]

    init(length: Int) {
        values = Array(repeating: 0, count: length)
        others = []
        counts = Array(repeating: 0, count: length)
    }

    mutating func add(_ columns: [[Double]], _ aggregation: Aggregation) {
        for column in columns {
            switch aggregation {
            case .min: add(column) { old, value, _ in value < old ? value : old }
            case .max: add(column) { old, value, _ in value > old ? value : old }
            case .diff: add(column) { old, value, isFirst in isFirst ? value : old - value }
            case .last: add(column) { _, value, _ in value }
            case .range: addRange(column)
            default: addSum(column)
            }
        }
    }

    /// A sum has no first value to look for, so that the loop can take several rows at once.
    private mutating func addSum(_ column: [Double]) {
        values.withUnsafeMutableBufferPointer { values in
            counts.withUnsafeMutableBufferPointer { counts in
                column.withUnsafeBufferPointer { column in
                    for index in 0..<Swift.min(column.count, values.count) {
                        let value = column[index]
                        let isThere = value == value
                        values[index] += isThere ? value : 0
                        counts[index] &+= isThere ? 1 : 0
                    }
                }
            }
        }
    }

    @inline(__always)
    private mutating func add(_ column: [Double], _ combine: (Double, Double, Bool) -> Double) {
        values.withUnsafeMutableBufferPointer { values in
            counts.withUnsafeMutableBufferPointer { counts in
                column.withUnsafeBufferPointer { column in
                    for index in 0..<Swift.min(column.count, values.count) {
                        let value = column[index]
                        guard value == value else { continue }
                        let isFirst = counts[index] == 0
                        values[index] = isFirst ? combine(value, value, true) : combine(values[index], value, false)
                        counts[index] &+= 1
                    }
                }
            }
        }
    }

    private mutating func addRange(_ column: [Double]) {
        if others.isEmpty { others = values }
        for index in 0..<Swift.min(column.count, values.count) where !column[index].isNaN {
            let value = column[index]
            let isFirst = counts[index] == 0
            values[index] = isFirst || value > values[index] ? value : values[index]
            others[index] = isFirst || value < others[index] ? value : others[index]
            counts[index] &+= 1
        }
    }

    func result(_ aggregation: Aggregation, columns: Int, xFilesFactor: Double) -> [Double] {
        var result = values
        for index in result.indices {
            let present = Int(counts[index])
            guard Aggregation.isEnough(present, of: columns, xFilesFactor) else {
                result[index] = .nan
                continue
            }
            switch aggregation {
            case .average: result[index] /= Double(present)
            case .averageZero: result[index] /= Double(columns)
            case .count: result[index] = Double(present)
            case .range: result[index] -= others[index]
            default: break
            }
        }
        return result
    }
}
