/// One measurement of a line. Points into the text that is being parsed: valid until the receiver returns.
struct StatsdSample {
    /// The key as it was written.
    var key: UnsafeRawPointer
    var keyBytes: Int
    /// `Word.hash` of the key.
    var keyHash: UInt64
    /// What stands after `|#`: `tag:value,tag:value`.
    var tags: UnsafeRawPointer
    var tagBytes: Int
    var kind: StatsdKind
    /// The number; of a set, nothing.
    var value: Double
    /// The value as it was written: the member of a set.
    var member: UnsafeRawPointer
    var memberBytes: Int
    /// Whether the number has a sign: a gauge changes by it.
    var isRelative: Bool
    /// How many measurements this one stands for: 1 / sample rate.
    var weight: Double
    /// Seconds since 1970 as `|T` has them; 0 if it has none.
    var time: Int64
}

/// What a parser finds, in the order of the text.
protocol StatsdReceiver {
    mutating func receive(_ sample: StatsdSample)
    /// A whole event or check, without the newline.
    mutating func receiveNotice(_ kind: StatsdNoticeKind, _ line: UnsafeRawBufferPointer)
    mutating func refuse(_ line: UnsafeRawBufferPointer, _ reason: StatsdBadLineReason)
}

/// Why a line was not taken.
package enum StatsdBadLineReason: String, CaseIterable, Hashable, Sendable {
    case noValue = "it has no value"
    case keyInvalid = "its key is empty or too long"
    case numberInvalid = "its value is no finite number"
    case negativeTimer = "its time is negative"
    case kindUnknown = "its type is unknown"
    case rateInvalid = "its sample rate is not above 0"
    case timeInvalid = "its timestamp is no whole number"
    case sectionInvalid = "a section starts with no letter"
    case tagsTooLong = "its tags are too long"
    case noticeInvalid = "it is no event or check"
    case lineTooLong = "it is too long"
}

/// A line that was not taken, for a log.
package struct StatsdBadLine: Hashable, Sendable {
    /// The line's first bytes, with what is no printable ASCII replaced by `?`.
    package var text: String
    package var reason: StatsdBadLineReason

    static let bytesMax = 120

    init(_ line: UnsafeRawBufferPointer, _ reason: StatsdBadLineReason) {
        text = String(
            decoding: line.prefix(Self.bytesMax).map { $0 >= 0x20 && $0 < 0x7F ? $0 : 0x3F },
            as: UTF8.self)
        self.reason = reason
    }
}
