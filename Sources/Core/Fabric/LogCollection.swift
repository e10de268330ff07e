/// What one host is to collect: its part of the policy.
package struct LogCollection: Codable, Hashable, Sendable {
    package var buffer: ByteCount
    package var files: [LogFilesSpec]
    package var journal: Bool
    package var syslog: [SyslogSpec]
    package var redactions: [RedactionSpec]
    /// nil: all lines of balancers.
    package var balancers: BalancerLogsSpec?

    package init(
        buffer: ByteCount = .mebibytes(1024), files: [LogFilesSpec] = [], journal: Bool = false,
        syslog: [SyslogSpec] = [], redactions: [RedactionSpec] = [], balancers: BalancerLogsSpec? = nil
    ) {
        self.buffer = buffer
        self.files = files
        self.journal = journal
        self.syslog = syslog
        self.redactions = redactions
        self.balancers = balancers
    }
}

extension LogsPolicy {
    /// - Parameter classLabels: what the host's class adds to the host's own labels.
    /// - Returns: nil: nothing is collected, not even the output of instances.
    package func collection(of host: HostSpec, classLabels: [String: String] = [:]) -> LogCollection? {
        guard isOn else { return nil }
        func admits(_ selector: HostSelector) -> Bool { selector.admits(host, classLabels: classLabels) }
        return LogCollection(
            buffer: buffer, files: files.filter { admits($0.hosts) }, journal: journal.map(admits) ?? false,
            syslog: syslog.filter { admits($0.hosts) }, redactions: redactions, balancers: balancers)
    }
}

package struct LogFilesName: Name {
    package static let noun = "group of log files"
    package let text: String
    package init(checked text: String) { self.text = text }
}

/// Files of hosts.
package struct LogFilesSpec: Codable, Hashable, Sendable {
    /// How lines become one event.
    package struct Multiline: Codable, Hashable, Sendable {
        /// An event begins with a line that this regular expression matches (PCRE2's syntax); nil: lines that look
        /// like a part of a stack trace belong to the one before them.
        package var begins: String?
        /// After so long without another line an event is over.
        package var quiet: Interval

        package init(begins: String? = nil, quiet: Interval = .seconds(1)) {
            self.begins = begins
            self.quiet = quiet
        }
    }

    package var name: LogFilesName
    package var hosts: HostSelector
    /// Absolute paths whose parts may hold `*`, `?`, `[a-z]` and `{a,b}`. Those of rotated files belong in it.
    package var paths: [String]
    /// Labels of their lines, besides those that every line has.
    package var labels: [String: String]
    package var multiline: Multiline?
    /// Lines a second of one file that are taken, on average; nil: all.
    package var rateMax: Int?

    package init(
        name: LogFilesName, hosts: HostSelector = HostSelector(), paths: [String], labels: [String: String] = [:],
        multiline: Multiline? = nil, rateMax: Int? = nil
    ) {
        self.name = name
        self.hosts = hosts
        self.paths = paths
        self.labels = labels
        self.multiline = multiline
        self.rateMax = rateMax
    }
}

/// What is taken of the lines of balancers.
package struct BalancerLogsSpec: Codable, Hashable, Sendable {
    package var isOn: Bool
    /// Lines a second of one balancer that are taken, on average; nil: all.
    package var rateMax: Int?

    package init(isOn: Bool = true, rateMax: Int? = nil) {
        self.isOn = isOn
        self.rateMax = rateMax
    }
}

/// A port of hosts, or a socket, that takes syslog.
package struct SyslogSpec: Codable, Hashable, Sendable {
    package enum Listener: Codable, Hashable, Sendable {
        /// A Unix datagram socket, as `/dev/log` is one.
        case socket(path: String)
        case datagrams(port: Int)
        case stream(port: Int)
    }

    package var hosts: HostSelector
    package var listener: Listener
    /// Labels of their lines, besides those that every line has.
    package var labels: [String: String]

    package init(hosts: HostSelector = HostSelector(), listener: Listener, labels: [String: String] = [:]) {
        self.hosts = hosts
        self.listener = listener
        self.labels = labels
    }
}
