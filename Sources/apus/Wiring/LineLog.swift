import Logging
import SystemPackage

/// Logs as lines: `2026-11-21T03:14:07Z warning server message key=value`.
struct LineLog: LogHandler {
    let label: String
    let output: FileDescriptor
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(label: String, output: FileDescriptor) {
        self.label = label
        self.output = output
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "\(timestamp(wallClock())) \(event.level) \(label) \(Self.oneLine("\(event.message)"))"
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(Self.oneLine("\(value)"))" }
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
