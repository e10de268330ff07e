package import Telemetry

/// A batch as bytes, for disks and wires: docs/formats/log-batch.md.
extension LogBatch {
    static let version: UInt8 = 1

    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        encode(into: &bytes)
        return bytes
    }

    /// Appends the batch to `output`. Of `bytes` only what lines refer to is in it, so that what a rule cut out of a
    /// line goes nowhere.
    package func encode(into output: inout [UInt8]) {
        let textBytes = encodedTextBytes
        output.reserveCapacity(output.count + textBytes + lines.count * 12 + fields.count * 3 + 256)
        output.append(Self.version)
        output.append(varint: streams.count)
        for stream in streams {
            output.append(varint: stream.labels.count)
            for label in stream.labels {
                output.append(text: label.name)
                output.append(text: label.value)
            }
        }
        output.append(varint: names.count)
        for name in names { output.append(text: name) }
        output.append(varint: lines.count)
        output.append(varint: lines.reduce(0) { $0 + Int($1.fieldCount) })
        output.append(varint: textBytes)
        encodeLines(into: &output)
        encodeTexts(into: &output)
    }

    private var encodedTextBytes: Int {
        lines.reduce(0) { sum, line in
            let first = Int(line.firstField)
            return fields[first..<first + Int(line.fieldCount)].reduce(sum + Int(line.message.count)) {
                $0 + Int($1.value.count)
            }
        }
    }

    private func encodeLines(into output: inout [UInt8]) {
        var time: Int64 = 0
        for line in lines {
            output.append(zigzag: Int(line.time &- time))
            time = line.time
            output.append(varint: UInt64(line.stream))
            output.append(line.level)
            output.append(varint: UInt64(line.message.count))
            output.append(varint: UInt64(line.fieldCount))
            let first = Int(line.firstField)
            for field in fields[first..<first + Int(line.fieldCount)] {
                output.append(varint: UInt64(field.name))
                output.append(varint: UInt64(field.value.count))
            }
        }
    }

    /// Texts that follow each other in `bytes` go as one piece.
    private func encodeTexts(into output: inout [UInt8]) {
        bytes.withUnsafeBytes { source in
            var start = 0
            var end = 0
            func add(_ text: Text) {
                if text.count == 0 { return }
                if Int(text.start) != end {
                    output.append(contentsOf: source[start..<end])
                    start = Int(text.start)
                }
                end = Int(text.start) + Int(text.count)
            }
            for line in lines {
                add(line.message)
                let first = Int(line.firstField)
                for field in fields[first..<first + Int(line.fieldCount)] { add(field.value) }
            }
            output.append(contentsOf: source[start..<end])
        }
    }

    /// Reads what `encode` wrote. Never trusts a count that the bytes at hand do not bear out, so any bytes may come.
    package init(encoded: UnsafeRawBufferPointer) throws(TelemetryProblem) {
        var reader = ByteReader(encoded)
        guard let batch = Self.decode(&reader) else {
            throw TelemetryProblem(
                "logs.batch-damaged", "A batch of lines was not read.",
                cause: "Its \(encoded.count) bytes are no batch, or one of a newer version than \(Self.version).",
                remedy: "Look whether both sides run the same version; if they do, look at the disk that held it.")
        }
        self = batch
    }

    package init(encoded: [UInt8]) throws(TelemetryProblem) {
        // A typed error does not pass through withUnsafeBytes of every library version.
        let result = encoded.withUnsafeBytes { raw in
            Result { () throws(TelemetryProblem) in try LogBatch(encoded: raw) }
        }
        self = try result.get()
    }

    private static func decode(_ reader: inout ByteReader) -> LogBatch? {
        guard reader.byte() == version else { return nil }
        var batch = LogBatch()
        guard let streams = reader.count(limit: reader.remaining) else { return nil }
        for _ in 0..<streams {
            guard let stream = decodeStream(&reader) else { return nil }
            batch.streams.append(stream)
        }
        guard let names = reader.count(limit: reader.remaining) else { return nil }
        for _ in 0..<names {
            guard let name = reader.text(limit: reader.remaining) else { return nil }
            batch.names.append(name)
        }
        guard Set(batch.names).count == names else { return nil }
        // A line takes five bytes at least, a field two.
        guard let lines = reader.count(limit: reader.remaining / 5),
            let fields = reader.count(limit: reader.remaining / 2),
            let textBytes = reader.count(limit: reader.remaining),
            batch.decodeLines(&reader, count: lines, fields: fields) == textBytes,
            let texts = reader.take(textBytes), reader.remaining == 0
        else { return nil }
        batch.bytes = [UInt8](texts)
        return batch
    }

    private static func decodeStream(_ reader: inout ByteReader) -> LogStream? {
        guard let count = reader.count(limit: reader.remaining) else { return nil }
        var labels: [LogStream.Label] = []
        for _ in 0..<count {
            guard let name = reader.text(limit: reader.remaining), let value = reader.text(limit: reader.remaining)
            else { return nil }
            labels.append(LogStream.Label(name, value))
        }
        return LogStream(labels)
    }

    /// Returns how many bytes of text there are; nil if the lines are none.
    private mutating func decodeLines(_ reader: inout ByteReader, count: Int, fields fieldCount: Int) -> Int? {
        lines.reserveCapacity(count)
        fields.reserveCapacity(fieldCount)
        var time: Int64 = 0
        var at = 0
        func text(_ count: Int) -> Text? {
            guard at + count <= Int(UInt32.max) else { return nil }
            defer { at += count }
            return Text(start: UInt32(at), count: UInt32(count))
        }
        for _ in 0..<count {
            guard let delta = reader.zigzag(), let stream = reader.count(limit: streams.count), stream < streams.count,
                let level = reader.byte().flatMap(LogLevel.init), let length = reader.count(limit: Int(UInt32.max)),
                let own = reader.count(limit: fieldCount - fields.count), let message = text(length)
            else { return nil }
            time &+= Int64(delta)
            lines.append(
                Line(
                    time: time, stream: UInt32(stream), level: level, message: message,
                    firstField: UInt32(fields.count), fieldCount: UInt32(own)))
            for _ in 0..<own {
                guard let name = reader.count(limit: names.count), name < names.count,
                    let length = reader.count(limit: Int(UInt32.max)), let value = text(length)
                else { return nil }
                fields.append(Field(name: UInt32(name), value: value))
            }
        }
        return fields.count == fieldCount ? at : nil
    }
}
