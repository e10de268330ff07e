/// What a store keeps in memory, behind its lock.
struct StoreState: ~Copyable {
    typealias Refusal = SeriesStoreStatistics.Refusal

    /// What taking a point in needs of a policy, without touching any array inside of it.
    private struct Line {
        var step: Int64
        var retention: Int64
    }

    private(set) var rules: RetentionRules
    /// The most series of a source that has no number of its own.
    var seriesMax: Int
    private var lines: [Line]
    private let futureMax: Int64
    var table: SeriesTable
    var index: SeriesIndex
    var active: Head
    /// The head whose points are being made into blocks.
    var frozen: Head?
    /// Where the log of the active head begins.
    var activeLog: UInt64
    /// By step, in order of their generations.
    var blocks: [Int: [Block]] = [:]
    /// Whether the file of names no longer says what the table does.
    var hasNewNames = false
    /// When idle series were last looked for, in seconds since 1970.
    var idleChecked: Int64 = 0
    var points = 0
    var refused: [Refusal: Int] = [:]
    var refusedBySource: [SourceName: Int] = [:]

    private var record = PointRecordWriter()
    private var levels: [Int8] = []
    /// A record of series that are new, which goes into the log before their points.
    private var newSeries: [UInt8] = []

    init(rules: RetentionRules, seriesMax: Int, futureMax: Int64, manifest: Manifest, seed: UInt64) {
        self.rules = rules
        self.seriesMax = seriesMax
        self.futureMax = futureMax
        lines = Self.lines(rules)
        table = SeriesTable(seed: seed, nextNumber: manifest.nextSeries)
        index = SeriesIndex(seed: seed)
        active = Head(generation: manifest.generation, seriesCount: 0)
        activeLog = manifest.log
    }

    /// Takes other rules, for series that are new from now on.
    mutating func configure(_ new: [RetentionRule]) {
        rules = RetentionRules(new, known: rules.policies)
        lines = Self.lines(rules)
    }

    private static func lines(_ rules: RetentionRules) -> [Line] {
        rules.policies.map { Line(step: Int64($0.archives[0].step), retention: Int64($0.archives[0].retention)) }
    }

    func policy(_ place: UInt32) -> SeriesPolicy { rules.policies[Int(table.records[Int(place)].policy)] }

    mutating func refuse(_ reason: Refusal) { refused[reason, default: 0] += 1 }

    // MARK: - Series

    /// Adds a series whose name is known to be canonical and not live.
    mutating func add(
        _ name: UnsafeRawBufferPointer, number: UInt64? = nil, source: UInt16, now: Int64
    ) -> UInt32 {
        let place = table.add(
            name, number: number, source: source, policy: rules.place(of: name), born: active.generation, now: now)
        while active.seriesCount < table.records.count { active.addSeries() }
        index.add(name, place)
        hasNewNames = true
        return place
    }

    /// Adds a series, and notes that the log has to say so before its points.
    mutating func addAndLog(_ name: UnsafeRawBufferPointer, source: UInt16, now: Int64) -> UInt32 {
        let place = add(name, source: source, now: now)
        if newSeries.isEmpty { newSeries.append(LogRecord.series) }
        newSeries.append(varint: table.records[Int(place)].number)
        newSeries.append(text: table.sources[Int(source)].text)
        newSeries.append(varint: name.count)
        newSeries.append(contentsOf: name)
        return place
    }

    mutating func remove(_ place: UInt32) {
        guard table.records[Int(place)].isLive else { return }
        active.clear(place)
        table.bury(place)
        table.names.bytes(of: place) { index.remove($0, place) }
        hasNewNames = true
    }

    /// Writes to the log that series are deleted, then removes them. Throws having done neither.
    mutating func forget(_ places: [UInt32], in log: WriteAheadLog) throws(FileFault) -> WriteAheadLog.Position {
        try writeNewSeries(to: log)
        if places.isEmpty { return log.end }
        var record = [LogRecord.forget]
        for place in places { record.append(varint: table.records[Int(place)].number) }
        let position = try log.append(record[...])
        for place in places { remove(place) }
        return position
    }

    /// Writes the series to the log that it does not have yet.
    mutating func writeNewSeries(to log: WriteAheadLog) throws(FileFault) {
        if newSeries.isEmpty { return }
        _ = try log.append(newSeries[...])
        newSeries.removeAll(keepingCapacity: true)
    }

    // MARK: - Points

    /// Writes points to the log, then takes them in. Throws having done neither.
    mutating func append(
        _ points: [SeriesPoint], now: Int64, to log: WriteAheadLog
    ) throws(FileFault) -> WriteAheadLog.Position {
        record.begin(now: now, count: points.count)
        if levels.count < points.count { levels = [Int8](repeating: 0, count: points.count) }
        var taken = 0
        for (at, point) in points.enumerated() {
            let level = admit(point, now: now)
            levels[at] = Int8(truncatingIfNeeded: level)
            if level < 0 { continue }
            if !table.records[Int(point.series.index)].isLive { revive(point.series.index, now: now) }
            record.add(table.records[Int(point.series.index)].number, point.time, point.value)
            taken += 1
        }
        try writeNewSeries(to: log)
        guard taken > 0 else { return log.end }
        let position = try record.append(to: log)
        for (at, point) in points.enumerated() where levels[at] >= 0 {
            put(point.series.index, Int(levels[at]), point.time, point.value, now: now)
        }
        self.points += taken
        return position
    }

    /// The archive that a point goes to; -1 if none takes it, which is counted.
    @inline(__always) private mutating func admit(_ point: SeriesPoint, now: Int64) -> Int {
        guard Int(point.series.index) < table.records.count else { return refused(.unknownSeries) }
        guard point.value.isFinite else { return refused(.notFinite) }
        return level(of: point.series.index, time: point.time, now: now)
    }

    @inline(__always) private mutating func level(of place: UInt32, time: Int64, now: Int64) -> Int {
        guard time > 0, time <= now &+ futureMax else { return refused(time > 0 ? .future : .tooOld) }
        let line = lines[Int(table.records[Int(place)].policy)]
        if now &- time < line.retention { return 0 }
        // Older than the finest reaches: the first that does takes it, as whisper's would.
        let archives = policy(place).archives
        return archives.firstIndex { now &- time < Int64($0.retention) } ?? refused(.tooOld)
    }

    private mutating func refused(_ reason: Refusal) -> Int {
        refuse(reason)
        return -1
    }

    @inline(__always) private mutating func put(
        _ place: UInt32, _ level: Int, _ time: Int64, _ value: Double, now: Int64
    ) {
        if level == 0 {
            active.put(place, slot: Int(time / lines[Int(table.records[Int(place)].policy)].step), value, now: now)
        } else {
            let step = policy(place).archives[level].step
            active.putLate(place, level: level, slot: Int(time) / step, value, now: now)
        }
    }

    /// A series that was deleted or forgotten is written again.
    private mutating func revive(_ place: UInt32, now: Int64) {
        let source = table.records[Int(place)].source
        let name = table.names.bytes(of: place) { Array($0) }
        _ = name.withUnsafeBytes { addAndLog($0, source: source, now: now) }
    }

    // MARK: - The log

    /// Takes a record of the log in again. Returns how many points it had; nil if it is none of ours.
    mutating func replay(_ raw: UnsafeRawBufferPointer, now: Int64, hint: inout Int) -> Int? {
        var reader = ByteReader(raw)
        switch reader.byte() {
        case LogRecord.series: return replaySeries(&reader, now: now) ? 0 : nil
        case LogRecord.points: return replayPoints(reader, hint: &hint)
        case LogRecord.forget:
            while reader.remaining > 0 {
                guard let number = reader.varint() else { return nil }
                if let place = table.place(ofNumber: number, hint: &hint) { remove(place) }
            }
            return 0
        default: return nil
        }
    }

    private mutating func replaySeries(_ reader: inout ByteReader, now: Int64) -> Bool {
        while reader.remaining > 0 {
            guard let number = reader.varint(), let text = reader.text(limit: 1 << 16),
                let length = reader.count(limit: ByteTable.lengthMax), let name = reader.take(length),
                let source = table.place(of: SourceName(text))
            else { return false }
            // The file of names may be newer than the log.
            if number < table.nextNumber { continue }
            if let place = table.place(of: name) { remove(place) }
            _ = add(name, number: number, source: source, now: now)
        }
        return true
    }

    private mutating func replayPoints(_ reader: ByteReader, hint: inout Int) -> Int? {
        guard var points = PointRecordReader(reader) else { return nil }
        var count = 0
        while !points.isAtEnd {
            guard let (number, time, value) = points.next() else { return nil }
            guard let place = table.place(ofNumber: number, hint: &hint) else { continue }
            let level = level(of: place, time: time, now: points.now)
            if level < 0 { continue }
            put(place, level, time, value, now: points.now)
            count += 1
        }
        return count
    }
}
