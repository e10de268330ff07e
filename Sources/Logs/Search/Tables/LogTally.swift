/// One figure of many groups.
struct LogTally {
    private let function: LogAggregate.Function
    private var counts: [Int] = []
    private var sums: [Double] = []
    private var quantiles: [LogQuantiles] = []
    private var distincts: [LogDistinct] = []

    init(_ aggregate: LogAggregate, groups: Int = 0) {
        function = aggregate.function
        grow(to: groups)
    }

    mutating func grow(to groups: Int) {
        guard counts.count < groups else { return }
        let more = groups - counts.count
        counts += Array(repeating: 0, count: more)
        switch function {
        case .count, .rate: break
        case .sum, .avg: sums += Array(repeating: 0, count: more)
        case .min: sums += Array(repeating: .infinity, count: more)
        case .max: sums += Array(repeating: -.infinity, count: more)
        case .percentile: quantiles += Array(repeating: LogQuantiles(), count: more)
        case .distinct: distincts += Array(repeating: LogDistinct(), count: more)
        }
    }

    mutating func add(lines: Int, to group: Int) { counts[group] += lines }

    /// Values that are no numbers count for what needs none.
    mutating func add(_ value: UnsafeRawBufferPointer, to group: Int) {
        switch function {
        case .count, .rate: counts[group] += 1
        case .distinct:
            counts[group] += 1
            distincts[group].add(value)
        case .sum, .avg, .min, .max, .percentile:
            guard let number = LogNumber.parse(value) else { return }
            counts[group] += 1
            switch function {
            case .min: sums[group] = min(sums[group], number)
            case .max: sums[group] = max(sums[group], number)
            case .percentile: quantiles[group].add(number)
            default: sums[group] += number
            }
        }
    }

    /// Adds what was added up elsewhere.
    mutating func add(_ figure: LogSum.Figure, to group: Int) {
        switch figure {
        case .lines(let count): counts[group] += count
        case .numbers(let count, let sum, let least, let greatest):
            if count == 0 { return }
            counts[group] += count
            switch function {
            case .min: sums[group] = min(sums[group], least)
            case .max: sums[group] = max(sums[group], greatest)
            default: sums[group] += sum
            }
        case .quantiles(let other):
            counts[group] += other.count
            quantiles[group].merge(other)
        case .values(let values):
            counts[group] += values.count
            for value in values { value.withUnsafeBytes { distincts[group].add($0) } }
        }
    }

    /// - Parameter seconds: the time that the lines of a group are from.
    func cell(of group: Int, _ seconds: Double) -> LogTable.Cell {
        let count = counts[group]
        switch function {
        case .count: return .count(count)
        case .rate: return .number(Double(count) / seconds)
        case .distinct: return .count(distincts[group].count)
        case .sum, .min, .max: return count > 0 ? .number(sums[group]) : .none
        case .avg: return count > 0 ? .number(sums[group] / Double(count)) : .none
        case .percentile(let thousandths):
            return quantiles[group].value(at: Double(thousandths) / 100_000).map { .number($0) } ?? .none
        }
    }
}
