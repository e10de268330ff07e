/// Writes numbers as formats of Apus have them: whole ones seven bits a byte, lowest first; doubles and words
/// in eight bytes, lowest first.
struct SnapshotWriter {
    var bytes: [UInt8] = []

    mutating func number(_ number: UInt64) {
        var left = number
        while left >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        bytes.append(UInt8(left))
    }

    mutating func word(_ word: UInt64) {
        withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
    }

    mutating func double(_ value: Double) { word(value.bitPattern) }

    mutating func text(_ text: some Collection<UInt8>) {
        number(UInt64(text.count))
        bytes += text
    }
}

/// Reads what `SnapshotWriter` writes. Everything is nil where the bytes end, or are out of bounds.
struct SnapshotReader {
    private var left: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { left = bytes[...] }

    var isAtEnd: Bool { left.isEmpty }

    mutating func byte() -> UInt8? { left.popFirst() }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= left.count else { return nil }
        defer { left = left.dropFirst(count) }
        return left.prefix(count)
    }

    mutating func number() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = left.popFirst() else { return nil }
            if shift == 63, byte > 1 { return nil }
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }

    mutating func word() -> UInt64? {
        take(8).map { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }

    /// A number that is finite.
    mutating func double() -> Double? {
        guard let word = word() else { return nil }
        let value = Double(bitPattern: word)
        return value.isFinite ? value : nil
    }

    /// A time, in seconds or milliseconds since 1970, before the year 10000.
    mutating func time() -> Int64? {
        guard let number = number(), number < 253_402_300_800_000 else { return nil }
        return Int64(number)
    }

    /// How many things follow that take at least so many bytes each: never more than there can be.
    mutating func count(bytesEach: Int) -> Int? {
        guard let number = number(), number <= UInt64(left.count / bytesEach) else { return nil }
        return Int(number)
    }

    mutating func text(bytesMax: Int) -> ArraySlice<UInt8>? {
        guard let count = count(bytesEach: 1), count <= bytesMax else { return nil }
        return take(count)
    }
}
