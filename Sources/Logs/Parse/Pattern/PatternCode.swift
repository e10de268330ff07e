import CPCRE2
package import Telemetry

/// A regular expression in PCRE2's syntax, ready to be matched by any number of threads.
package final class PatternCode: @unchecked Sendable {
    /// Longer ones are refused.
    static let textBytesMax = 64 << 10

    let code: OpaquePointer
    /// Named groups with their numbers. A name may be there twice.
    let groups: [(name: String, number: Int)]
    let groupCount: Int

    package init(_ text: String) throws(TelemetryProblem) {
        guard text.utf8.count <= Self.textBytesMax else {
            throw Self.problem(text, "It has \(text.utf8.count) bytes, and \(Self.textBytesMax) are taken.")
        }
        var (error, offset): (Int32, Int) = (0, 0)
        let options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DUPNAMES | PCRE2_NEVER_BACKSLASH_C
        let bytes = Array(text.utf8)
        guard let code = pcre2_compile_8(bytes, bytes.count, options, &error, &offset, nil) else {
            var message = [UInt8](repeating: 0, count: 256)
            pcre2_get_error_message_8(error, &message, message.count)
            throw Self.problem(
                text, "At byte \(offset): \(String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)).")
        }
        // Where there is no JIT, the interpreter matches: slower, and the same.
        pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
        self.code = code
        var count: UInt32 = 0
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
        groupCount = Int(count)
        groups = Self.groups(of: code)
    }

    deinit { pcre2_code_free_8(code) }

    private static func groups(of code: OpaquePointer) -> [(name: String, number: Int)] {
        var (count, size): (UInt32, UInt32) = (0, 0)
        var table: UnsafePointer<UInt8>?
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size)
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
        guard let table else { return [] }
        return (0..<Int(count)).map { index in
            let entry = table + index * Int(size)
            return (String(cString: entry + 2), Int(entry[0]) << 8 | Int(entry[1]))
        }
    }

    private static func problem(_ text: String, _ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "logs.pattern", "The regular expression \"\(text.prefix(200))\" cannot be used.", cause: cause,
            remedy: "Mend it; it is PCRE2's syntax.")
    }
}
