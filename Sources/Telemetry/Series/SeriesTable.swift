/// The series that a store knows, by their place in memory. A place is never used for another name; what
/// files know is a series' number, which a series that was deleted and comes back has anew, so that
/// nothing of before is found again.
struct SeriesTable: Sendable {
    struct Record: Sendable {
        /// What files call it.
        var number: UInt64
        /// The newest time of a point that is in a block, or when it came; in seconds since 1970.
        var last: Int64
        /// The head that was open when it came: what earlier ones have under its place is not its own.
        var born: UInt64
        /// Where its policy is in the rules.
        var policy: UInt16
        var source: UInt16
        var isLive: Bool
    }

    private(set) var names: ByteTable
    private(set) var records: [Record] = []
    private(set) var sources: [SourceName] = []
    private var sourcePlaces: [SourceName: UInt16] = [:]
    /// Live series by source.
    private(set) var counts: [Int] = []
    private(set) var nextNumber: UInt64
    /// Numbers in ascending order, and whose they are or were.
    private var numbers: [UInt64] = []
    private var places: [UInt32] = []

    init(seed: UInt64, nextNumber: UInt64) {
        names = ByteTable(seed: seed)
        self.nextNumber = nextNumber
    }

    var liveCount: Int { counts.reduce(0, +) }

    var footprint: Int { names.footprint + records.capacity * MemoryLayout<Record>.stride + numbers.capacity * 12 }

    /// The place of a source; nil if there are too many.
    mutating func place(of source: SourceName) -> UInt16? {
        if let place = sourcePlaces[source] { return place }
        guard sources.count < Int(UInt16.max) else { return nil }
        let place = UInt16(sources.count)
        sources.append(source)
        counts.append(0)
        sourcePlaces[source] = place
        return place
    }

    /// The place of a live series.
    func place(of name: UnsafeRawBufferPointer) -> UInt32? {
        guard let place = names.number(of: name), records[Int(place)].isLive else { return nil }
        return place
    }

    /// Makes a name live that is not. A number that is not given is the next.
    mutating func add(
        _ name: UnsafeRawBufferPointer, number given: UInt64? = nil, source: UInt16, policy: Int, born: UInt64,
        now: Int64
    ) -> UInt32 {
        let (place, isNew) = names.add(name)
        let number = given ?? nextNumber
        let record = Record(
            number: number, last: now, born: born, policy: UInt16(policy), source: source, isLive: true)
        if isNew {
            records.append(record)
        } else {
            precondition(!records[Int(place)].isLive, "a series is added twice")
            records[Int(place)] = record
        }
        counts[Int(source)] += 1
        nextNumber = max(nextNumber, number + 1)
        precondition(numbers.last.map { $0 < number } ?? true, "numbers of series do not ascend")
        numbers.append(number)
        places.append(place)
        return place
    }

    mutating func bury(_ place: UInt32) {
        guard records[Int(place)].isLive else { return }
        counts[Int(records[Int(place)].source)] -= 1
        records[Int(place)].isLive = false
    }

    mutating func saw(_ place: UInt32, at time: Int64) {
        records[Int(place)].last = max(records[Int(place)].last, time)
    }

    /// The live series in order of their numbers.
    var livePlaces: some Sequence<UInt32> {
        zip(numbers, places).lazy
            .filter { number, place in
                let record = records[Int(place)]
                return record.isLive && record.number == number
            }
            .map { $0.1 }
    }

    /// The place of the live series with this number.
    ///
    /// - Parameter hint: where among the numbers it is likely to be; then, where it is.
    func place(ofNumber number: UInt64, hint: inout Int) -> UInt32? {
        if hint >= numbers.count || numbers[hint] != number {
            var (low, high) = (0, numbers.count)
            while low < high {
                let middle = (low + high) / 2
                if numbers[middle] < number { low = middle + 1 } else { high = middle }
            }
            hint = low
        }
        guard hint < numbers.count, numbers[hint] == number else { return nil }
        let place = places[hint]
        hint += 1
        let record = records[Int(place)]
        return record.isLive && record.number == number ? place : nil
    }
}
