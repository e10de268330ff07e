/// Turns carbon's lines and pickles into points of a sink, in place.
///
///     line = name 1*blank value 1*blank time     ; time: seconds since 1970, -1 or N for now
///
/// Names come again and again, so the sink's numbers are kept by the names as they are written. Refusals are
/// kept too, for a minute: a flood of them costs the sink nothing.
/// Source: graphite-web, docs/feeding-carbon.rst; carbon, lib/carbon/protocols.py.
final class CarbonReceiver {
    /// Names that are kept; with more, all are forgotten and asked for again.
    static let namesMax = 2_000_000
    private static let nameBytesMax = 512 << 20
    private static let batch = 8192
    private static let refused = UInt32.max
    private static let refusalSeconds: Int64 = 60

    private(set) var counts = CarbonCounts()
    /// Seconds since 1970, as of the last data.
    var now: Int64 = 0
    /// The last refusal of the sink to take points.
    private var failure: TelemetryProblem?

    private let sink: any PointSink
    private let source: SourceName
    private var names: FlatTable<UInt32>
    private var refusals = 0
    private var refusalsEnd: Int64 = 0
    private var points: [SeriesPoint] = []

    init(sink: any PointSink, source: SourceName, seed: UInt64) {
        self.sink = sink
        self.source = source
        names = FlatTable(seed: seed)
        points.reserveCapacity(Self.batch)
    }

    deinit { names.free() }

    /// Takes in whole lines, in memory that is padded as `PaddedBytes` says.
    func receive(closed start: UnsafeRawPointer, count: Int) {
        let end = start + count
        var at = start
        while at < end {
            if at.load(as: UInt8.self) == ASCII.newline {
                at += 1
                continue
            }
            let newline = StatsdParser.newline(at)
            line(at, newline)
            at = newline + 1
        }
    }

    /// Counts what is refused before it is parsed.
    func refuse() { counts.bad &+= 1 }

    func takeFailure() -> TelemetryProblem? {
        defer { failure = nil }
        return failure
    }

    func countDrops(_ more: UInt64) { counts.packetsDropped += more }

    private func line(_ start: UnsafeRawPointer, _ newline: UnsafeRawPointer) {
        let (nameEnd, hash) = scanName(start)
        var at = nameEnd
        while Self.isBlank(at) { at += 1 }
        let value = at
        while !Self.isEnd(at) { at += 1 }
        let valueEnd = at
        while Self.isBlank(at) { at += 1 }
        let time = at
        while !Self.isEnd(at) { at += 1 }
        let timeEnd = at
        while Self.isBlank(at) || at.load(as: UInt8.self) == ASCII.carriageReturn { at += 1 }
        guard at == newline, nameEnd > start, let number = DecimalNumber.parse(value, valueEnd),
            let seconds = seconds(time, timeEnd)
        else {
            counts.bad &+= 1
            return
        }
        add(start, nameEnd - start, hash, seconds, number)
    }

    /// The first blank or newline, and the hash of what is before it.
    @inline(__always)
    private func scanName(_ start: UnsafeRawPointer) -> (end: UnsafeRawPointer, hash: UInt64) {
        var hash = names.seed
        var at = start
        while true {
            let word = Word.load(at)
            // Whatever is below `!`: blanks, tabs and the newline.
            let found = Word.bytesBelow(word, 0x21)
            if found != 0 {
                let count = found.trailingZeroBitCount &>> 3
                return (at + count, Word.step(hash, Word.prefix(word, count)))
            }
            hash = Word.step(hash, word)
            at += 8
        }
    }

    @inline(__always)
    private static func isBlank(_ at: UnsafeRawPointer) -> Bool {
        let byte = at.load(as: UInt8.self)
        return byte == ASCII.space || byte == 0x09
    }

    @inline(__always)
    private static func isEnd(_ at: UnsafeRawPointer) -> Bool { at.load(as: UInt8.self) <= ASCII.space }

    /// Whole seconds since 1970; a fraction is cut off.
    private func seconds(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) -> Int64? {
        if end - start == 1, start.load(as: UInt8.self) == UInt8(ascii: "N") { return now }
        guard let number = DecimalNumber.parse(start, end) else { return nil }
        return seconds(number)
    }

    private func seconds(_ number: Double) -> Int64? {
        if number == -1 { return now }
        // The year 10000.
        guard number >= 0, number < 253_402_300_800 else { return nil }
        return Int64(number)
    }

    @inline(__always)
    private func add(_ name: UnsafeRawPointer, _ count: Int, _ hash: UInt64, _ time: Int64, _ value: Double) {
        guard count < 1 << 16 else {
            counts.bad &+= 1
            return
        }
        let identity = FlatTable<UInt32>.identity(keyBytes: count, tagBytes: 0, kind: .gauge)
        let finished = FlatTable<UInt32>.finish(keyHash: hash, tags: name, tagBytes: 0, identity: identity)
        let number = names.find(hash: finished, identity: identity, key: name, tags: name)
        let series = number >= 0 ? names.entries[number].state : admit(name, count, hash: finished, identity: identity)
        guard series != Self.refused else {
            counts.refused &+= 1
            return
        }
        points.append(SeriesPoint(series: SeriesID(index: series), time: time, value: value))
        if points.count >= Self.batch { pass() }
    }

    @inline(never)
    private func admit(_ name: UnsafeRawPointer, _ count: Int, hash: UInt64, identity: UInt64) -> UInt32 {
        if names.count >= Self.namesMax || names.keyBytes >= Self.nameBytesMax || (refusals > 0 && now >= refusalsEnd) {
            names.removeAll()
            refusals = 0
        }
        var series = Self.refused
        let text = String(validating: UnsafeRawBufferPointer(start: name, count: count), as: UTF8.self)
        if let text, let canonical = try? SeriesName(text) {
            let bytes = Array(canonical.text.utf8)
            series = sink.series(named: bytes.span, source: source)?.index ?? Self.refused
        }
        if series == Self.refused {
            if refusals == 0 { refusalsEnd = now + Self.refusalSeconds }
            refusals += 1
        }
        _ = names.insert(hash: hash, identity: identity, key: name, tags: name, state: series)
        return series
    }

    /// Takes in the body of a pickle. All of its points, or none.
    func receive(pickle body: UnsafeRawBufferPointer) {
        guard let found = CarbonPickle.points(body) else {
            counts.bad &+= 1
            return
        }
        for point in found {
            // Names are compared by whole words, so they need bytes behind them.
            let name = Array(body[point.name]) + [0, 0, 0, 0, 0, 0, 0, 0]
            guard let time = seconds(point.time), point.value.isFinite, name.count > 8 else {
                counts.bad &+= 1
                continue
            }
            name.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                let count = bytes.count - 8
                add(start, count, Word.hash(start, count: count, from: names.seed), time, point.value)
            }
        }
    }

    /// Hands on what has come so far. Called when nothing more waits: from then on the points are safe.
    func pass() {
        guard !points.isEmpty else { return }
        do {
            try sink.append(points)
            counts.points &+= UInt64(points.count)
        } catch {
            failure = error
            counts.failed &+= UInt64(points.count)
        }
        points.removeAll(keepingCapacity: true)
    }
}
