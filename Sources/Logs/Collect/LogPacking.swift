import CZstd
package import Telemetry

/// Batches as they are kept in an agent's buffer and sent: a varint of the size of the encoded batch, then that batch
/// through zstd.
extension LogBatch {
    package static let packedBytesMax = 64 << 20

    /// Reads what `LogPacker` made.
    package init(packed: UnsafeRawBufferPointer) throws(TelemetryProblem) {
        var reader = ByteReader(packed)
        guard let size = reader.count(limit: Self.packedBytesMax), let rest = reader.take(reader.remaining) else {
            throw Self.damaged("it does not say its size")
        }
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            result = ZSTD_decompress(buffer.baseAddress, size, rest.baseAddress, rest.count)
            filled = ZSTD_isError(result) == 0 ? result : 0
        }
        guard bytes.count == size, ZSTD_isError(result) == 0 else { throw Self.damaged("it is not what it says") }
        try self.init(encoded: bytes)
    }

    package init(packed: [UInt8]) throws(TelemetryProblem) {
        var result: Result<LogBatch, TelemetryProblem>?
        packed.withUnsafeBytes { bytes in
            result = Result { () throws(TelemetryProblem) in try LogBatch(packed: bytes) }
        }
        guard let result else { throw Self.damaged("it is empty") }
        self = try result.get()
    }

    private static func damaged(_ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "logs.batch-damaged", "A batch of log lines was not read.", cause: "Packed as it is, \(cause).",
            remedy: "Look at the disk of the host that sent it; its other batches are read.")
    }
}

/// Packs batches. For one thread.
package final class LogPacker {
    private let context: OpaquePointer
    private var encoded: [UInt8] = []

    package init() {
        guard let context = ZSTD_createCCtx() else { preconditionFailure("no memory for zstd") }
        self.context = context
        // The lowest level takes a tenth of the time of the others and leaves a fifth more bytes.
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
    }

    deinit { ZSTD_freeCCtx(context) }

    package func pack(_ batch: LogBatch) -> [UInt8] {
        encoded.removeAll(keepingCapacity: true)
        batch.encode(into: &encoded)
        var front: [UInt8] = []
        front.append(varint: encoded.count)
        let bound = ZSTD_compressBound(encoded.count)
        // Only what is written to takes memory.
        return [UInt8](unsafeUninitializedCapacity: front.count + bound) { buffer, filled in
            for (index, byte) in front.enumerated() { buffer[index] = byte }
            filled =
                front.count
                + ZSTD_compress2(
                    context, buffer.baseAddress.map { $0 + front.count }, bound, encoded, encoded.count)
        }
    }
}
