extension StatsdSnapshot {
    /// docs/formats/statsd-snapshot.md says what the bytes are.
    static let magic = Array("APSS".utf8)
    /// The second has events behind the series; a snapshot without any is of the first.
    static let versions: ClosedRange<UInt8> = 1...2
    private static let eventsMax = 10_000

    private enum Code {
        static let counter: UInt8 = 1
        static let gaugeSet: UInt8 = 2
        static let gaugeChange: UInt8 = 3
        static let values: UInt8 = 4
        static let wholeValues: UInt8 = 5
        static let histogram: UInt8 = 6
        static let set: UInt8 = 7
        static let timedCounter: UInt8 = 8
        static let timedGauge: UInt8 = 9
    }

    /// The snapshot in bytes.
    package func encoded() -> [UInt8] {
        var writer = SnapshotWriter()
        writer.bytes += Self.magic
        writer.bytes.append(events.isEmpty ? 1 : 2)
        writer.text(Array(agent.utf8.prefix(Self.agentBytesMax)))
        writer.number(interval)
        let fields = [
            counts.packets, counts.packetsDropped, counts.lines, counts.badLines, counts.valuesBeyondKeys,
            counts.valuesLost, counts.noticesLost,
        ]
        for field in fields { writer.number(field) }
        writer.number(UInt64(series.count))
        for one in series {
            writer.text(one.name)
            Self.encode(one.value, &writer)
        }
        if !events.isEmpty {
            writer.number(UInt64(events.count))
            for event in events { Self.encode(event, &writer) }
        }
        return writer.bytes
    }

    private static func encode(_ event: StatsdNotice, _ writer: inout SnapshotWriter) {
        writer.text(Array(event.title.utf8))
        writer.text(Array(event.text.utf8))
        writer.number(UInt64(max(event.time ?? 0, 0)))
        for text in [event.host, event.priority, event.alert, event.aggregationKey, event.sourceType] {
            writer.text(Array((text ?? "").utf8))
        }
        writer.number(UInt64(event.tags.count))
        for tag in event.tags { writer.text(Array(tag.utf8)) }
    }

    private static func readEvent(_ reader: inout SnapshotReader) -> StatsdNotice? {
        func text() -> String? {
            reader.text(bytesMax: 1 << 16).map { String(decoding: $0, as: UTF8.self) }
        }
        guard let title = text(), !title.isEmpty, let body = text(), let time = reader.time() else { return nil }
        var fields: [String?] = []
        for _ in 0..<5 {
            guard let field = text() else { return nil }
            fields.append(field.isEmpty ? nil : field)
        }
        guard let count = reader.count(bytesEach: 1) else { return nil }
        var tags: [String] = []
        for _ in 0..<count {
            guard let tag = text() else { return nil }
            tags.append(tag)
        }
        var event = StatsdNotice(event: title, text: body, time: time > 0 ? time : nil, tags: tags)
        event.host = fields[0]
        event.priority = fields[1]
        event.alert = fields[2]
        event.aggregationKey = fields[3]
        event.sourceType = fields[4]
        return event
    }

    private static func encode(_ value: Value, _ writer: inout SnapshotWriter) {
        switch value {
        case .counter(let sum):
            writer.bytes.append(Code.counter)
            writer.double(sum)
        case .gauge(let value, let isSet, let time):
            writer.bytes.append(isSet ? Code.gaugeSet : Code.gaugeChange)
            writer.double(value)
            writer.number(UInt64(max(time, 0)))
        case .timer(let weight, let values): encode(weight, values, &writer)
        case .histogram(let weight, let totals, let buckets):
            writer.bytes.append(Code.histogram)
            for field in [weight, totals.count, totals.lower, totals.upper, totals.sum, totals.sumOfSquares] {
                writer.double(field)
            }
            writer.number(UInt64(buckets.count))
            var last: UInt32 = 0
            for bucket in buckets {
                writer.number(UInt64(bucket.bucket - last))
                writer.number(bucket.times)
                last = bucket.bucket
            }
        case .set(let members):
            writer.bytes.append(Code.set)
            writer.number(UInt64(members.count))
            for member in members { writer.word(member) }
        case .timed(let kind, let value, let time):
            writer.bytes.append(kind == .counter ? Code.timedCounter : Code.timedGauge)
            writer.double(value)
            writer.number(UInt64(max(time, 0)))
        }
    }

    /// Values in order: whole ones as differences, others as they are.
    private static func encode(_ weight: Double, _ values: [Double], _ writer: inout SnapshotWriter) {
        let isWhole = values.allSatisfy { $0 >= 0 && $0 < 0x1p53 && $0 == $0.rounded() }
        writer.bytes.append(isWhole ? Code.wholeValues : Code.values)
        writer.double(weight)
        writer.number(UInt64(values.count))
        var last: UInt64 = 0
        for value in values {
            if isWhole {
                writer.number(UInt64(value) - last)
                last = UInt64(value)
            } else {
                writer.double(value)
            }
        }
    }

    /// Reads a snapshot whole, or refuses it whole.
    package init(decoding bytes: [UInt8]) throws(TelemetryProblem) {
        guard let read = Self.read(bytes) else {
            throw TelemetryProblem(
                "statsd.snapshot-invalid", "What an agent's statsd counted was not taken.",
                cause: "The \(bytes.count) bytes are no snapshot of version 1 or 2.",
                remedy: "Run the same version of Apus on agents and servers.")
        }
        self = read
    }

    private static func read(_ bytes: [UInt8]) -> StatsdSnapshot? {
        var reader = SnapshotReader(bytes)
        guard reader.take(4).map(Array.init) == magic, let version = reader.byte(), versions.contains(version),
            let agent = reader.text(bytesMax: agentBytesMax), !agent.isEmpty,
            let name = String(validating: agent, as: UTF8.self), let interval = reader.number()
        else { return nil }
        var fields: [UInt64] = []
        for _ in 0..<7 {
            guard let field = reader.number() else { return nil }
            fields.append(field)
        }
        var counts = StatsdCounts()
        counts.packets = fields[0]
        counts.packetsDropped = fields[1]
        counts.lines = fields[2]
        counts.badLines = fields[3]
        counts.valuesBeyondKeys = fields[4]
        counts.valuesLost = fields[5]
        counts.noticesLost = fields[6]
        guard let count = reader.count(bytesEach: 3) else { return nil }
        var snapshot = StatsdSnapshot(agent: name, interval: interval, counts: counts)
        snapshot.series.reserveCapacity(count)
        for _ in 0..<count {
            guard let name = reader.text(bytesMax: SeriesName.bytesMax), isCanonical(name),
                let value = readValue(&reader)
            else { return nil }
            snapshot.series.append(Series(name: Array(name), value: value))
        }
        if version == 2 {
            guard let count = reader.count(bytesEach: 8), count <= eventsMax else { return nil }
            for _ in 0..<count {
                guard let event = readEvent(&reader) else { return nil }
                snapshot.events.append(event)
            }
        }
        return reader.isAtEnd ? snapshot : nil
    }

    /// Whether cleaning would leave the name as it is.
    private static func isCanonical(_ name: ArraySlice<UInt8>) -> Bool {
        name.withUnsafeBytes { StatsdName.canonical(key: $0, tags: UnsafeRawBufferPointer(start: nil, count: 0)) }
            .map { $0[...] == name } ?? false
    }

    private static func readValue(_ reader: inout SnapshotReader) -> Value? {
        guard let code = reader.byte() else { return nil }
        switch code {
        case Code.counter: return reader.double().map(Value.counter)
        case Code.gaugeSet, Code.gaugeChange:
            guard let value = reader.double(), let time = reader.time() else { return nil }
            return .gauge(value, isSet: code == Code.gaugeSet, time: time)
        case Code.values, Code.wholeValues: return readValues(&reader, isWhole: code == Code.wholeValues)
        case Code.histogram: return readHistogram(&reader)
        case Code.set:
            guard let count = reader.count(bytesEach: 8) else { return nil }
            var members: [UInt64] = []
            members.reserveCapacity(count)
            for _ in 0..<count {
                guard let member = reader.word() else { return nil }
                members.append(member)
            }
            return .set(members)
        case Code.timedCounter, Code.timedGauge:
            guard let value = reader.double(), let time = reader.time() else { return nil }
            return .timed(code == Code.timedCounter ? .counter : .gauge, value, time: time)
        default: return nil
        }
    }

    private static func readValues(_ reader: inout SnapshotReader, isWhole: Bool) -> Value? {
        guard let weight = reader.double(), weight >= 0, let count = reader.count(bytesEach: isWhole ? 1 : 8) else {
            return nil
        }
        var values: [Double] = []
        values.reserveCapacity(count)
        var last: UInt64 = 0
        for _ in 0..<count {
            if isWhole {
                guard let more = reader.number(), more < 1 << 53, last + more < 1 << 53 else { return nil }
                last += more
                values.append(Double(last))
            } else {
                guard let value = reader.double(), value >= 0 else { return nil }
                values.append(value)
            }
        }
        return .timer(weight: weight, values: values)
    }

    private static func readHistogram(_ reader: inout SnapshotReader) -> Value? {
        guard let weight = reader.double(), let total = reader.double(), let lower = reader.double(),
            let upper = reader.double(), let sum = reader.double(), let squares = reader.double(), weight >= 0,
            total >= 1, lower >= 0, lower <= upper, let count = reader.count(bytesEach: 2), count > 0
        else { return nil }
        var buckets: [Bucket] = []
        buckets.reserveCapacity(count)
        var last: UInt64 = 0
        for _ in 0..<count {
            guard let step = reader.number(), let times = reader.number(), step < 1 << 32, times > 0,
                times < 1 << 53, LogHistogram.isBucket(last + step), step > 0 || buckets.isEmpty
            else { return nil }
            last += step
            buckets.append(Bucket(bucket: UInt32(last), times: times))
        }
        let totals = Totals(count: total, lower: lower, upper: upper, sum: sum, sumOfSquares: squares)
        return .histogram(weight: weight, totals: totals, buckets: buckets)
    }
}
