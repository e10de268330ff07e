/// Reads the parts of a time, from the front.
struct TimeScanner {
    private static let second: Int64 = 1_000_000_000

    private let text: ByteView
    private var index = 0
    private var nanoseconds: Int64 = 0
    private var zone: Int?

    init(_ text: ByteView) { self.text = text }

    // MARK: Forms

    /// `2026-11-21T12:00:00.123Z` and its kin.
    mutating func iso() -> TimeText.Found? {
        guard let year = digits(4), let separator = next, separator == 0x2D || separator == 0x2F else { return nil }
        index += 1
        guard let month = digits(2), take(separator), let day = digits(2) else { return nil }
        guard take(UInt8(ascii: "T")) || take(UInt8(ascii: " ")) || take(UInt8(ascii: "t")) || take(UInt8(ascii: "_"))
        else { return nil }
        guard let clock = clock(secondsOptional: true) else { return nil }
        readZone()
        return found(year, month, day, clock)
    }

    /// `20261121T120000Z`
    mutating func basicISO() -> TimeText.Found? {
        guard let year = digits(4), let month = digits(2), let day = digits(2), take(UInt8(ascii: "T")),
            let hour = digits(2), let minute = digits(2), let second = digits(2)
        else { return nil }
        fraction()
        readZone()
        return found(year, month, day, hour * 3600 + minute * 60 + second)
    }

    /// `21/Nov/2026:12:00:00 +0100`, `21 Nov 2026 12:00:00`, `21/11/2026` is too unclear to be taken.
    mutating func dayFirst() -> TimeText.Found? {
        guard let day = digits(upTo: 2), let separator = next, separator == 0x2F || separator == 0x20 else {
            return nil
        }
        index += 1
        guard let month = month(), take(separator), let year = digits(4) else { return nil }
        guard take(UInt8(ascii: ":")) || take(UInt8(ascii: " ")), let clock = clock(secondsOptional: false) else {
            return nil
        }
        readZone()
        return found(year, month, day, clock)
    }

    /// `1763726400`, `1763726400.123`, milliseconds, microseconds, nanoseconds: by the number of digits.
    mutating func epoch() -> TimeText.Found? {
        var number: Int64 = 0
        var count = 0
        while let digit = digit, count < 19 {
            number = number &* 10 &+ digit
            index += 1
            count += 1
        }
        // What could be another thing's number, or goes on as a word, is no time.
        let scale: Int64
        switch count {
        case 9, 10: scale = 1_000_000_000
        case 12, 13: scale = 1_000_000
        case 15, 16: scale = 1000
        case 18, 19: scale = 1
        default: return nil
        }
        if next == UInt8(ascii: "."), index + 1 < text.count, ByteView.isDigit(text[index + 1]) { fraction() }
        if let next, ByteView.isWord(next) || next == 0x2D || next == 0x2E || next == 0x3A { return nil }
        let (whole, isOver) = number.multipliedReportingOverflow(by: scale)
        guard !isOver, whole >= 0 else { return nil }
        let part = nanoseconds / (Self.second / scale)
        return TimeText.Found(time: whole &+ part, count: index, hasZone: true)
    }

    /// `Nov 21 12:00:00`, `Nov 21 12:00:00 2026`, `Nov 21 2026 12:00:00`, all with a weekday before them or not; the
    /// forms of `dayFirst` with a weekday.
    mutating func worded(now: Int64) -> TimeText.Found? {
        if weekday() {
            while index < text.count, letter { index += 1 }
            _ = take(UInt8(ascii: ","))
            guard take(UInt8(ascii: " ")) else { return nil }
            if digit != nil { return dayFirst() }
        }
        guard let month = month(), take(UInt8(ascii: " ")) else { return nil }
        _ = take(UInt8(ascii: " "))
        guard let day = digits(upTo: 2), take(UInt8(ascii: " ")) else { return nil }
        if index + 4 < text.count, text[index + 4] == UInt8(ascii: " ") {
            guard let year = digits(4), take(UInt8(ascii: " ")), let clock = clock(secondsOptional: false) else {
                return nil
            }
            readZone()
            return found(year, month, day, clock)
        }
        guard let clock = clock(secondsOptional: false) else { return nil }
        let place = index
        if take(UInt8(ascii: " ")) {
            // `12:00:00 UTC 2026` and `12:00:00 2026`.
            let zonePlace = index
            if letter, !named() { index = zonePlace }
            if index > zonePlace { _ = take(UInt8(ascii: " ")) }
            if let year = digits(4), year >= 1970, next.map({ !ByteView.isWord($0) }) ?? true {
                return found(year, month, day, clock)
            }
            zone = nil
            index = place
        }
        return nearest(month, day, clock, to: now)
    }

    // MARK: Parts

    private var next: UInt8? { index < text.count ? text[index] : nil }
    private var letter: Bool { next.map { ($0 | 0x20) &- 0x61 <= 25 } ?? false }
    private var digit: Int64? {
        guard index < text.count, ByteView.isDigit(text[index]) else { return nil }
        return Int64(text[index] &- 0x30)
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < text.count, text[index] == byte else { return false }
        index &+= 1
        return true
    }

    @inline(__always)
    private mutating func digits(_ count: Int) -> Int? {
        guard index &+ count <= text.count else { return nil }
        var number = 0
        for offset in 0..<count {
            let digit = text[index &+ offset] &- 0x30
            guard digit <= 9 else { return nil }
            number = number &* 10 &+ Int(digit)
        }
        index &+= count
        return number
    }

    private mutating func digits(upTo count: Int) -> Int? {
        if index + 1 < text.count, !ByteView.isDigit(text[index + 1]) { return digits(1) }
        return digits(count)
    }

    /// Seconds of the day. A leap second is the one after it.
    @inline(__always)
    private mutating func clock(secondsOptional: Bool) -> Int? {
        guard let hour = digits(2), take(UInt8(ascii: ":")), let minute = digits(2), hour < 24, minute < 60 else {
            return nil
        }
        guard take(UInt8(ascii: ":")) else { return secondsOptional ? hour * 3600 + minute * 60 : nil }
        guard let second = digits(2), second <= 60 else { return nil }
        fraction()
        return hour &* 3600 &+ minute &* 60 &+ second
    }

    @inline(__always)
    private mutating func fraction() {
        guard let mark = next, mark == UInt8(ascii: ".") || mark == UInt8(ascii: ","), index &+ 1 < text.count,
            ByteView.isDigit(text[index &+ 1])
        else { return }
        index &+= 1
        var unit = Self.second / 10
        while let digit = digit {
            nanoseconds &+= digit &* unit
            unit /= 10
            index &+= 1
        }
    }

    private mutating func month() -> Int? {
        guard index + 3 <= text.count else { return nil }
        let word =
            UInt32(text[index] | 0x20) << 16 | UInt32(text[index + 1] | 0x20) << 8 | UInt32(text[index + 2] | 0x20)
        guard let month = Self.months.firstIndex(of: word) else { return nil }
        index += 3
        return month + 1
    }

    private func weekday() -> Bool {
        guard index + 3 <= text.count else { return false }
        let word =
            UInt32(text[index] | 0x20) << 16 | UInt32(text[index + 1] | 0x20) << 8 | UInt32(text[index + 2] | 0x20)
        return Self.weekdays.contains(word)
    }

    private static func words(_ names: String) -> [UInt32] {
        names.split(separator: " ").map { $0.utf8.reduce(0) { $0 << 8 | UInt32($1) } }
    }
    private static let months = words("jan feb mar apr may jun jul aug sep oct nov dec")
    private static let weekdays = words("mon tue wed thu fri sat sun")

    /// `Z`, `+01:00`, `+0100`, `+01`, ` +0100`, ` UTC`, ` GMT`: if there is one.
    @inline(__always)
    private mutating func readZone() {
        let place = index
        if take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) {
            zone = 0
            return
        }
        _ = take(UInt8(ascii: " "))
        if let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            index += 1
            if let hours = digits(2), hours <= 15 {
                let colon = index
                _ = take(UInt8(ascii: ":"))
                var minutes = digits(2)
                if minutes == nil { index = colon }
                if let found = minutes, found > 59 { minutes = nil }
                zone = (hours * 60 + (minutes ?? 0)) * (sign == UInt8(ascii: "-") ? -1 : 1)
                return
            }
        } else if letter, named() {
            return
        }
        index = place
    }

    /// A zone that has a name and is not anywhere else another one.
    private mutating func named() -> Bool {
        for (name, minutes): (StaticString, Int) in [("UTC", 0), ("GMT", 0), ("CEST", 120), ("CET", 60)]
        where text.dropFirst(index).starts(with: name) {
            let end = index + name.utf8CodeUnitCount
            if end < text.count, ByteView.isWord(text[end]) { continue }
            index = end
            zone = minutes
            return true
        }
        return false
    }

    // MARK: Together

    @inline(__always)
    private func found(_ year: Int, _ month: Int, _ day: Int, _ clock: Int) -> TimeText.Found? {
        guard year >= 1970, year <= 2261, month &- 1 < 12, month > 0, day > 0, day <= CivilDay.daysInMonth[month &- 1]
        else { return nil }
        let seconds = CivilDay.days(year, month, day) &* 86_400 &+ clock &- (zone ?? 0) &* 60
        return TimeText.Found(
            time: Int64(seconds) &* Self.second &+ nanoseconds, count: index, hasZone: zone != nil)
    }

    /// In the year that makes it the nearest to now.
    private func nearest(_ month: Int, _ day: Int, _ clock: Int, to now: Int64) -> TimeText.Found? {
        let year = CivilDay.year(ofDay: Int(now / Self.second / 86_400))
        var best: TimeText.Found?
        for candidate in [year, year - 1, year + 1] {
            guard let found = found(candidate, month, day, clock) else { continue }
            if best.map({ abs(found.time - now) < abs($0.time - now) }) ?? true { best = found }
        }
        return best
    }
}
