import Glibc

/// Bytes that belong to somebody else, who keeps them for as long as they are looked at: part of a line, of a request,
/// of a scratch. Any bytes: not all logs are UTF-8.
package struct ByteView {
    package let start: UnsafeRawPointer
    package let count: Int

    @inline(__always)
    package init(_ start: UnsafeRawPointer, _ count: Int) {
        self.start = start
        self.count = count
    }

    /// Nothing, at an address that is one.
    package static var empty: ByteView { ByteView(UnsafeRawPointer(("" as StaticString).utf8Start), 0) }

    /// The bytes of a buffer; `empty` if it has no address.
    @inline(__always)
    package init(_ buffer: UnsafeRawBufferPointer) {
        if let base = buffer.baseAddress { self.init(base, buffer.count) } else { self = .empty }
    }

    /// The bytes from one address up to another.
    @inline(__always)
    init(_ start: UnsafeRawPointer, to end: UnsafeRawPointer) { self.init(start, end - start) }

    @inline(__always)
    package var isEmpty: Bool { count == 0 }
    @inline(__always)
    package var end: UnsafeRawPointer { start + count }
    @inline(__always)
    var last: UInt8? { count > 0 ? self[count - 1] : nil }
    @inline(__always)
    package subscript(index: Int) -> UInt8 { start.load(fromByteOffset: index, as: UInt8.self) }
    package var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
    /// What is no UTF-8 becomes U+FFFD.
    package var text: String { String(decoding: buffer, as: UTF8.self) }
}

extension ByteView {
    @inline(__always)
    func slice(_ from: Int, _ to: Int) -> ByteView { ByteView(start + from, to - from) }
    @inline(__always)
    func dropFirst(_ number: Int) -> ByteView { ByteView(start + number, count - number) }

    /// Without blanks (space, tab, CR, LF) at both ends.
    var trimmed: ByteView {
        var (from, to) = (0, count)
        while from < to, Self.isBlank(self[from]) { from += 1 }
        while to > from, Self.isBlank(self[to - 1]) { to -= 1 }
        return slice(from, to)
    }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 9 <= 4 }
    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }
    /// A word, as filters of words know it: ASCII letters, digits, `_`, and bytes of 0x80 and above.
    @inline(__always)
    static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (byte | 0x20) &- 0x61 <= 25 || isDigit(byte) || byte == 0x5F
    }
    @inline(__always)
    static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 <= 25 ? byte | 0x20 : byte }

    /// Where a byte is first, from `from` on.
    @inline(__always)
    func index(of byte: UInt8, from: Int = 0) -> Int? {
        guard from < count, let found = memchr(start + from, Int32(byte), count - from) else { return nil }
        return UnsafeRawPointer(found) - start
    }

    func contains(_ byte: UInt8) -> Bool { index(of: byte) != nil }

    @inline(__always)
    func starts(with text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount && memcmp(start, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    @inline(__always)
    func equals(_ text: StaticString) -> Bool { count == text.utf8CodeUnitCount && starts(with: text) }

    func equals(_ other: ByteView) -> Bool { count == other.count && memcmp(start, other.start, count) == 0 }

    func equals(_ bytes: [UInt8]) -> Bool {
        bytes.count == count && bytes.withUnsafeBytes { count == 0 || memcmp(start, $0.baseAddress!, count) == 0 }
    }

    /// - Parameter text: in lower case.
    func equalsAnyCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where Self.lower(self[index]) != text.utf8Start[index] { return false }
        return true
    }

    /// Where `text`, which is not empty, is first.
    func index(of text: StaticString, from: Int = 0) -> Int? {
        var from = from
        while let place = index(of: text.utf8Start.pointee, from: from) {
            if dropFirst(place).starts(with: text) { return place }
            from = place + 1
        }
        return nil
    }

    /// A whole number in decimal digits, with or without a minus; nil if it is none or has more than 18 digits.
    var integer: Int64? {
        var index = 0
        let isNegative = count > 0 && self[0] == 0x2D
        if isNegative { index = 1 }
        guard index < count, count - index <= 18 else { return nil }
        var number: Int64 = 0
        while index < count {
            let digit = self[index] &- 0x30
            guard digit <= 9 else { return nil }
            number = number &* 10 &+ Int64(digit)
            index += 1
        }
        return isNegative ? -number : number
    }

    /// A finite decimal number, with nothing around it.
    var double: Double? {
        if let integer { return Double(integer) }
        guard count > 0, count <= 64 else { return nil }
        for index in 0..<count {
            switch self[index] {
            case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x65, 0x45: continue
            default: return nil
            }
        }
        guard let number = Double(text), number.isFinite else { return nil }
        return number
    }
}
