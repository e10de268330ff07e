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
        bytes.append(varint: points.count)
        var time: Int64 = 0
        for point in points {
            bytes.append(text: point.name)
            bytes.append(zigzag: Int(point.time &- time))
            time = point.time
            bytes.append(fixed: point.value.bitPattern)
        }
        return bytes
    }

    /// - Throws: `points.invalid` for what `encode` does not write.
    package static func decode(_ bytes: some Collection<UInt8>) throws(TelemetryProblem) -> [NamedPoint] {
        let bytes = Array(bytes)
        guard let points = bytes.withUnsafeBytes({ read($0) }) else {
            throw TelemetryProblem(
                "points.invalid", "The points were not taken.",
                cause: "The \(bytes.count) bytes are no batch of version \(version).",
                remedy: "Run the same version of Apus on the host and on the server.")
        }
        return points
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) -> [NamedPoint]? {
        var reader = ByteReader(bytes)
        guard reader.byte() == version, let count = reader.count(limit: pointsMax) else { return nil }
        var points: [NamedPoint] = []
        var time: Int64 = 0
        for _ in 0..<count {
            guard let name = reader.text(limit: SeriesName.bytesMax), let step = reader.zigzag(),
                let bits = reader.fixed(UInt64.self)
            else { return nil }
            time = time &+ Int64(step)
            points.append(NamedPoint(name: name, time: time, value: Double(bitPattern: bits)))
        }
        return reader.remaining == 0 ? points : nil
    }
}
