/// Turns points into the fewest bytes that it knows. Not for two threads at once: it keeps its buffers.
final class ChunkEncoder {
    /// The most points of a chunk.
    static let pointsMax = 4096

    private let zstd = Zstd()
    private var numbers: [Int] = []
    private var residuals: [UInt64] = []
    private var bits = BitWriter()
    private var plain: [UInt8] = []
    private var payload: [UInt8] = []

    /// Appends the chunk of the points at `places`, 1…4096 of them; the slot of the first is not in it.
    ///
    /// - Parameters:
    ///   - ratio: how many finer points an average is made of: averages of whole numbers are such over it.
    ///   - isFinal: whether the bytes are to stay, so that it is worth to try more.
    func encode(_ points: Points, _ places: Range<Int>, ratio: Int = 1, isFinal: Bool, into bytes: inout [UInt8]) {
        points.slots.withUnsafeBufferPointer { slots in
            points.values.withUnsafeBufferPointer { values in
                encode(
                    slots: UnsafeBufferPointer(rebasing: slots[places]),
                    values: UnsafeBufferPointer(rebasing: values[places]), ratio: ratio, isFinal: isFinal, into: &bytes)
            }
        }
    }

    func encode(
        slots: UnsafeBufferPointer<Int>, values: UnsafeBufferPointer<Double>, ratio: Int = 1, isFinal: Bool,
        into bytes: inout [UInt8]
    ) {
        let (form, predictor) = encode(values, ratio: ratio, isFinal: isFinal)
        let hasGaps = slots[slots.count - 1] - slots[0] != slots.count - 1
        bytes.append(form.rawValue | (hasGaps ? 0x10 : 0) | predictor.rawValue << 5)
        bytes.append(varint: slots.count)
        if hasGaps { Self.appendRuns(slots, into: &bytes) }
        bytes.append(contentsOf: payload)
    }

    /// Lengths of present and absent slots in turn, up to the last point.
    private static func appendRuns(_ slots: UnsafeBufferPointer<Int>, into bytes: inout [UInt8]) {
        var start = 0
        for index in 1..<slots.count where slots[index] != slots[index - 1] + 1 {
            bytes.append(varint: index - start)
            bytes.append(varint: slots[index] - slots[index - 1] - 1)
            start = index
        }
        bytes.append(varint: slots.count - start)
    }

    /// Leaves the values' bytes in `payload`.
    private func encode(
        _ values: UnsafeBufferPointer<Double>, ratio: Int, isFinal: Bool
    ) -> (ChunkForm, Predictor) {
        payload.removeAll(keepingCapacity: true)
        let first = values[0].bitPattern
        if values.allSatisfy({ $0.bitPattern == first }) {
            payload.append(varint: first.byteSwapped)
            return (.constant, .mean)
        }
        guard let divisor = divisor(of: values, ratio: ratio) else {
            return (encodePatterns(values, isFinal: isFinal), .mean)
        }
        let (predictor, base, width) = predict()
        payload.append(varint: divisor)
        payload.append(zigzag: base)
        let head = payload.count
        encodeRice(width)
        guard isFinal, values.count >= 16 else { return (.rice, predictor) }
        plain.removeAll(keepingCapacity: true)
        for residual in residuals { plain.append(varint: residual) }
        let isPacked = keepCompressed(from: head)
        return (isPacked ? .packed : .rice, predictor)
    }

    /// Replaces the payload from `head` on by the compressed `plain` with its length, if that is less.
    private func keepCompressed(from head: Int) -> Bool {
        let limit = payload.count - head - 2
        let kept: Void? = zstd.compress(plain, under: limit) { compressed in
            payload.removeSubrange(head...)
            payload.append(varint: plain.count)
            payload.append(contentsOf: compressed)
        }
        return kept != nil
    }

    // MARK: - Whole numbers

    /// The least divisor that makes all values whole numbers, which are left in `numbers`; nil if none does.
    private func divisor(of values: UnsafeBufferPointer<Double>, ratio: Int) -> Int? {
        for power in Self.powers {
            if fill(values, divisor: power) { return power }
            if ratio > 1, fill(values, divisor: power * ratio) { return power * ratio }
        }
        return nil
    }

    private static let powers = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]
    /// Differences of differences of such numbers still fit.
    private static let magnitudeMax = 0x1p51

    private func fill(_ values: UnsafeBufferPointer<Double>, divisor: Int) -> Bool {
        numbers.removeAll(keepingCapacity: true)
        let scale = Double(divisor)
        for value in values {
            let scaled = (value * scale).rounded()
            guard abs(scaled) < Self.magnitudeMax else { return false }
            let number = Int(scaled)
            guard (Double(number) / scale).bitPattern == value.bitPattern else { return false }
            numbers.append(number)
        }
        return true
    }

    /// Chooses the predictor that leaves the least, and leaves that in `residuals`.
    private func predict() -> (Predictor, base: Int, width: Int) {
        let sum = numbers.reduce(0.0) { $0 + Double($1) }
        let mean = Int((sum / Double(numbers.count)).rounded())
        let costs = numbers.withUnsafeBufferPointer { Self.costs($0, mean: mean) }
        var best = Predictor.mean
        for predictor in Predictor.allCases where costs[Int(predictor.rawValue)] < costs[Int(best.rawValue)] {
            best = predictor
        }
        let base = best == .mean || best == .half ? mean : numbers[0]
        residuals.removeAll(keepingCapacity: true)
        var (last, before) = (base, base)
        var total: UInt64 = 0
        for number in numbers {
            let residual = (number &- best.guess(base: base, last: last, before: before)).zigzag
            residuals.append(residual)
            total &+= min(residual, 1 << 50)
            (before, last) = (last, number)
        }
        return (best, base, 64 - (total / UInt64(numbers.count) / 2).leadingZeroBitCount)
    }

    /// Bits of what each predictor leaves, by its number.
    private static func costs(_ numbers: UnsafeBufferPointer<Int>, mean: Int) -> InlineArray<4, Int> {
        var costs = InlineArray<4, Int>(repeating: 0)
        var (last, before) = (numbers[0], numbers[0])
        for number in numbers {
            costs[0] += 64 - (number &- mean).zigzag.leadingZeroBitCount
            costs[1] += 64 - (number &- last).zigzag.leadingZeroBitCount
            costs[2] += 64 - (number &- 2 &* last &+ before).zigzag.leadingZeroBitCount
            costs[3] += 64 - (number &- mean &- (last &- mean) >> 1).zigzag.leadingZeroBitCount
            (before, last) = (last, number)
        }
        return costs
    }

    private func encodeRice(_ width: Int) {
        bits.reset()
        var state = RiceState(first: width)
        for residual in residuals {
            let width = state.width
            let zeros = residual >> UInt64(width)
            if zeros < UInt64(RiceState.escape) {
                bits.put(1, Int(zeros) + 1)
                bits.put(residual & (1 << UInt64(width) &- 1), width)
            } else {
                let own = 64 - residual.leadingZeroBitCount
                bits.put(0, RiceState.escape)
                bits.put(UInt64(own - 1), 6)
                bits.put(residual, own)
            }
            state.saw(residual)
        }
        bits.finish()
        payload.append(UInt8(width))
        payload.append(contentsOf: bits.bytes)
    }

    // MARK: - Bit patterns

    /// XORs with the value before, as in Facebook's Gorilla (VLDB 2015, 4.1.2): 0 for the same; 10 and the
    /// bits within the last window; 11, five bits of leading zeros, six of the length less one, the bits.
    private func encodePatterns(_ values: UnsafeBufferPointer<Double>, isFinal: Bool) -> ChunkForm {
        bits.reset()
        var last: UInt64 = 0
        var (leading, trailing) = (64, 64)
        for value in values {
            let change = value.bitPattern ^ last
            last = value.bitPattern
            guard change != 0 else {
                bits.put(0, 1)
                continue
            }
            let zeros = min(change.leadingZeroBitCount, 31)
            if zeros >= leading, change.trailingZeroBitCount >= trailing {
                bits.put(0b10, 2)
                bits.put(change >> UInt64(trailing), 64 - leading - trailing)
            } else {
                (leading, trailing) = (zeros, change.trailingZeroBitCount)
                let length = 64 - leading - trailing
                bits.put(0b11, 2)
                bits.put(UInt64(leading), 5)
                bits.put(UInt64(length - 1), 6)
                bits.put(change >> UInt64(trailing), length)
            }
        }
        bits.finish()
        payload.append(contentsOf: bits.bytes)
        guard isFinal, values.count >= 16 else { return .xor }
        plain = Self.planes(values)
        return keepCompressed(from: 0) ? .planes : .xor
    }

    /// The XORs' highest bytes, then the next, and so on.
    private static func planes(_ values: UnsafeBufferPointer<Double>) -> [UInt8] {
        let count = values.count
        return [UInt8](unsafeUninitializedCapacity: 8 * count) { bytes, filled in
            var last: UInt64 = 0
            for index in 0..<count {
                let change = values[index].bitPattern ^ last
                last = values[index].bitPattern
                for plane in 0..<8 {
                    bytes[plane * count + index] = UInt8(truncatingIfNeeded: change >> UInt64(56 - 8 * plane))
                }
            }
            filled = 8 * count
        }
    }
}
