internal import CTelemetry

#if canImport(Glibc)
    import Glibc
#endif

/// Unpacks bodies that gzip or zlib has packed: `Content-Encoding: gzip` and `deflate`.
package enum Gunzip {
    /// The bytes that `packed` stands for.
    /// - Throws: `gzip.invalid` for what is damaged, or has more than `bytesMax` bytes.
    package static func unpacked(_ packed: [UInt8], bytesMax: Int) throws(TelemetryProblem) -> [UInt8] {
        var output: UnsafeMutablePointer<UInt8>?
        var count = 0
        let result = packed.withUnsafeBytes {
            ctelemetry_gunzip($0.baseAddress, $0.count, bytesMax, &output, &count)
        }
        defer { free(output) }
        switch Int(result) {
        case CTELEMETRY_GUNZIP_FINE: return Array(UnsafeBufferPointer(start: output, count: count))
        case CTELEMETRY_GUNZIP_TOO_LARGE: throw problem("It has more than \(bytesMax) bytes when it is unpacked.")
        default: throw problem("It is damaged or cut off.")
        }
    }

    private static func problem(_ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "gzip.invalid", "The body was not unpacked.", cause: cause,
            remedy: "Send it packed as RFC 1952 says, in smaller batches, or as it is.")
    }
}
