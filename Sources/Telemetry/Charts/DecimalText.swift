/// Numbers as decimal text, without a formatter: what axes, legends and paths are written with.
package enum DecimalText {
    /// 10 to the power of -308…308, each the nearest double.
    private static let powers: [Double] = (-308...308).map { Double("1e\($0)") ?? 0 }

    /// 10 to a power.
    package static func power(_ exponent: Int) -> Double { powers[max(0, min(616, exponent + 308))] }

    /// The exponent of the leading digit: 2 for 250, -3 for 0.004; 0 for 0.
    package static func exponent(of value: Double) -> Int {
        let magnitude = value.magnitude
        guard magnitude > 0, magnitude.isFinite else { return 0 }
        var low = 0
        var high = powers.count
        while low < high {
            let middle = (low + high) / 2
            if powers[middle] <= magnitude { low = middle + 1 } else { high = middle }
        }
        return low - 1 - 308
    }

    /// `value` with just `decimals` places (0…15). Beyond 2^53 it is written as Swift writes it.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "-∞" : "∞" }
        let places = max(0, min(15, decimals))
        let scaled = (value.magnitude * power(places)).rounded()
        guard scaled < 9_007_199_254_740_992 else {
            return places > 0 ? fixed(value, decimals: places - 1) : "\(value)"
        }
        let digits = String(Int64(scaled))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.utf8.count)) + digits
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    /// As `fixed`, without zeros at the end of the places.
    package static func trimmed(_ value: Double, decimals: Int) -> String {
        var text = Substring(fixed(value, decimals: decimals))
        guard text.utf8.contains(UInt8(ascii: ".")), !text.utf8.contains(UInt8(ascii: "e")) else { return String(text) }
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return String(text)
    }

    /// `value` rounded to a number of significant digits.
    package static func rounded(_ value: Double, significant: Int) -> Double {
        guard value.isFinite, value != 0 else { return value }
        let places = significant - 1 - exponent(of: value)
        if places >= 0 {
            // A power beyond 308 has no double: numbers that small are left as they are.
            guard places <= 300 else { return value }
            return (value * power(places)).rounded() / power(places)
        }
        let result = (value / power(-places)).rounded() * power(-places)
        return result.isFinite ? result : value
    }
}
