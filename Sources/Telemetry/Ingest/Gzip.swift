import CTelemetry
import Glibc

/// What clients have packed with gzip or zlib. Sources: RFC 1952, RFC 1950.
package enum Gzip {
    /// - Parameter bytesMax: of what comes out; a small body may hold very much.
    /// - Throws: `gzip.invalid`, `gzip.too-large`.
    package static func unpacked(_ packed: [UInt8], bytesMax: Int) throws(TelemetryProblem) -> [UInt8] {
        var start: UnsafeMutableRawPointer?
        var count = 0
        let fault = packed.withUnsafeBytes {
            ctelemetry_gunzip($0.baseAddress, $0.count, bytesMax, &start, &count)
        }
        guard fault == 0 else {
            guard fault == EFBIG else {
                throw TelemetryProblem(
                    "gzip.invalid", "The body cannot be unpacked.", cause: "It is not gzip or zlib, or is cut off.",
                    remedy: "Send it whole, or without Content-Encoding.")
            }
            throw TelemetryProblem(
                "gzip.too-large", "The body is too large.", cause: "Unpacked it has more than \(bytesMax) bytes.",
                remedy: "Send less at once.")
        }
        defer { free(start) }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}
