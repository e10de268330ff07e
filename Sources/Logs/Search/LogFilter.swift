/// What a search demands of a line.
package indirect enum LogFilter: Sendable {
    case all
    case and([LogFilter])
    case or([LogFilter])
    case not(LogFilter)
    case condition(LogCondition)
}

/// A demand on one field. Labels of the stream, `level`, `time` and `message` are asked for as fields are; a
/// name that is both is the field's.
package struct LogCondition: Sendable {
    /// `message` if the query names none.
    package var field: String
    package var test: LogTest

    package init(field: String = "message", _ test: LogTest) {
        self.field = field
        self.test = test
    }
}

/// What is asked of a field's value. A *word* is a longest run of ASCII letters, digits, `_` and bytes of
/// 0x80 and above. Words and phrases are compared without the case of ASCII letters, values with it.
package enum LogTest: Sendable {
    /// The bytes are in the value, and do not begin or end within a word: `timed out` is in `it timed out.`
    /// and not in `timed outside`. Lower case. One word is the simplest phrase.
    case phrase([UInt8])
    /// As `phrase`, but its end may be within a word: `time*`. Lower case.
    case prefix([UInt8])
    /// The whole value.
    case equals([UInt8])
    /// The value read as a decimal number (or a level by its word, or a time) is in the range. Values that are no
    /// numbers fail.
    case range(ClosedRange<Double>)
    case level(ClosedRange<LogLevel>)
    /// The pattern is somewhere in the value.
    case matches(any LogPattern)
    /// There is a value, even an empty one.
    case exists
}

/// A regular expression that takes time linear in the text.
package protocol LogPattern: Sendable {
    /// As the user wrote it.
    var text: String { get }
    /// Texts of which each must be somewhere in what matches, to look for first; may be none.
    var literals: [[UInt8]] { get }
    func isMatch(_ text: UnsafeRawBufferPointer) -> Bool
}
