/// Times as logs write them.
///
/// Taken are RFC 3339 and its kin (`2026-11-21T12:00:00.123+01:00`, with a blank for `T`, a comma for the point,
/// slashes for dashes, seconds left out, `20261121T120000Z`), seconds, milliseconds, microseconds and nanoseconds since
/// 1970, the times of access logs (`21/Nov/2026:12:00:00 +0100`), of syslog (`Nov 21 12:00:00`, with a year before or
/// behind), of C (`Sat Nov 21 12:00:00 2026`), and of mail (`Sat, 21 Nov 2026 12:00:00 GMT`). Without a zone they are in
/// UTC; without a year they are the nearest to now.
package enum TimeText {
    struct Found {
        /// Nanoseconds since 1970, in UTC.
        var time: Int64
        /// Bytes of the text.
        var count: Int
        var hasZone: Bool
    }

    /// The time that a whole text says, without blanks around it; nil if it says none.
    /// - Parameter now: nanoseconds since 1970, for times without a year.
    package static func time(_ text: ByteView, now: Int64) -> Int64? {
        let text = text.trimmed
        guard let found = prefix(text, now: now), found.count == text.count else { return nil }
        return found.time
    }

    /// The time that a text begins with.
    static func prefix(_ text: ByteView, now: Int64) -> Found? {
        guard text.count >= 9 else { return nil }
        var scanner = TimeScanner(text)
        let first = text[0]
        if ByteView.isDigit(first) || first == UInt8(ascii: "-") {
            if text.count >= 10, text[4] == UInt8(ascii: "-") || text[4] == UInt8(ascii: "/") { return scanner.iso() }
            if text[2] == UInt8(ascii: "/") || text[2] == UInt8(ascii: " ") || text[1] == UInt8(ascii: " ") {
                return scanner.dayFirst()
            }
            if text.count >= 15, text[8] == UInt8(ascii: "T") { return scanner.basicISO() }
            return scanner.epoch()
        }
        return scanner.worded(now: now)
    }
}

extension LogTime {
    /// Nanoseconds since 1970 of a time that a person wrote; nil if it is none.
    package static func parse(_ text: String, now: Int64 = 0) -> Int64? {
        var text = text
        return text.withUTF8 { TimeText.time(ByteView(UnsafeRawBufferPointer($0)), now: now) }
    }
}
