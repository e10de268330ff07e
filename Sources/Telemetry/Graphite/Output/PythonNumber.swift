import Glibc

/// Numbers as Python writes and rounds them, because Graphite's clients and the names of its results know
/// them so.
package enum PythonNumber {
    /// `str` of a float: the fewest digits that give the same number again; an exponent from 1e16 on and
    /// below 1e-4.
    package static func text(_ value: Double) -> String {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The most bytes that a number takes.
    static let bytesMax = 32

    /// Appends `text`.
    static func append(_ value: Double, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytesMax) { buffer in
            guard let start = buffer.baseAddress else { return }
            let count = write(value, to: start)
            bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
        }
    }

    static func appendDigits(_ value: UInt64, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytesMax) { buffer in
            guard let start = buffer.baseAddress else { return }
            let count = writeDigits(value, to: start)
            bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
        }
    }

    /// Writes `text` where there is room for `bytesMax` bytes, and gives how many it took. Whole numbers and
    /// short fractions are written without going through a string.
    static func write(_ value: Double, to start: UnsafeMutablePointer<UInt8>) -> Int {
        let magnitude = value.magnitude
        guard magnitude < 1e15 else { return writeAny(value, to: start) }
        var at = 0
        if value.sign == .minus {
            start[0] = UInt8(ascii: "-")
            at = 1
        }
        let whole = UInt64(magnitude)
        if Double(whole) == magnitude {
            at += writeDigits(whole, to: start + at)
            start[at] = UInt8(ascii: ".")
            start[at + 1] = UInt8(ascii: "0")
            return at + 2
        }
        if magnitude >= 1e-3 {
            let count = writeFraction(magnitude, whole, to: start + at)
            if count > 0 { return at + count }
        }
        return writeAny(value, to: start)
    }

    /// Writes what has at most six digits after the point, and at most 15 in all: such a decimal is the
    /// shortest that gives the number again, because no other with as few digits does. Gives 0 for others.
    private static func writeFraction(
        _ magnitude: Double, _ whole: UInt64, to start: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let scaled = (magnitude * 1e6).rounded()
        guard scaled < 1e15, scaled / 1e6 == magnitude else { return 0 }
        var digits = UInt64(scaled) - whole * 1_000_000
        var places = 6
        while digits % 10 == 0 {
            digits /= 10
            places -= 1
        }
        let count = writeDigits(whole, to: start)
        start[count] = UInt8(ascii: ".")
        var place = count + places
        while place > count {
            start[place] = UInt8(ascii: "0") + UInt8(digits % 10)
            digits /= 10
            place -= 1
        }
        return count + 1 + places
    }

    /// Two digits at a time.
    static func writeDigits(_ value: UInt64, to start: UnsafeMutablePointer<UInt8>) -> Int {
        var count = 1
        var power: UInt64 = 10
        while count < 20, value >= power {
            count += 1
            if count < 20 { power *= 10 }
        }
        var rest = value
        var at = count
        while rest >= 100 {
            let pair = rest % 100
            rest /= 100
            at -= 2
            start[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: pair / 10)
            start[at + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: pair % 10)
        }
        if rest >= 10 {
            start[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / 10)
            start[1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        } else {
            start[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest)
        }
        return count
    }

    /// Swift finds the same digits; only where the exponent begins differs.
    private static func writeAny(_ value: Double, to start: UnsafeMutablePointer<UInt8>) -> Int {
        func put(_ text: some Collection<UInt8>) -> Int {
            UnsafeMutableBufferPointer(start: start, count: bytesMax).update(fromContentsOf: text.prefix(bytesMax))
        }
        guard value.isFinite else { return put((value.isNaN ? "nan" : value < 0 ? "-inf" : "inf").utf8) }
        var text = value.description
        let isPlain = value.magnitude >= 1e-4 && value.magnitude < 1e16
        if isPlain {
            return text.withUTF8 { utf8 in
                guard let source = utf8.baseAddress else { return 0 }
                start.update(from: source, count: utf8.count)
                return utf8.count
            }
        }
        let parts = text.split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return put(withExponent(text)) }
        let mantissa = parts[0].hasSuffix(".0") ? parts[0].dropLast(2) : parts[0]
        let digits = String(exponent.magnitude)
        return put((mantissa + (exponent < 0 ? "e-" : "e+") + (digits.count < 2 ? "0" : "") + digits).utf8)
    }

    /// `12300000000000000.0` as `1.23e+16`: Swift begins with exponents a little later.
    private static func withExponent(_ text: String) -> [UInt8] {
        let sign = text.hasPrefix("-") ? 1 : 0
        var digits = Array(text.utf8.dropFirst(sign).dropLast(2))
        let exponent = digits.count - 1
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        if digits.count > 1 { digits.insert(UInt8(ascii: "."), at: 1) }
        return Array(text.utf8.prefix(sign)) + digits + Array("e+\(exponent)".utf8)
    }

    /// `%g` of a float: six digits.
    package static func general(_ value: Double) -> String { general(value, 6) }

    static func general(_ value: Double, _ digits: Int) -> String {
        withVaList([Int32(digits), value]) { write("%.*g", $0) }
    }

    /// `%.Nf` of a float.
    package static func fixed(_ value: Double, _ places: Int) -> String {
        withVaList([Int32(places), value]) { write("%.*f", $0) }
    }

    /// `%d` of a float: cut, not rounded.
    package static func integer(_ value: Double) -> String { fixed(value.rounded(.towardZero), 0) }

    private static func write(_ pattern: String, _ arguments: CVaListPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            let count = vsnprintf(buffer.baseAddress, buffer.count, pattern, arguments)
            let bytes = UnsafeRawBufferPointer(buffer)[0..<max(0, min(Int(count), buffer.count - 1))]
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// `round(value, places)`: the decimal nearest to the number's exact value, halves to even.
    package static func round(_ value: Double, _ places: Int) -> Double {
        guard value.isFinite, places < 300 else { return value }
        if places <= 0 {
            let unit = pow(10, Double(-places))
            return places == 0 ? value.rounded(.toNearestOrEven) : (value / unit).rounded(.toNearestOrEven) * unit
        }
        let unit = pow(10, Double(places))
        let scaled = value * unit
        guard scaled.magnitude < 1e15 else { return value.magnitude < 1e22 ? exact(value, places) : value }
        let fraction = scaled.magnitude - scaled.magnitude.rounded(.down)
        let isNearHalf = (fraction - 0.5).magnitude < 1e-3 + scaled.magnitude * 1e-15
        return isNearHalf ? exact(value, places) : scaled.rounded() / unit
    }

    private static func exact(_ value: Double, _ places: Int) -> Double {
        Double(fixed(value, places)) ?? value
    }
}
