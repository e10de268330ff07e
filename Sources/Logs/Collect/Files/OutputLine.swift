/// A line of what an instance wrote, as its shim keeps it: `TIME STREAM TAG TEXT`. The time is as RFC 3339 has it, in
/// UTC, the tag `F` for a whole line or the last part of one and `P` for a part.
struct OutputLine {
    enum Source: String, CaseIterable {
        case stdout, stderr
        /// The shim itself.
        case apus
    }

    /// Nanoseconds since 1970.
    let time: Int64
    let source: Source
    let isPart: Bool
    let text: UnsafeRawBufferPointer

    /// Nil if it is none.
    init?(_ line: UnsafeRawBufferPointer) {
        let blank = UInt8(ascii: " ")
        guard let first = line.prefix(40).firstIndex(of: blank),
            let second = line[(first + 1)...].prefix(10).firstIndex(of: blank), second + 2 <= line.count,
            second + 2 == line.count || line[second + 2] == blank,
            let time = Self.time(UnsafeRawBufferPointer(rebasing: line[..<first])),
            let source = Source.allCases.first(where: { $0.rawValue.utf8.elementsEqual(line[(first + 1)..<second]) })
        else { return nil }
        switch line[second + 1] {
        case UInt8(ascii: "F"): isPart = false
        case UInt8(ascii: "P"): isPart = true
        default: return nil
        }
        self.time = time
        self.source = source
        text = UnsafeRawBufferPointer(rebasing: line[min(second + 3, line.count)...])
    }

    /// `2026-11-21T12:00:00.123456789Z`, with any number of digits behind the second.
    private static func time(_ text: UnsafeRawBufferPointer) -> Int64? {
        func number(_ range: Range<Int>) -> Int64? {
            var number: Int64 = 0
            for byte in text[range] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                number = number * 10 + Int64(byte - 0x30)
            }
            return number
        }
        guard text.count >= 20, text.count <= 30, text[text.count - 1] == UInt8(ascii: "Z"),
            text[10] == UInt8(ascii: "T"), let year = number(0..<4), let month = number(5..<7),
            let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16),
            let second = number(17..<19), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var nanoseconds: Int64 = 0
        if text.count > 20 {
            guard text[19] == UInt8(ascii: "."), let fraction = number(20..<text.count - 1) else { return nil }
            nanoseconds = (text.count - 21..<9).reduce(fraction) { value, _ in value * 10 }
        }
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        return seconds * 1_000_000_000 + nanoseconds
    }

    /// Days since 1970. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
