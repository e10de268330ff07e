/// Error lines of one app that are of one kind: `ErrorShape` says which are.
package struct ErrorGroup: Codable, Hashable, Sendable {
    /// One of the lines, fit to be shown.
    package struct Sample: Codable, Hashable, Sendable {
        /// Nanoseconds since 1970, of the line itself.
        package var time: Int64
        package var host: String?
        package var instance: String?
        package var text: String

        package init(time: Int64, host: String?, instance: String?, text: String) {
            self.time = time
            self.host = host
            self.instance = instance
            self.text = text
        }
    }

    /// What was said of it the last time.
    package struct Told: Codable, Hashable, Sendable {
        package var at: Int64
        package var count: Int
    }

    package struct Key: Hashable, Sendable {
        package var app: String
        package var text: String

        package init(app: String, text: String) {
            self.app = app
            self.text = text
        }
    }

    package var app: String
    /// The line that says what went wrong, with `<*>` for what differs.
    package var text: String
    /// The highest of its lines.
    package var level: UInt8
    package var count = 0
    /// When the first and the last line came, in nanoseconds since 1970.
    package var firstAt: Int64
    package var lastAt: Int64
    /// As lines name it: `r8`; nil if they name none.
    package var firstRelease: String?
    package var lastRelease: String?
    /// The first lines.
    package var samples: [Sample] = []
    /// nil: nobody was told yet.
    package var told: Told?

    package var key: Key { Key(app: app, text: text) }
    package var levelOfLines: LogLevel { LogLevel(rawValue: level) ?? .none }

    package init(app: String, text: String, level: LogLevel, at now: Int64) {
        self.app = app
        self.text = text
        self.level = level.rawValue
        firstAt = now
        lastAt = now
    }
}

/// What is to be told of an app's errors at once.
package struct ErrorReport: Hashable, Sendable {
    package struct Part: Hashable, Sendable {
        package var group: ErrorGroup
        /// Lines that nobody was told of before.
        package var count: Int
        /// Whether nobody was told of its kind before.
        package var isNew: Bool
    }

    package var app: String
    /// New ones first, then by the number of their lines.
    package var parts: [Part]
}
