/// Lines in the order of their arrival, in flat memory: what parsers fill, what agents keep on disk and
/// send, and what the store takes in. Nothing in it is a string until somebody shows it.
///
/// A line's texts are ranges of `bytes`. Names of fields and streams are kept once a batch. The form on
/// disk and wire is docs/formats/log-batch.md.
package struct LogBatch: Sendable {
    package struct Line: BitwiseCopyable, Sendable {
        /// Nanoseconds since 1970, in UTC.
        package var time: Int64
        /// Of `LogBatch.streams`.
        package var stream: UInt32
        package var level: LogLevel.RawValue
        /// What the line says, without what fields hold; the whole line if nothing was parsed.
        package var message: Text
        /// Of `LogBatch.fields`.
        package var firstField: UInt32
        package var fieldCount: UInt32

        package init(
            time: Int64, stream: UInt32, level: LogLevel, message: Text, firstField: UInt32, fieldCount: UInt32
        ) {
            self.time = time
            self.stream = stream
            self.level = level.rawValue
            self.message = message
            self.firstField = firstField
            self.fieldCount = fieldCount
        }
    }

    /// A range of `LogBatch.bytes`.
    package struct Text: BitwiseCopyable, Hashable, Sendable {
        package var start: UInt32
        package var count: UInt32

        package init(start: UInt32, count: UInt32) {
            self.start = start
            self.count = count
        }
    }

    package struct Field: BitwiseCopyable, Sendable {
        /// Of `LogBatch.names`. A name is once in a line; of two the last counts.
        package var name: UInt32
        package var value: Text

        package init(name: UInt32, value: Text) {
            self.name = name
            self.value = value
        }
    }

    package var bytes: [UInt8] = []
    package var streams: [LogStream] = []
    /// Names of fields: dots join what was nested (`http.status`). Distinct.
    package var names: [String] = []
    package var fields: [Field] = []
    package var lines: [Line] = []

    package init() {}
}
