import Telemetry

/// A record of the store's log: who sent a batch, which of its batches it is, and the batch.
enum StoredBatch {
    /// Without a sender, number 0 stands for a batch that nobody would send again.
    static func encode(_ batch: LogBatch, _ delivery: LogDelivery?) -> [UInt8] {
        var bytes: [UInt8] = [delivery == nil ? 0 : 1]
        if let delivery {
            bytes.append(text: delivery.sender)
            bytes.append(varint: delivery.number)
        }
        batch.encode(into: &bytes)
        return bytes
    }

    /// Nil if the bytes are no record of this version.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> (batch: LogBatch, delivery: LogDelivery?)? {
        var reader = ByteReader(bytes)
        guard let kind = reader.byte(), kind <= 1 else { return nil }
        var delivery: LogDelivery?
        if kind == 1 {
            guard let sender = reader.text(limit: reader.remaining), let number = reader.varint() else { return nil }
            delivery = LogDelivery(sender: sender, number: number)
        }
        guard let rest = reader.take(reader.remaining), let batch = try? LogBatch(encoded: rest) else { return nil }
        return (batch, delivery)
    }
}
