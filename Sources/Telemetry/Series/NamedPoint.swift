/// A point as it came, before its series is looked up.
package struct NamedPoint: Hashable, Sendable {
    /// In canonical form.
    package var name: String
    /// Seconds since 1970.
    package var time: Int64
    package var value: Double

    package init(name: String, time: Int64, value: Double) {
        self.name = name
        self.time = time
        self.value = value
    }
}

/// Points on their way, as bytes: docs/formats/points.md.
package enum PointBatch {
    private static let version: UInt8 = 1
    /// What one batch may have.
    package static let pointsMax = 100_000

    package static func encode(_ points: some Collection<NamedPoint>) -> [UInt8] {
        var bytes = [version]
        bytes.reserveCapacity(16 + points.count * 48)
        append(UInt64(points.count), to: &bytes)
        var time: Int64 = 0
        for point in points {
            var name = point.name
            name.withUTF8 { text in
                append(UInt64(text.count), to: &bytes)
                bytes.append(contentsOf: text)
            }
            let step = point.time &- time
            append(UInt64(bitPattern: step << 1 ^ step >> 63), to: &bytes)
            time = point.time
            withUnsafeBytes(of: point.value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// - Throws: `points.invalid` for what `encode` does not write.
    package static func decode(_ bytes: some Collection<UInt8>) throws(TelemetryProblem) -> [NamedPoint] {
        var reader = Reader(bytes: Array(bytes))
        guard try reader.byte() == version else { throw Reader.invalid("It is of another version.") }
        let count = try reader.varint()
        guard count <= pointsMax else { throw Reader.invalid("It announces \(count) points.") }
        var points: [NamedPoint] = []
        var time: Int64 = 0
        for _ in 0..<count {
            let length = try reader.varint()
            guard length <= SeriesName.bytesMax else { throw Reader.invalid("A name has \(length) bytes.") }
            guard let name = String(validating: try reader.take(Int(length)), as: UTF8.self) else {
                throw Reader.invalid("A name is not UTF-8.")
            }
            let step = try reader.varint()
            time = time &+ (Int64(bitPattern: step >> 1) ^ -Int64(bitPattern: step & 1))
            let bits = try reader.take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            points.append(NamedPoint(name: name, time: time, value: Double(bitPattern: bits)))
        }
        guard reader.isAtEnd else { throw Reader.invalid("More follows the last point.") }
        return points
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { at == bytes.count }

        mutating func byte() throws(TelemetryProblem) -> UInt8 {
            guard at < bytes.count else { throw Self.invalid("It ends too early.") }
            defer { at += 1 }
            return bytes[at]
        }

        mutating func take(_ count: Int) throws(TelemetryProblem) -> ArraySlice<UInt8> {
            guard count <= bytes.count - at else { throw Self.invalid("It ends too early.") }
            defer { at += count }
            return bytes[at..<at + count]
        }

        mutating func varint() throws(TelemetryProblem) -> UInt64 {
            var number: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                let byte = try byte()
                guard shift < 63 || byte <= 1 else { break }
                number |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return number }
            }
            throw Self.invalid("A number is too long.")
        }

        static func invalid(_ cause: String) -> TelemetryProblem {
            TelemetryProblem(
                "points.invalid", "The points were not taken.", cause: cause,
                remedy: "Run the same version of Apus on the host and on the server.")
        }
    }
}
