/// What of a fabric's hosts is collected besides the output of instances and the logs of balancers, and how.
package struct LogsPolicy: Codable, Hashable, Sendable {
    /// Whether agents collect anything.
    package var isOn: Bool
    /// What a host keeps on its disk while the server is away.
    package var buffer: ByteCount
    /// Files, by name.
    package var files: [LogFilesSpec]
    /// Hosts whose journal is collected; nil: none.
    package var journal: HostSelector?
    /// Where hosts listen for syslog.
    package var syslog: [SyslogSpec]
    /// What is made unreadable before a line leaves its host, in this order.
    package var redactions: [RedactionSpec]
    /// nil: all lines of balancers are taken.
    package var balancers: BalancerLogsSpec?
    /// What the server does to lines, in this order; empty: it recognises their form.
    package var pipelines: [LogPipelineSpec]
    /// How long the server keeps lines. The first rule whose labels a stream has decides; a last one for all
    /// others is always there.
    package var retention: [LogRetentionSpec]
    /// Which lines are errors that somebody is told of; nil: as it is usual.
    package var errors: LogErrorsSpec?
    /// Streams whose lines are also kept as they came, in the archive. The first rule that is for one says how long.
    package var raw: [LogRetentionSpec]
    /// Where else lines go.
    package var relays: [LogRelaySpec]

    package init(
        isOn: Bool = true, buffer: ByteCount = .mebibytes(1024), files: [LogFilesSpec] = [],
        journal: HostSelector? = nil, syslog: [SyslogSpec] = [], redactions: [RedactionSpec] = [],
        balancers: BalancerLogsSpec? = nil, pipelines: [LogPipelineSpec] = [],
        retention: [LogRetentionSpec] = [.usual], errors: LogErrorsSpec? = nil, raw: [LogRetentionSpec] = [],
        relays: [LogRelaySpec] = []
    ) {
        self.isOn = isOn
        self.buffer = buffer
        self.files = files
        self.journal = journal
        self.syslog = syslog
        self.redactions = redactions
        self.balancers = balancers
        self.pipelines = pipelines
        self.retention = retention
        self.errors = errors
        self.raw = raw
        self.relays = relays
    }

    /// What a server before this one has kept may lack a part.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func part<Value: Decodable>(_ key: CodingKeys, _ usual: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? usual
        }
        self.init()
        isOn = try part(.isOn, isOn)
        buffer = try part(.buffer, buffer)
        files = try part(.files, files)
        journal = try container.decodeIfPresent(HostSelector.self, forKey: .journal)
        syslog = try part(.syslog, syslog)
        redactions = try part(.redactions, redactions)
        balancers = try container.decodeIfPresent(BalancerLogsSpec.self, forKey: .balancers)
        pipelines = try part(.pipelines, pipelines)
        retention = try part(.retention, retention)
        errors = try container.decodeIfPresent(LogErrorsSpec.self, forKey: .errors)
        raw = try part(.raw, raw)
        relays = try part(.relays, relays)
    }
}

/// Which lines of apps are errors that somebody is told of.
package struct LogErrorsSpec: Codable, Hashable, Sendable {
    package static let usual = LogErrorsSpec()

    package var isOn: Bool
    /// Lines below it are none.
    package var level: LogErrorLevel
    /// A query for lines that are none, whatever their level; empty: there are no such. The requests that failed are
    /// counted by the balancers themselves.
    package var except: String
    /// After how long it is told that a kind goes on.
    package var again: Interval

    package init(
        isOn: Bool = true, level: LogErrorLevel = .error, except: String = "source:haproxy or source:nginx.access",
        again: Interval = .minutes(60)
    ) {
        self.isOn = isOn
        self.level = level
        self.except = except
        self.again = again
    }
}

/// Where errors can begin.
package enum LogErrorLevel: String, Codable, Hashable, Sendable, CaseIterable {
    case warn, error, critical
}

/// How long lines are kept.
package struct LogRetentionSpec: Codable, Hashable, Sendable {
    /// For streams that no rule of git's is for.
    package static let usual = LogRetentionSpec(
        age: Interval(milliseconds: 30 * 86_400_000), size: .mebibytes(64 << 10))

    /// Labels that a stream has; none: of all.
    package var labels: [String: String]
    /// nil: for ever.
    package var age: Interval?
    /// Bytes on disk, after which the oldest go; nil: no limit.
    package var size: ByteCount?

    package init(labels: [String: String] = [:], age: Interval? = nil, size: ByteCount? = nil) {
        self.labels = labels
        self.age = age
        self.size = size
    }
}

/// What is replaced in every text of a line.
package struct RedactionSpec: Codable, Hashable, Sendable {
    /// Secrets that are known by their form: `email`, `card`, `token`, `aws`, `password`.
    package var kinds: [String]
    /// Regular expressions; PCRE2's syntax, with limits. Group 1 of a match is taken out if there is one, and
    /// otherwise all of it.
    package var patterns: [String]
    package var replacement: String

    package init(kinds: [String] = [], patterns: [String] = [], replacement: String = "[redacted]") {
        self.kinds = kinds
        self.patterns = patterns
        self.replacement = replacement
    }
}
