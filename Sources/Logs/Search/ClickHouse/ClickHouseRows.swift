import Telemetry

/// Reads ClickHouse's RowBinary.
enum ClickHouseRows {
    static var unreadable: TelemetryProblem {
        TelemetryProblem(
            "clickhouse.answer-invalid", "The answer of ClickHouse was not read.",
            cause: "It is not the rows that were asked for.", remedy: "Look at what answers at the relay's address.")
    }

    /// All rows; nil if one is none.
    static func read<Row>(_ body: [UInt8], _ row: (inout ByteReader) -> Row?) -> [Row]? {
        body.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            var rows: [Row] = []
            while reader.remaining > 0 {
                guard let one = row(&reader) else { return nil }
                rows.append(one)
            }
            return rows
        }
    }

    /// Lines of one stream. One that is there twice, as ClickHouse has not put its parts together yet, counts once.
    static func batch(_ body: [UInt8], _ stream: LogStream) -> LogBatch? {
        var batch = LogBatch()
        batch.streams = [stream]
        guard body.count < Int(UInt32.max) else { return nil }
        batch.bytes = body
        var numbers: [String: UInt32] = [:]
        var before: (time: Int64, sequence: UInt64)?
        let isWhole = body.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            while reader.remaining > 0 {
                guard let time = reader.fixed(Int64.self), let sequence = reader.fixed(UInt64.self),
                    let level = reader.byte().flatMap(LogLevel.init(rawValue:)), let message = reader.place(),
                    let names = reader.places(), let values = reader.places(), names.count == values.count
                else { return false }
                if let before, before == (time, sequence) { continue }
                before = (time, sequence)
                batch.lines.append(
                    LogBatch.Line(
                        time: time, stream: 0, level: level, message: message,
                        firstField: UInt32(batch.fields.count), fieldCount: UInt32(names.count)))
                for (name, value) in zip(names, values) {
                    let text = String(
                        decoding: raw[Int(name.start)..<Int(name.start) + Int(name.count)], as: UTF8.self)
                    let number = numbers[text] ?? UInt32(batch.names.count)
                    if number == batch.names.count {
                        numbers[text] = number
                        batch.names.append(text)
                    }
                    batch.fields.append(LogBatch.Field(name: number, value: value))
                }
            }
            return true
        }
        return isWhole && !batch.lines.isEmpty ? batch : nil
    }
}

extension ByteReader {
    /// Where a text behind its length is.
    fileprivate mutating func place() -> LogBatch.Text? {
        guard let length = count() else { return nil }
        let start = position
        guard take(length) != nil else { return nil }
        return LogBatch.Text(start: UInt32(start), count: UInt32(length))
    }

    fileprivate mutating func places() -> [LogBatch.Text]? {
        guard let count = count(limit: remaining) else { return nil }
        var places: [LogBatch.Text] = []
        for _ in 0..<count {
            guard let place = place() else { return nil }
            places.append(place)
        }
        return places
    }

    mutating func bytes() -> [UInt8]? {
        guard let length = count(), let raw = take(length) else { return nil }
        return Array(raw)
    }

    mutating func texts() -> [String]? {
        guard let count = count(limit: remaining) else { return nil }
        var texts: [String] = []
        for _ in 0..<count {
            guard let text = bytes() else { return nil }
            texts.append(String(decoding: text, as: UTF8.self))
        }
        return texts
    }

    /// Labels: names, then values.
    mutating func stream() -> LogStream? {
        guard let names = texts(), let values = texts(), names.count == values.count else { return nil }
        return LogStream(zip(names, values).map { LogStream.Label($0, $1) })
    }
}
