import Telemetry

extension StoredBlock {
    /// All lines, as they were before they were sealed.
    func batch() throws(TelemetryProblem) -> LogBatch {
        var batch = LogBatch()
        batch.streams = [stream]
        batch.names = fieldNames
        let (times, levels) = (try times(), try levels())
        var texts: [UInt8] = []
        func keep(_ value: UnsafeRawBufferPointer) -> LogBatch.Text {
            defer { texts += value }
            return LogBatch.Text(start: UInt32(texts.count), count: UInt32(value.count))
        }
        var messages: [LogBatch.Text] = []
        try message.texts(at: 0..<rows) { _, text in messages.append(keep(text)) }
        var values = [[LogBatch.Field]](repeating: [], count: rows)
        for (place, field) in fields.enumerated() {
            let present = try presence(field).list
            try field.column.texts(at: present.indices) { index, text in
                values[present[index]].append(LogBatch.Field(name: UInt32(place), value: keep(text)))
            }
        }
        for row in 0..<rows {
            batch.lines.append(
                LogBatch.Line(
                    time: times[row], stream: 0, level: levels[row], message: messages[row],
                    firstField: UInt32(batch.fields.count), fieldCount: UInt32(values[row].count)))
            batch.fields += values[row]
        }
        batch.bytes = texts
        return batch
    }
}
