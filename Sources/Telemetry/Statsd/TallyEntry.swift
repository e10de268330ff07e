/// What one series has come to in an interval: an entry of the table of a tally, 64 bytes with its name.
struct TallyState: BitwiseCopyable {
    /// A counter's sum, a gauge's value or change, the number of a timer's measurements (their weights).
    var sum: Double = 0
    /// Where a timer's next value goes, and where its chunk ends; of a histogram, both are its totals.
    var next: UnsafeMutablePointer<Double>?
    var limit: UnsafeMutablePointer<Double>?
    /// A timer's last `ValueChunk` or its `LogHistogram`, a set's `HashSet64`.
    var head: UnsafeMutableRawPointer?
    /// How many values there were. Zero: none in this interval.
    var updates: UInt32 = 0
    /// Bit 0: a gauge was set, not only changed. Bit 1: a timer is a histogram. From bit 2: when a gauge was
    /// last set or changed, in milliseconds since the interval began.
    var marks: UInt32 = 0

    static let isSetMark: UInt32 = 1
    static let isHistogramMark: UInt32 = 2

    @inline(__always) var isSet: Bool { marks & Self.isSetMark != 0 }
    @inline(__always) var isHistogram: Bool { marks & Self.isHistogramMark != 0 }
    @inline(__always) var milliseconds: UInt32 { marks &>> 2 }
}

typealias TallyTable = FlatTable<TallyState>
typealias TallyEntry = UnsafeMutablePointer<TallyTable.Entry>

/// Values of a timer: the chunk before, the capacity, then the values.
struct ValueChunk {
    static let capacityMin = 6
    static let capacityMax = 510

    let start: UnsafeMutableRawPointer

    var previous: UnsafeMutableRawPointer? {
        get { UnsafeMutableRawPointer(bitPattern: start.load(as: UInt.self)) }
        nonmutating set { start.storeBytes(of: UInt(bitPattern: newValue), as: UInt.self) }
    }
    var capacity: Int {
        get { start.load(fromByteOffset: 8, as: Int.self) }
        nonmutating set { start.storeBytes(of: newValue, toByteOffset: 8, as: Int.self) }
    }
    var values: UnsafeMutablePointer<Double> { (start + 16).assumingMemoryBound(to: Double.self) }
}

/// What a histogram does not know of its values. Exact, but for the rounding of sums.
struct TimerTotals: BitwiseCopyable, Hashable {
    var count: Double = 0
    var lower = Double.infinity
    var upper = -Double.infinity
    var sum: Double = 0
    var sumOfSquares: Double = 0

    mutating func add(_ value: Double) {
        count += 1
        lower = min(lower, value)
        upper = max(upper, value)
        sum += value
        sumOfSquares += value * value
    }

    mutating func add(_ other: TimerTotals) {
        count += other.count
        lower = min(lower, other.lower)
        upper = max(upper, other.upper)
        sum += other.sum
        sumOfSquares += other.sumOfSquares
    }
}
