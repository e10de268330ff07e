/// What is measured of lines, by rule and tags.
struct MeasureTable {
    /// Sets of tags that are kept apart; values of more are left out.
    static let setsMax = 10_000
    /// Single values of one set.
    static let valuesMax = 100_000

    private struct Key: Hashable {
        var name: String
        var tags: [LogMeasure.Tag]
        var isTiming: Bool
    }

    private var numbers: [Key: Int] = [:]
    private var values: [LogMeasure] = []

    /// - Returns: whether there was room for it.
    mutating func add(_ value: Double, _ name: String, _ tags: [LogMeasure.Tag], isTiming: Bool) -> Bool {
        let key = Key(name: name, tags: tags, isTiming: isTiming)
        guard let number = numbers[key] else {
            guard values.count < Self.setsMax else { return false }
            numbers[key] = values.count
            values.append(LogMeasure(name: name, tags: tags, value: isTiming ? .timings([value]) : .count(value)))
            return true
        }
        switch values[number].value {
        case .count(let sum): values[number].value = .count(sum + value)
        case .timings(var list):
            guard list.count < Self.valuesMax else { return false }
            values[number].value = .count(0)
            list.append(value)
            values[number].value = .timings(list)
        }
        return true
    }

    mutating func takeAll() -> [LogMeasure] {
        defer { self = MeasureTable() }
        return values
    }
}
