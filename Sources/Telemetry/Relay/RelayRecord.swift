/// One batch of a relay, being written: points, or another body of so many entries. docs/formats/relay-buffer.md.
struct RelayRecord {
    /// What one may have.
    static let pointsMax = 10_000
    /// The most bytes of a body.
    static let bytesMax = 64 << 20
    /// Smaller ones are kept as they are.
    private static let compressedMin = 512

    private(set) var count = 0
    private var body: [UInt8] = []
    private var time: Int64 = 0

    var isFull: Bool { count >= Self.pointsMax }

    init() {}

    /// - Parameter body: what `count` entries are, in a form of the relay's owner.
    init(count: Int, body: [UInt8]) {
        self.count = count
        self.body = body
    }

    mutating func add(_ name: UnsafeRawBufferPointer, _ point: SeriesPoint) {
        body.append(varint: name.count)
        body.append(contentsOf: name)
        body.append(zigzag: Int(point.time &- time))
        time = point.time
        body.append(fixed: point.value.bitPattern)
        count += 1
    }

    /// What is in front of the points of a record.
    struct Head {
        var number: UInt64
        var count: Int
        /// Bytes of the points when they are unpacked; 0: they are not packed.
        var unpacked: Int
        fileprivate var start: Int
    }

    func encode(number: UInt64, _ zstd: Zstd) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24 + body.count)
        bytes.append(fixed: number)
        bytes.append(varint: count)
        if body.count >= Self.compressedMin,
            let packed = zstd.compress(body, under: body.count, { Array($0) })
        {
            bytes.append(varint: body.count)
            return bytes + packed
        }
        bytes.append(varint: 0)
        return bytes + body
    }

    static func head(_ record: UnsafeRawBufferPointer) -> Head? {
        var reader = ByteReader(record)
        guard let number = reader.fixed(UInt64.self), let count = reader.count(limit: pointsMax),
            let unpacked = reader.count(limit: bytesMax)
        else { return nil }
        return Head(number: number, count: count, unpacked: unpacked, start: reader.position)
    }

    /// What a record has in it, unpacked; nil if it is not one.
    static func content(_ record: [UInt8]) -> (count: Int, body: [UInt8])? {
        record.withUnsafeBytes { raw in
            guard let head = head(raw) else { return nil }
            let rest = UnsafeRawBufferPointer(rebasing: raw[head.start...])
            guard head.unpacked > 0 else { return (head.count, Array(rest)) }
            return Zstd().decompress(rest, count: head.unpacked).map { (head.count, $0) }
        }
    }

    /// The points of a record; nil if it is not one.
    static func points(_ record: [UInt8]) -> [NamedPoint]? {
        guard let (count, body) = content(record) else { return nil }
        return body.withUnsafeBytes { points($0, count: count) }
    }

    private static func points(_ body: UnsafeRawBufferPointer, count: Int) -> [NamedPoint]? {
        var reader = ByteReader(body)
        var points: [NamedPoint] = []
        points.reserveCapacity(count)
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
