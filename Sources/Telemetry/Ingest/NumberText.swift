/// Reads numbers from bytes, as the formats of metrics write them.
enum NumberText {
    /// A number with digits, a sign, a point and an exponent; nil for anything else, such as hexadecimal ones.
    static func finite(_ bytes: ArraySlice<UInt8>) -> Double? {
        bytes.withUnsafeBytes { buffer in
            buffer.baseAddress.flatMap { DecimalNumber.parse($0, $0 + buffer.count) }
        }
    }

    /// The same, and `Inf`, `+Inf`, `-Inf`, `NaN` in any case.
    static func any(_ bytes: ArraySlice<UInt8>) -> Double? {
        if let number = finite(bytes) { return number }
        guard let first = bytes.first, bytes.count <= 9 else { return nil }
        let hasSign = first == UInt8(ascii: "+") || first == UInt8(ascii: "-")
        let word = bytes.dropFirst(hasSign ? 1 : 0).map { $0 | 0x20 }
        if word.elementsEqual("inf".utf8) || word.elementsEqual("infinity".utf8) {
            return first == UInt8(ascii: "-") ? -.infinity : .infinity
        }
        return !hasSign && word.elementsEqual("nan".utf8) ? .nan : nil
    }

    /// A whole number with an optional sign; nil if it has no place in 64 bits.
    static func integer(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard let first = bytes.first, bytes.count <= 40 else { return nil }
        let hasSign = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
        let digits = bytes.dropFirst(hasSign ? 1 : 0)
        guard !digits.isEmpty else { return nil }
        var number: Int64 = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, overflows) = number.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - UInt8(ascii: "0"))
            let (sum, overflowsToo) =
                first == UInt8(ascii: "-")
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflows, !overflowsToo else { return nil }
            number = sum
        }
        return number
    }
}
