import CTelemetry
import Glibc

/// What clients have packed with gzip or zlib, and what is packed for servers. Sources: RFC 1952, RFC 1950.
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

    /// Nil if there is no memory for it.
    package static func packed(_ bytes: [UInt8]) -> [UInt8]? {
        var start: UnsafeMutableRawPointer?
        var count = 0
        let fault = bytes.withUnsafeBytes { ctelemetry_gzip($0.baseAddress, $0.count, &start, &count) }
        guard fault == 0 else { return nil }
        defer { free(start) }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}
