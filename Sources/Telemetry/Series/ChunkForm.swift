/// How the values of a chunk are written down. Bytes: docs/formats/series.md.
enum ChunkForm: UInt8 {
    /// One value, for all points.
    case constant = 0
    /// Whole numbers over a divisor: what a predictor leaves, in adaptive Rice codes.
    case rice = 1
    /// The same as bytes, and those compressed with zstd.
    case packed = 2
    /// Bit patterns, each XORed with the one before it.
    case xor = 3
    /// The same XORs, by planes of bytes, compressed with zstd.
    case planes = 4
}

/// What a whole number is expected to be, from those before it.
enum Predictor: UInt8, CaseIterable {
    /// The mean of all: for noise.
    case mean = 0
    /// The one before: for what wanders.
    case last = 1
    /// The line through the two before: for counters.
    case line = 2
    /// Halfway from the mean to the one before: for what wanders and comes back.
    case half = 3

    /// - Parameters:
    ///   - base: the mean for `mean` and `half`; the first number for the others.
    ///   - last: the number before; `base` at first.
    ///   - before: the number before `last`; `base` at first.
    @inline(__always) func guess(base: Int, last: Int, before: Int) -> Int {
        switch self {
        case .mean: base
        case .last: last
        case .line: 2 &* last &- before
        case .half: base &+ (last &- base) >> 1
        }
    }
}

/// The parameter of Rice codes that follows what was seen: an exponential mean over 16 numbers, kept 16-fold.
struct RiceState {
    /// So many zeros announce a number that is written in full, behind its width.
    static let escape = 20
    private var sum: UInt64

    init(first width: Int) { sum = 16 << UInt64(width) }

    /// Bits that are written as they are: the binary logarithm of 0.48 of the mean, rounded up.
    /// Source: Kiely, "Selecting the Golomb Parameter in Rice Coding", JPL IPN 42-159 (2004).
    @inline(__always) var width: Int { 64 - (sum >> 5).leadingZeroBitCount }

    @inline(__always) mutating func saw(_ number: UInt64) {
        sum = sum &- sum >> 4 &+ min(number, 1 << 50)
    }
}
