import Core
import Wire

/// Writes lines that a search has found, each source in a colour of its own.
actor LinePrinter {
    private static let styles: [Style] = [.cyan, .magenta, .blue, .green, .yellow]
    private static let fieldsMax = 12
    /// The widest name of a source that others are aligned with.
    private static let widthMax = 32

    private let terminal: Terminal
    private let json: Bool
    private var styles: [String: Style] = [:]
    private var width = 0

    init(terminal: Terminal, json: Bool) {
        self.terminal = terminal
        self.json = json
    }

    func print(_ line: LogLineView) throws(Problem) {
        if json { return terminal.write(try JSONText.line(line) + "\n") }
        let source = Self.source(line)
        let style = styles[source] ?? Self.styles[styles.count % Self.styles.count]
        styles[source] = style
        width = min(Self.widthMax, max(width, source.count))
        var text = StyledText(Self.clock(line.time), .dim) + " " + StyledText(source, style).padded(to: width)
        if !line.level.isEmpty { text = text + " " + StyledText(line.level.uppercased(), Self.style(line.level)) }
        text = text + " " + StyledText(line.message)
        let fields = line.fields.sorted { $0.key < $1.key }
        for (name, value) in fields.prefix(Self.fieldsMax) {
            text = text + " " + StyledText("\(name)=", .dim) + StyledText(value)
        }
        if fields.count > Self.fieldsMax { text = text + StyledText(" …", .dim) }
        terminal.print(text)
    }

    /// Who says it: the instance, or else the host and what on it.
    private static func source(_ line: LogLineView) -> String {
        if let instance = line.labels["instance"] { return instance }
        let parts = [line.labels["host"], line.labels["app"] ?? line.labels["source"]].compactMap(\.self)
        return parts.isEmpty ? "-" : parts.joined(separator: " ")
    }

    /// The time of a day, to the millisecond.
    private static func clock(_ time: String) -> String { String(time.drop { $0 != "T" }.dropFirst().prefix(12)) }

    private static func style(_ level: String) -> Style? {
        switch level {
        case "warn": .yellow
        case "error", "critical", "alert", "emergency": .red
        case "debug", "trace": .dim
        default: nil
        }
    }
}
