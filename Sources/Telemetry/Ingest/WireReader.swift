/// Reads protobuf's wire format, field by field. Source: protobuf.dev, "Encoding".
struct WireReader {
    enum Value: Hashable {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        /// Of the bytes that are read.
        case bytes(Range<Int>)
    }

    let bytes: [UInt8]
    private(set) var index: Int
    private let end: Int

    init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        self.bytes = bytes
        index = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    /// The next field; nil at the end.
    mutating func next() throws(TelemetryProblem) -> (field: UInt64, value: Value)? {
        guard index < end else { return nil }
        guard let key = Self.varint(bytes, &index), index <= end, key >> 3 > 0 else {
            throw problem("A field has no number.")
        }
        switch key & 7 {
        case 0:
            guard let number = Self.varint(bytes, &index), index <= end else { throw problem("A number has no end.") }
            return (key >> 3, .varint(number))
        case 1: return (key >> 3, .fixed64(try little(8)))
        case 2:
            guard let length = Self.varint(bytes, &index), index <= end, length <= UInt64(end - index) else {
                throw problem("A field is longer than what it is in.")
            }
            let begin = index
            index += Int(length)
            return (key >> 3, .bytes(begin..<index))
        case 5: return (key >> 3, .fixed32(UInt32(truncatingIfNeeded: try little(4))))
        default: throw problem("A field is of a kind that is not known.")
        }
    }

    private mutating func little(_ width: Int) throws(TelemetryProblem) -> UInt64 {
        guard end - index >= width else { throw problem("A number is cut off.") }
        var number: UInt64 = 0
        for position in 0..<width { number |= UInt64(bytes[index + position]) << UInt64(8 * position) }
        index += width
        return number
    }

    /// Seven bits a byte, the least first, at most ten bytes; nil if it has no end there.
    static func varint(_ bytes: [UInt8], _ index: inout Int) -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard index < bytes.count else { return nil }
            let byte = bytes[index]
            index += 1
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }

    private func problem(_ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "protobuf.invalid", "The message was not read.", cause: "At byte \(index): \(cause)",
            remedy: "Send a whole message: a `prometheus.WriteRequest`, or OTLP's `ExportMetricsServiceRequest`.")
    }
}
