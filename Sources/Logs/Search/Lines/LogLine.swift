/// A line that was found, with all that it has. Its texts are bytes as they came; `LogText` makes them fit to be
/// shown.
package struct LogLine: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: [UInt8]

        package init(_ name: String, _ value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// Where it is among all lines; also its name in links.
    package var position: LogPosition
    package var level: LogLevel
    package var stream: LogStream
    package var message: [UInt8]
    /// In the order of their names; without message and labels.
    package var fields: [Field]

    package init(
        position: LogPosition, level: LogLevel, stream: LogStream, message: [UInt8], fields: [Field] = []
    ) {
        self.position = position
        self.level = level
        self.stream = stream
        self.message = message
        self.fields = fields
    }

    /// Nanoseconds since 1970.
    package var time: Int64 { position.time }

    /// The value that a name means, as `LogBatch.value(of:at:)` says.
    package func value(of name: String) -> [UInt8]? {
        if let field = fields.last(where: { $0.name == name }) { return field.value }
        switch name {
        case "message": return message
        case "level": return level == .none ? nil : Array(level.word.utf8)
        default: return stream[name].map { Array($0.utf8) }
        }
    }
}
