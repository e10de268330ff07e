/// A time within a few days of the corpus's first, all in one month.
struct CalendarTime {
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int
    let nanosecond: Int

    /// - Parameter time: nanoseconds since 1970.
    init(_ time: Int64) {
        let since = Int(time - Corpus.start)
        let seconds = since / 1_000_000_000
        day = 19 + seconds / 86_400
        hour = seconds / 3600 % 24
        minute = seconds / 60 % 60
        second = seconds % 60
        nanosecond = since % 1_000_000_000
    }

    var clock: String { "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))" }
    var milliseconds: String { padded(nanosecond / 1_000_000, 3) }
    var microseconds: String { padded(nanosecond / 1000, 6) }
}
