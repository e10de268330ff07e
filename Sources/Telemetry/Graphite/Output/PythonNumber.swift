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

    /// Appends `text`. Whole numbers and short fractions are written without going through a string.
    static func append(_ value: Double, to bytes: inout [UInt8]) {
        let magnitude = value.magnitude
        if magnitude < 1e15 {
            let whole = magnitude.rounded(.down)
            if whole == magnitude {
                if value.sign == .minus { bytes.append(UInt8(ascii: "-")) }
                appendDigits(UInt64(whole), to: &bytes)
                bytes.append(UInt8(ascii: "."))
                bytes.append(UInt8(ascii: "0"))
                return
            }
            if magnitude >= 1e-3, appendFraction(value, magnitude, to: &bytes) { return }
        }
        appendAny(value, to: &bytes)
    }

    /// Writes what has at most six digits after the point, and at most 15 in all: such a decimal is the
    /// shortest that gives the number again, because no other with as few digits does.
    private static func appendFraction(_ value: Double, _ magnitude: Double, to bytes: inout [UInt8]) -> Bool {
        let scaled = (magnitude * 1e6).rounded()
        guard scaled < 1e15, scaled / 1e6 == magnitude else { return false }
        var digits = UInt64(scaled)
        var places = 6
        while digits % 10 == 0 {
            digits /= 10
            places -= 1
        }
        var power: UInt64 = 1
        for _ in 0..<places { power *= 10 }
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        appendDigits(digits / power, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        var rest = digits % power
        while places > 0 {
            power /= 10
            bytes.append(UInt8(ascii: "0") + UInt8(rest / power))
            rest %= power
            places -= 1
        }
        return true
    }

    static func appendDigits(_ value: UInt64, to bytes: inout [UInt8]) {
        if value < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(value))
            return
        }
        var buffer: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &buffer) { digits in
            var rest = value
            var at = digits.count
            while rest > 0 {
                at -= 1
                digits[at] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(digits)[at...])
        }
    }

    /// Swift finds the same digits; only where the exponent begins differs.
    private static func appendAny(_ value: Double, to bytes: inout [UInt8]) {
        guard value.isFinite else {
            bytes.append(contentsOf: (value.isNaN ? "nan" : value < 0 ? "-inf" : "inf").utf8)
            return
        }
        let text = value.description
        let parts = text.split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else {
            bytes.append(contentsOf: value.magnitude < 1e16 ? Array(text.utf8) : withExponent(text))
            return
        }
        let mantissa = parts[0].hasSuffix(".0") ? parts[0].dropLast(2) : parts[0]
        bytes.append(contentsOf: mantissa.utf8)
        bytes.append(contentsOf: (exponent < 0 ? "e-" : "e+").utf8)
        if exponent.magnitude < 10 { bytes.append(UInt8(ascii: "0")) }
        appendDigits(UInt64(exponent.magnitude), to: &bytes)
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
