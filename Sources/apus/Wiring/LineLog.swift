import Core
import Logging
import Logs
import SystemPackage

/// Logs as lines: `2026-11-21T03:14:07Z warning server message key=value`. The same lines go to the fabric's logs.
struct LineLog: LogHandler {
    let label: String
    let output: FileDescriptor
    /// On their way to the fabric's logs; nil: they are only written.
    let lines: OwnLines?
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(label: String, output: FileDescriptor, lines: OwnLines? = nil) {
        self.label = label
        self.output = output
        self.lines = lines
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let now = wallClock()
        var line = "\(timestamp(now)) \(event.level) \(label) \(Self.oneLine("\(event.message)"))"
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }.sorted { $0.key < $1.key }
        lines?.add(
            OwnLines.Line(
                time: now.milliseconds * 1_000_000, level: LogLevel(word: event.level.rawValue) ?? .info,
                message: "\(event.message)", fields: all.map { ($0.key, "\($0.value)") }))
        for (key, value) in all { line += " \(key)=\(Self.oneLine("\(value)"))" }
        line += "\n"
        // A log that cannot be written must not stop what it is about.
        _ = try? output.writeAll(line.utf8)
    }

    /// A text from elsewhere must not look like lines of its own.
    private static func oneLine(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            if scalar.value < 0x20 || scalar.value == 0x7F {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
