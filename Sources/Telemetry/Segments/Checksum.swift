import CTelemetry

/// CRC-32C (Castagnoli, RFC 3720) of bytes.
package enum Checksum {
    package static func of(_ bytes: UnsafeRawBufferPointer, after: UInt32 = 0) -> UInt32 {
        ctelemetry_crc32c(after, bytes.baseAddress, bytes.count)
    }

    package static func of(_ bytes: some Collection<UInt8>) -> UInt32 {
        bytes.withContiguousStorageIfAvailable { of(UnsafeRawBufferPointer($0)) }
            ?? Array(bytes).withUnsafeBytes { of($0) }
    }
}
