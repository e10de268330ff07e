/// Files that are read, and how.
package struct LogFileSource {
    package enum Form {
        /// Every line is an event.
        case lines
        /// An event begins with a line that is told by the first, and is over when so many nanoseconds have brought
        /// no other line.
        case events(begins: (UnsafeRawBufferPointer) -> Bool, quiet: Int64)
        /// What an instance wrote, as its shim keeps it.
        case output
    }

    package var patterns: [PathGlob]
    package var form: Form
    /// Events a second of one file that are taken, on average; nil: all.
    package var rateMax: Int?
    /// The labels of a file's lines, by its path and, of an instance's output, by `stdout`, `stderr` or `apus`.
    package var label: (_ path: String, _ source: String) -> LogStream

    package init(
        _ patterns: [PathGlob], form: Form = .lines, rateMax: Int? = nil,
        label: @escaping (_ path: String, _ source: String) -> LogStream
    ) {
        self.patterns = patterns
        self.form = form
        self.rateMax = rateMax
        self.label = label
    }
}
