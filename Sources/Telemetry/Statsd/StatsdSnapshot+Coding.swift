extension StatsdSnapshot {
    /// docs/formats/statsd-snapshot.md says what the bytes are.
    static let magic = Array("APSS".utf8)
    /// The second has events behind the series; a snapshot without any is of the first.
    static let versions: ClosedRange<UInt8> = 1...2
    private static let eventsMax = 10_000
    /// Of a text of an event.
    private static let textBytesMax = 1 << 16

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
        var writer = Self.magic
        writer.append(events.isEmpty ? 1 : 2)
        writer.append(counted: agent.utf8.prefix(Self.agentBytesMax))
        writer.append(varint: interval)
        let fields = [
            counts.packets, counts.packetsDropped, counts.lines, counts.badLines, counts.valuesBeyondKeys,
            counts.valuesLost, counts.noticesLost,
        ]
        for field in fields { writer.append(varint: field) }
        writer.append(varint: series.count)
        for one in series {
            writer.append(counted: one.name)
            Self.encode(one.value, &writer)
        }
        if !events.isEmpty {
            writer.append(varint: events.count)
            for event in events { Self.encode(event, &writer) }
        }
        return writer
    }

    private static func encode(_ event: StatsdNotice, _ writer: inout [UInt8]) {
        writer.append(counted: event.title.utf8)
        writer.append(counted: event.text.utf8)
        writer.append(varint: UInt64(max(event.time ?? 0, 0)))
        for text in [event.host, event.priority, event.alert, event.aggregationKey, event.sourceType] {
            writer.append(counted: (text ?? "").utf8)
        }
        writer.append(varint: event.tags.count)
        for tag in event.tags { writer.append(counted: tag.utf8) }
    }

    private static func readEvent(_ reader: inout ByteReader) -> StatsdNotice? {
        guard let title = reader.text(limit: textBytesMax), !title.isEmpty,
            let text = reader.text(limit: textBytesMax), let time = reader.time()
        else { return nil }
        var fields: [String?] = []
        for _ in 0..<5 {
            guard let field = reader.text(limit: textBytesMax) else { return nil }
            fields.append(field.isEmpty ? nil : field)
        }
        guard let count = reader.things(bytesEach: 1) else { return nil }
        var tags: [String] = []
        for _ in 0..<count {
            guard let tag = reader.text(limit: textBytesMax) else { return nil }
            tags.append(tag)
        }
        var event = StatsdNotice(event: title, text: text, time: time > 0 ? time : nil, tags: tags)
        event.host = fields[0]
        event.priority = fields[1]
        event.alert = fields[2]
        event.aggregationKey = fields[3]
        event.sourceType = fields[4]
        return event
    }

    private static func encode(_ value: Value, _ writer: inout [UInt8]) {
        switch value {
        case .counter(let sum):
            writer.append(Code.counter)
            writer.append(double: sum)
        case .gauge(let value, let isSet, let time):
            writer.append(isSet ? Code.gaugeSet : Code.gaugeChange)
            writer.append(double: value)
            writer.append(varint: UInt64(max(time, 0)))
        case .timer(let weight, let values): encode(weight, values, &writer)
        case .histogram(let weight, let totals, let buckets):
            writer.append(Code.histogram)
            for field in [weight, totals.count, totals.lower, totals.upper, totals.sum, totals.sumOfSquares] {
                writer.append(double: field)
            }
            writer.append(varint: buckets.count)
            var last: UInt32 = 0
            for bucket in buckets {
                writer.append(varint: UInt64(bucket.bucket - last))
                writer.append(varint: bucket.times)
                last = bucket.bucket
            }
        case .set(let members):
            writer.append(Code.set)
            writer.append(varint: members.count)
            for member in members { writer.append(fixed: member) }
        case .timed(let kind, let value, let time):
            writer.append(kind == .counter ? Code.timedCounter : Code.timedGauge)
            writer.append(double: value)
            writer.append(varint: UInt64(max(time, 0)))
        }
    }

    /// Values in order: whole ones as differences, others as they are.
    private static func encode(_ weight: Double, _ values: [Double], _ writer: inout [UInt8]) {
        let isWhole = values.allSatisfy { $0 >= 0 && $0 < 0x1p53 && $0 == $0.rounded() }
        writer.append(isWhole ? Code.wholeValues : Code.values)
        writer.append(double: weight)
        writer.append(varint: values.count)
        var last: UInt64 = 0
        for value in values {
            if isWhole {
                writer.append(varint: UInt64(value) - last)
                last = UInt64(value)
            } else {
                writer.append(double: value)
            }
        }
    }

    /// Reads a snapshot whole, or refuses it whole.
    package init(decoding bytes: [UInt8]) throws(TelemetryProblem) {
        guard let read = bytes.withUnsafeBytes({ Self.read($0) }) else {
            throw TelemetryProblem(
                "statsd.snapshot-invalid", "What an agent's statsd counted was not taken.",
                cause: "The \(bytes.count) bytes are no snapshot of version 1 or 2.",
                remedy: "Run the same version of Apus on agents and servers.")
        }
        self = read
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) -> StatsdSnapshot? {
        var reader = ByteReader(bytes)
        guard reader.take(4)?.elementsEqual(magic) == true, let version = reader.byte(), versions.contains(version),
            let name = reader.text(limit: agentBytesMax), !name.isEmpty, let interval = reader.varint()
        else { return nil }
        var fields: [UInt64] = []
        for _ in 0..<7 {
            guard let field = reader.varint() else { return nil }
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
        guard let count = reader.things(bytesEach: 3) else { return nil }
        var snapshot = StatsdSnapshot(agent: name, interval: interval, counts: counts)
        snapshot.series.reserveCapacity(count)
        for _ in 0..<count {
            guard let length = reader.count(limit: SeriesName.bytesMax), let name = reader.take(length),
                isCanonical(name),
                let value = readValue(&reader)
            else { return nil }
            snapshot.series.append(Series(name: Array(name), value: value))
        }
        if version == 2 {
            guard let count = reader.things(bytesEach: 8), count <= eventsMax else { return nil }
            for _ in 0..<count {
                guard let event = readEvent(&reader) else { return nil }
                snapshot.events.append(event)
            }
        }
        return reader.remaining == 0 ? snapshot : nil
    }

    /// Whether cleaning would leave the name as it is.
    private static func isCanonical(_ name: UnsafeRawBufferPointer) -> Bool {
        StatsdName.canonical(key: name, tags: UnsafeRawBufferPointer(start: nil, count: 0))?.elementsEqual(name)
            ?? false
    }

    private static func readValue(_ reader: inout ByteReader) -> Value? {
        guard let code = reader.byte() else { return nil }
        switch code {
        case Code.counter: return reader.finite().map(Value.counter)
        case Code.gaugeSet, Code.gaugeChange:
            guard let value = reader.finite(), let time = reader.time() else { return nil }
            return .gauge(value, isSet: code == Code.gaugeSet, time: time)
        case Code.values, Code.wholeValues: return readValues(&reader, isWhole: code == Code.wholeValues)
        case Code.histogram: return readHistogram(&reader)
        case Code.set:
            guard let count = reader.things(bytesEach: 8) else { return nil }
            var members: [UInt64] = []
            members.reserveCapacity(count)
            for _ in 0..<count {
                guard let member = reader.fixed(UInt64.self) else { return nil }
                members.append(member)
            }
            return .set(members)
        case Code.timedCounter, Code.timedGauge:
            guard let value = reader.finite(), let time = reader.time() else { return nil }
            return .timed(code == Code.timedCounter ? .counter : .gauge, value, time: time)
        default: return nil
        }
    }

    private static func readValues(_ reader: inout ByteReader, isWhole: Bool) -> Value? {
        guard let weight = reader.finite(), weight >= 0, let count = reader.things(bytesEach: isWhole ? 1 : 8) else {
            return nil
        }
        var values: [Double] = []
        values.reserveCapacity(count)
        var last: UInt64 = 0
        for _ in 0..<count {
            if isWhole {
                guard let more = reader.varint(), more < 1 << 53, last + more < 1 << 53 else { return nil }
                last += more
                values.append(Double(last))
            } else {
                guard let value = reader.finite(), value >= 0 else { return nil }
                values.append(value)
            }
        }
        return .timer(weight: weight, values: values)
    }

    private static func readHistogram(_ reader: inout ByteReader) -> Value? {
        guard let weight = reader.finite(), let total = reader.finite(), let lower = reader.finite(),
            let upper = reader.finite(), let sum = reader.finite(), let squares = reader.finite(), weight >= 0,
            total >= 1, lower >= 0, lower <= upper, let count = reader.things(bytesEach: 2), count > 0
        else { return nil }
        var buckets: [Bucket] = []
        buckets.reserveCapacity(count)
        var last: UInt64 = 0
        for _ in 0..<count {
            guard let step = reader.varint(), let times = reader.varint(), step < 1 << 32, times > 0,
                times < 1 << 53, LogHistogram.isBucket(last + step), step > 0 || buckets.isEmpty
            else { return nil }
            last += step
            buckets.append(Bucket(bucket: UInt32(last), times: times))
        }
        let totals = Totals(count: total, lower: lower, upper: upper, sum: sum, sumOfSquares: squares)
        return .histogram(weight: weight, totals: totals, buckets: buckets)
    }
}

extension ByteReader {
    /// A number that is finite.
    fileprivate mutating func finite() -> Double? {
        guard let word = fixed(UInt64.self) else { return nil }
        let value = Double(bitPattern: word)
        return value.isFinite ? value : nil
    }

    /// A time, in seconds or milliseconds since 1970, before the year 10000.
    fileprivate mutating func time() -> Int64? {
        guard let number = varint(), number < 253_402_300_800_000 else { return nil }
        return Int64(number)
    }

    /// How many things follow that take at least so many bytes each: never more than there can be.
    fileprivate mutating func things(bytesEach: Int) -> Int? {
        guard let number = varint(), number <= UInt64(remaining / bytesEach) else { return nil }
        return Int(number)
    }
}

extension [UInt8] {
    fileprivate mutating func append(double value: Double) { append(fixed: value.bitPattern) }

    fileprivate mutating func append(counted text: some Collection<UInt8>) {
        append(varint: text.count)
        append(contentsOf: text)
    }
}
