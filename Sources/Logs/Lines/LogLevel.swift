/// How serious a line is. The order is the order of severity, the numbers are those of our formats.
package enum LogLevel: UInt8, CaseIterable, Comparable, Hashable, Sendable {
    /// The line says nothing of its level.
    case none = 0
    case trace, debug, info, notice, warn, error, critical, alert, emergency

    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

extension LogLevel {
    /// The level that a word means, in any case: the words of syslog, log4j, Python, Go, Rust, Bunyan and nginx.
    package init?(word: some StringProtocol) {
        switch word.lowercased() {
        case "trace", "trc", "finest", "verbose", "t": self = .trace
        case "debug", "dbg", "fine", "d": self = .debug
        case "info", "information", "informational", "inf", "i", "log": self = .info
        case "notice", "n": self = .notice
        case "warn", "warning", "wrn", "w": self = .warn
        case "error", "err", "severe", "e", "eror": self = .error
        case "critical", "crit", "fatal", "ftl", "c", "f", "dpanic", "panic": self = .critical
        case "alert": self = .alert
        case "emergency", "emerg": self = .emergency
        default: return nil
        }
    }

    /// The level of a syslog severity, 0 (emergency) to 7 (debug). Source: RFC 5424, 6.2.1.
    package init?(syslog severity: Int) {
        let levels: [LogLevel] = [.emergency, .alert, .critical, .error, .warn, .notice, .info, .debug]
        guard levels.indices.contains(severity) else { return nil }
        self = levels[severity]
    }

    /// As it is shown and searched for: `warn`.
    package var word: String {
        switch self {
        case .none: ""
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warn: "warn"
        case .error: "error"
        case .critical: "critical"
        case .alert: "alert"
        case .emergency: "emergency"
        }
    }
}
