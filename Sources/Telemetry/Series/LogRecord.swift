/// The records of a store's log. Bytes: docs/formats/series.md.
enum LogRecord {
    /// Series that are new: number, source, name.
    static let series: UInt8 = 1
    /// Points, as they came.
    static let points: UInt8 = 2
    /// Numbers of series that were deleted.
    static let forget: UInt8 = 3
}

/// Writes a record of points: each is a byte that says what follows, then the change of the series' number
/// and of the time where they are not the expected ones, then the value's bytes without the zeros behind them.
struct PointRecordWriter {
    static let nextSeries: UInt8 = 0x10
    static let sameTime: UInt8 = 0x20
    /// The most bytes that a point can take.
    private static let pointBytesMax = 1 + 10 + 10 + 8

    private var bytes: [UInt8] = []
    private var used = 0
    private var lastNumber: UInt64 = 0
    private var lastTime: Int64 = 0

    /// Begins a record with room for `count` points.
    mutating func begin(now: Int64, count: Int) {
        let room = 1 + 10 + count * Self.pointBytesMax
        if bytes.count < room { bytes = [UInt8](repeating: 0, count: room) }
        bytes[0] = LogRecord.points
        used = 1
        bytes.withUnsafeMutableBytes { Self.put(UInt64(bitPattern: now), $0, &used) }
        (lastNumber, lastTime) = (0, now)
    }

    @inline(__always) mutating func add(_ number: UInt64, _ time: Int64, _ value: Double) {
        let pattern = value.bitPattern
        let count = 8 - pattern.trailingZeroBitCount / 8
        var kind = UInt8(truncatingIfNeeded: count)
        let isNext = number == lastNumber &+ 1
        let isSame = time == lastTime
        if isNext { kind |= Self.nextSeries }
        if isSame { kind |= Self.sameTime }
        bytes.withUnsafeMutableBytes { raw in
            raw[used] = kind
            used += 1
            if !isNext { Self.put((Int(bitPattern: UInt(number &- lastNumber))).zigzag, raw, &used) }
            if !isSame { Self.put(Int(time &- lastTime).zigzag, raw, &used) }
            // Always eight bytes; those that do not count are written over by the next.
            raw.storeBytes(of: pattern.bigEndian, toByteOffset: used, as: UInt64.self)
            used += count
        }
        (lastNumber, lastTime) = (number, time)
    }

    @inline(__always) private static func put(_ number: UInt64, _ raw: UnsafeMutableRawBufferPointer, _ used: inout Int)
    {
        var rest = number
        while rest >= 0x80 {
            raw[used] = UInt8(truncatingIfNeeded: rest) | 0x80
            used += 1
            rest >>= 7
        }
        raw[used] = UInt8(truncatingIfNeeded: rest)
        used += 1
    }

    /// Writes the record to a log.
    func append(to log: WriteAheadLog) throws(FileFault) -> WriteAheadLog.Position {
        try log.append(bytes[..<used])
    }
}

/// Reads a record of points behind its kind. Nil at the end, and where the bytes are no points.
struct PointRecordReader {
    let now: Int64
    private var reader: ByteReader
    private var number: UInt64 = 0
    private var time: Int64

    init?(_ reader: ByteReader) {
        self.reader = reader
        guard let now = self.reader.varint() else { return nil }
        self.now = Int64(bitPattern: now)
        time = self.now
    }

    var isAtEnd: Bool { reader.remaining == 0 }

    mutating func next() -> (number: UInt64, time: Int64, value: Double)? {
        guard let kind = reader.byte() else { return nil }
        if kind & PointRecordWriter.nextSeries != 0 {
            number &+= 1
        } else {
            guard let change = reader.zigzag() else { return nil }
            number &+= UInt64(bitPattern: Int64(change))
        }
        if kind & PointRecordWriter.sameTime == 0 {
            guard let change = reader.zigzag() else { return nil }
            time &+= Int64(change)
        }
        guard kind & 0x0F <= 8, let bytes = reader.take(Int(kind & 0x0F)) else { return nil }
        var pattern: UInt64 = 0
        for byte in bytes { pattern = pattern << 8 | UInt64(byte) }
        return (number, time, Double(bitPattern: bytes.isEmpty ? 0 : pattern << UInt64(64 - 8 * bytes.count)))
    }
}
