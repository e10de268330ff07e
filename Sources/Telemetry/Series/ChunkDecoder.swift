/// Reads chunks. Not for two threads at once: it keeps its buffers.
final class ChunkDecoder {
    private let zstd = Zstd()
    private var values: [Double] = []

    /// Appends the points of a chunk whose first point is in slot `first`. Returns false, having appended
    /// nothing, if the bytes are no chunk.
    func decode(_ bytes: UnsafeRawBufferPointer, first: Int, into points: inout Points) -> Bool {
        var reader = ByteReader(bytes)
        guard let head = reader.byte(), let form = ChunkForm(rawValue: head & 0x0F), head & 0x80 == 0,
            let predictor = Predictor(rawValue: head >> 5), let count = reader.count(limit: ChunkEncoder.pointsMax),
            count > 0
        else { return false }
        guard head & 0x10 != 0 else {
            guard decode(form, predictor, &reader, count) else { return false }
            values.withUnsafeBufferPointer { points.append(from: first, $0) }
            return true
        }
        guard let runs = Self.runs(&reader, count), decode(form, predictor, &reader, count) else { return false }
        var (slot, at) = (first, 0)
        values.withUnsafeBufferPointer { values in
            for run in runs {
                slot += run.absent
                points.append(from: slot, UnsafeBufferPointer(rebasing: values[at..<at + run.present]))
                slot += run.present
                at += run.present
            }
        }
        return true
    }

    private static func runs(_ reader: inout ByteReader, _ count: Int) -> [(absent: Int, present: Int)]? {
        var runs: [(absent: Int, present: Int)] = []
        var (rest, absent) = (count, 0)
        while true {
            guard let present = reader.count(limit: rest), present > 0 else { return nil }
            runs.append((absent, present))
            rest -= present
            if rest == 0 { return runs }
            guard let next = reader.count(limit: Int.max >> 16), next > 0 else { return nil }
            absent = next
        }
    }

    /// Leaves `count` values in `values`.
    private func decode(_ form: ChunkForm, _ predictor: Predictor, _ reader: inout ByteReader, _ count: Int) -> Bool {
        switch form {
        case .constant:
            guard let pattern = reader.varint() else { return false }
            values.removeAll(keepingCapacity: true)
            values.append(contentsOf: repeatElement(Double(bitPattern: pattern.byteSwapped), count: count))
            return true
        case .rice:
            guard let divisor = reader.varint(), let base = reader.zigzag(), let width = reader.byte(), width < 60
            else {
                return false
            }
            return decodeRice(
                reader.take(reader.remaining), count,
                Restoring(predictor: predictor, base: base, divisor: Double(divisor)), width: Int(width))
        case .packed:
            guard let divisor = reader.varint(), let base = reader.zigzag(),
                let size = reader.count(limit: 10 * count), let packed = reader.take(reader.remaining),
                let plain = zstd.decompress(packed, count: size)
            else { return false }
            return decodePacked(plain, count, Restoring(predictor: predictor, base: base, divisor: Double(divisor)))
        case .xor:
            return decodePatterns(reader.take(reader.remaining), count)
        case .planes:
            guard let size = reader.count(limit: 8 * count), size == 8 * count,
                let packed = reader.take(reader.remaining), let plain = zstd.decompress(packed, count: size)
            else { return false }
            return decodePlanes(plain, count)
        }
    }

    /// From what a predictor left back to values.
    private struct Restoring {
        let predictor: Predictor
        let base: Int
        let divisor: Double
        var last: Int
        var before: Int

        init(predictor: Predictor, base: Int, divisor: Double) {
            self.predictor = predictor
            self.base = base
            self.divisor = divisor
            last = base
            before = base
        }

        @inline(__always) mutating func value(_ residual: UInt64) -> Double {
            let number = predictor.guess(base: base, last: last, before: before) &+ Int(zigzag: residual)
            before = last
            last = number
            return Double(number) / divisor
        }
    }

    private func fill(_ count: Int, _ fill: (UnsafeMutableBufferPointer<Double>) -> Bool) -> Bool {
        values = values.count == count ? values : [Double](repeating: 0, count: count)
        return values.withUnsafeMutableBufferPointer { fill($0) }
    }

    private func decodeRice(
        _ bytes: UnsafeRawBufferPointer?, _ count: Int, _ restoring: Restoring, width: Int
    ) -> Bool {
        guard let bytes else { return false }
        return fill(count) { values in
            var restoring = restoring
            var bits = BitReader(bytes)
            var state = RiceState(first: width)
            for index in 0..<count {
                let width = state.width
                let zeros = bits.zeros(limit: RiceState.escape)
                let residual: UInt64
                if zeros < RiceState.escape {
                    residual = UInt64(zeros) << UInt64(width) | bits.take(width)
                } else {
                    residual = bits.takeLong(Int(bits.take(6)) + 1)
                }
                values[index] = restoring.value(residual)
                state.saw(residual)
            }
            return !bits.isPast
        }
    }

    private func decodePacked(_ plain: [UInt8], _ count: Int, _ restoring: Restoring) -> Bool {
        fill(count) { values in
            plain.withUnsafeBytes { raw in
                var restoring = restoring
                var reader = ByteReader(raw)
                for index in 0..<count {
                    guard let residual = reader.varint() else { return false }
                    values[index] = restoring.value(residual)
                }
                return reader.remaining == 0
            }
        }
    }

    private func decodePatterns(_ bytes: UnsafeRawBufferPointer?, _ count: Int) -> Bool {
        guard let bytes else { return false }
        return fill(count) { values in
            var bits = BitReader(bytes)
            var last: UInt64 = 0
            var (length, trailing) = (0, 0)
            for index in 0..<count {
                if bits.take(1) == 1 {
                    if bits.take(1) == 1 {
                        let leading = Int(bits.take(5))
                        length = Int(bits.take(6)) + 1
                        trailing = 64 - leading - length
                    }
                    guard length > 0, trailing >= 0 else { return false }
                    last ^= bits.takeLong(length) << UInt64(trailing)
                }
                values[index] = Double(bitPattern: last)
            }
            return !bits.isPast
        }
    }

    private func decodePlanes(_ plain: [UInt8], _ count: Int) -> Bool {
        fill(count) { values in
            var last: UInt64 = 0
            for index in 0..<count {
                var change: UInt64 = 0
                for plane in 0..<8 { change = change << 8 | UInt64(plain[plane * count + index]) }
                last ^= change
                values[index] = Double(bitPattern: last)
            }
            return true
        }
    }
}
