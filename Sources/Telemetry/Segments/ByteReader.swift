/// Reads numbers from bytes that may be damaged: whatever is not there is nil, and nothing is read past the end.
package struct ByteReader {
    package let bytes: UnsafeRawBufferPointer
    package private(set) var position: Int

    package init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    package var remaining: Int { bytes.count - position }

    package mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// A little-endian integer of fixed width.
    package mutating func fixed<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number? {
        guard remaining >= MemoryLayout<Number>.size else { return nil }
        defer { position += MemoryLayout<Number>.size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Number.self))
    }

    /// An unsigned LEB128 number of at most 64 bits.
    package mutating func varint() -> UInt64? {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            // The tenth byte has one bit left.
            if shift == 63, byte > 1 { return nil }
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
            shift += 7
        }
        return nil
    }

    /// A varint that is used as a count or a size: at most `limit`.
    package mutating func count(limit: Int = Int(Int32.max)) -> Int? {
        guard let number = varint(), number <= UInt64(limit) else { return nil }
        return Int(number)
    }

    package mutating func zigzag() -> Int? {
        guard let number = varint() else { return nil }
        return Int(zigzag: number)
    }

    package mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, remaining >= count else { return nil }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    /// A text behind its length in bytes.
    package mutating func text(limit: Int) -> String? {
        guard let length = count(limit: limit), let raw = take(length) else { return nil }
        return String(validating: raw, as: UTF8.self)
    }
}

extension Int {
    /// Small numbers of either sign as small unsigned ones: 0, -1, 1, -2 are 0, 1, 2, 3.
    @inline(__always) package init(zigzag: UInt64) {
        self = Int(truncatingIfNeeded: zigzag >> 1) ^ -Int(truncatingIfNeeded: zigzag & 1)
    }

    @inline(__always) package var zigzag: UInt64 { UInt64(bitPattern: Int64((self << 1) ^ (self >> 63))) }
}

extension [UInt8] {
    package mutating func append<Number: FixedWidthInteger>(fixed number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    package mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func append(varint number: Int) { append(varint: UInt64(number)) }

    package mutating func append(zigzag number: Int) { append(varint: number.zigzag) }

    package mutating func append(text: String) {
        append(varint: text.utf8.count)
        append(contentsOf: text.utf8)
    }
}
