#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reads decimal numbers from bytes, rounded correctly: `-12`, `+0.5`, `.5`, `1e-3`.
///
/// Neither `inf`, `nan`, hexadecimals nor what overflows is a number.
package enum DecimalNumber {
    /// The longest text of a number.
    static let bytesMax = 128

    /// Powers of ten that a double has exactly: 0 to 22. Never freed, never changed.
    nonisolated(unsafe) static let powers: UnsafePointer<Double> = {
        let table = UnsafeMutablePointer<Double>.allocate(capacity: 23)
        for (exponent, power) in exactPowers.enumerated() { (table + exponent).initialize(to: power) }
        return UnsafePointer(table)
    }()

    private static let exactPowers = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
        1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// The number that is exactly `start..<end`, or nil. Reads nothing beyond `end`.
    package static func parse(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) -> Double? {
        guard end > start, end - start <= bytesMax else { return nil }
        var at = start
        let first = at.load(as: UInt8.self)
        let isNegative = first == ASCII.minus
        if isNegative || first == ASCII.plus { at += 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        var hasPoint = false
        scan: while at < end {
            let byte = at.load(as: UInt8.self)
            if ASCII.isDigit(byte) {
                if digits < 18 { mantissa = mantissa &* 10 &+ UInt64(byte &- ASCII.zero) }
                digits += 1
                if hasPoint { exponent -= 1 }
            } else if byte == ASCII.dot, !hasPoint {
                hasPoint = true
            } else {
                break scan
            }
            at += 1
        }
        guard digits > 0 else { return nil }
        if at < end {
            guard let written = parseExponent(at, end) else { return nil }
            exponent += written
        }
        guard digits <= 18, mantissa <= 1 << 53, abs(exponent) <= 22 else {
            return parseSlowly(start, end)
        }
        let magnitude =
            exponent < 0 ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
        return isNegative ? -magnitude : magnitude
    }

    /// `e-12` up to `end`, or nil.
    private static func parseExponent(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) -> Int? {
        guard start.load(as: UInt8.self) | 0x20 == UInt8(ascii: "e") else { return nil }
        var at = start + 1
        guard at < end else { return nil }
        let sign = at.load(as: UInt8.self)
        if sign == ASCII.minus || sign == ASCII.plus { at += 1 }
        guard at < end else { return nil }
        var exponent = 0
        while at < end {
            let byte = at.load(as: UInt8.self)
            guard ASCII.isDigit(byte) else { return nil }
            exponent = min(exponent * 10 + Int(byte &- ASCII.zero), 1_000_000)
            at += 1
        }
        return sign == ASCII.minus ? -exponent : exponent
    }

    /// More digits than fit, or a large exponent: the C library rounds. The text has been checked.
    private static func parseSlowly(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) -> Double? {
        withUnsafeTemporaryAllocation(byteCount: bytesMax + 1, alignment: 1) { copy in
            let count = end - start
            copy.copyMemory(from: UnsafeRawBufferPointer(start: start, count: count))
            copy[count] = 0
            let value = strtod(copy.assumingMemoryBound(to: CChar.self).baseAddress!, nil)
            return value.isFinite ? value : nil
        }
    }
}
