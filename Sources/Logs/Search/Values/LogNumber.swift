import Telemetry

/// Numbers in lines and in queries: `500`, `-1.5`, `2e3`, and with a unit `1.5s`, `10ms`, `5MB`.
///
/// Durations count in seconds, sizes in bytes; a number without a unit is itself. Every source of lines compares
/// by it.
package enum LogNumber {
    /// The longest text that is looked at.
    private static let bytesMax = 48

    package static func parse(_ text: [UInt8]) -> Double? { text.withUnsafeBytes { parse($0) } }

    /// Nil if it is no number.
    package static func parse(_ text: UnsafeRawBufferPointer) -> Double? {
        guard let start = text.baseAddress, let first = text.first, text.count <= bytesMax, first < 0x3A else {
            return nil
        }
        let last = text[text.count - 1]
        if last < 0x3A || text.count == 1 { return DecimalNumber.parse(start, start + text.count) }
        // The unit is the letters at the end.
        var end = text.count
        while end > 0, text[end - 1] >= 0x3A || text[end - 1] == UInt8(ascii: "%") { end -= 1 }
        guard end > 0, let factor = factor(text[end...]), let number = DecimalNumber.parse(start, start + end) else {
            return nil
        }
        let product = number * factor
        return product.isFinite ? product : nil
    }

    private static func factor(_ unit: Slice<UnsafeRawBufferPointer>) -> Double? {
        guard unit.count <= 3 else { return nil }
        return switch String(decoding: unit, as: UTF8.self) {
        case "ns": 1e-9
        case "us", "µs", "μs": 1e-6
        case "ms": 1e-3
        case "s", "sec": 1
        case "m", "min": 60
        case "h": 3600
        case "d": 86_400
        case "w": 604_800
        case "B", "b": 1
        case "kB", "KB", "kb": 1e3
        case "MB", "mb": 1e6
        case "GB", "gb": 1e9
        case "TB", "tb": 1e12
        case "KiB": 1024
        case "MiB": 1_048_576
        case "GiB": 1_073_741_824
        case "TiB": 1_099_511_627_776
        default: nil
        }
    }
}
