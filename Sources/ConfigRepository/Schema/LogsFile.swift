import Core
import Logs

/// `logs` of a fabric, with the places of what it names.
struct LogsDeclaration {
    var policy = LogsPolicy()
    /// What its parts run on, to be looked up once everything is read.
    var selectors: [SelectorDeclaration] = []
    /// Those of the policy, in its order.
    var listeners: [Located<SyslogSpec>] = []
    /// Files of grok patterns.
    var templates: [Located<String>] = []
}

extension SchemaReader {
    static let logEntriesMax = 200
    private static let rulesMax = 100
    private static let pathsMax = 100
    private static let bufferRange = ByteCount.mebibytes(16)...ByteCount.mebibytes(1 << 20)
    static let logsKeys: Set<String> = [
        "collect", "buffer", "keep", "redact", "files", "journal", "syslog", "balancers", "pipelines", "errors", "raw",
        "relay",
    ]
    static let logErrorsKeys: Set<String> = ["level", "except", "again"]
    static let logKeepKeys: Set<String> = ["labels", "age", "size"]
    static let rawLogKeys: Set<String> = ["labels", "age"]
    static let redactionKeys: Set<String> = ["kinds", "patterns", "replacement"]
    static let logFilesKeys: Set<String> = ["paths", "on", "labels", "multiline", "rate"]
    static let multilineKeys: Set<String> = ["begins", "quiet"]
    static let journalKeys: Set<String> = ["on"]
    static let balancerLogsKeys: Set<String> = ["rate"]
    static let syslogKeys: Set<String> = ["socket", "udp", "tcp", "on", "labels"]

    func logs(_ reader: MappingReader) -> LogsDeclaration {
        var declaration = LogsDeclaration()
        if let isOn = reader.flag("collect") { declaration.policy.isOn = isOn.value }
        if let buffer = byteCount("buffer", reader, in: Self.bufferRange) { declaration.policy.buffer = buffer }
        if reader.has("keep") { declaration.policy.retention = logRetention(reader) }
        if reader.has("redact") {
            declaration.policy.redactions = bounded(reader.list("redact"), Self.rulesMax, "redact", reader)
                .compactMap(redaction)
        }
        if reader.has("files") {
            for entry in bounded(reader.entries("files"), Self.logEntriesMax, "files", reader) {
                guard let name = log.name(key: entry, as: LogFilesName.self),
                    let reader = MappingReader(
                        entry.value, noun: "a group of log files", keys: Self.logFilesKeys, log: log),
                    let spec = logFiles(name.value, reader, &declaration)
                else { continue }
                declaration.policy.files.append(spec)
            }
        }
        if reader.has("journal") { declaration.policy.journal = journal(reader, &declaration) }
        if reader.has("syslog") {
            for item in bounded(reader.list("syslog"), Self.rulesMax, "syslog", reader) {
                guard let spec = syslog(item, &declaration) else { continue }
                declaration.policy.syslog.append(spec)
                declaration.listeners.append(Located(spec, at: item.position))
            }
        }
        if reader.has("errors") { declaration.policy.errors = logErrors(reader) }
        if reader.has("balancers") { declaration.policy.balancers = balancerLogs(reader) }
        if reader.has("relay") {
            declaration.policy.relays = logRelays(reader, retention: declaration.policy.retention)
        }
        if reader.has("pipelines") { declaration.policy.pipelines = logPipelines(reader, &declaration) }
        if reader.has("raw") {
            declaration.policy.raw = bounded(reader.list("raw"), Self.rulesMax, "raw", reader).compactMap(rawLogs)
        }
        return declaration
    }

    func bounded<Item>(_ items: [Item], _ max: Int, _ key: String, _ reader: MappingReader) -> ArraySlice<Item> {
        if items.count > max {
            log.error("value.range", at: reader.keyPosition(key), "`\(key)` has more than \(max) entries.")
        }
        return items.prefix(max)
    }

    func byteCount(_ key: String, _ reader: MappingReader, in range: ClosedRange<ByteCount>) -> ByteCount? {
        guard let count = reader.parse(key, { text throws(Problem) in try ByteCount(text) }) else { return nil }
        guard range.contains(count.value) else {
            log.error(
                "value.range", at: count.position,
                "`\(key)` must be from \(range.lowerBound) to \(range.upperBound).")
            return nil
        }
        return count.value
    }

    // MARK: How long lines are kept

    private func logRetention(_ reader: MappingReader) -> [LogRetentionSpec] {
        var rules: [LogRetentionSpec] = []
        for item in bounded(reader.list("keep"), Self.rulesMax, "keep", reader) {
            guard let rule = logRetention(item) else { continue }
            let earlier = rules.firstIndex { earlier in
                earlier.labels.allSatisfy { rule.labels[$0.key] == $0.value }
            }
            if let earlier {
                log.error(
                    "logs.keep-unused", at: item.position, "This rule never decides.",
                    cause: "Rule \(earlier + 1) is for all of its lines.", hint: "write the rule with more labels first"
                )
            }
            rules.append(rule)
        }
        if !rules.contains(where: \.labels.isEmpty) { rules.append(.usual) }
        return rules
    }

    private func logRetention(_ value: YAMLValue) -> LogRetentionSpec? {
        guard let reader = MappingReader(value, noun: "a rule of `keep`", keys: Self.logKeepKeys, log: log) else {
            return nil
        }
        if !reader.has("age"), !reader.has("size") {
            reader.reportMissing("age", hint: "write `age: 30d`, `size: 10GiB` or both; `age: forever` keeps all")
        }
        var rule = LogRetentionSpec(labels: labels(reader))
        if let age = reader.parse("age", Checks.age) {
            if let interval = age.value, interval < .minutes(60) {
                log.error("value.range", at: age.position, "`age` must be at least 1h.")
            }
            rule.age = age.value
        }
        rule.size = byteCount("size", reader, in: .mebibytes(64)...ByteCount.mebibytes(1 << 30))
        return rule
    }

    private func rawLogs(_ value: YAMLValue) -> LogRetentionSpec? {
        guard let reader = MappingReader(value, noun: "a rule of `raw`", keys: Self.rawLogKeys, log: log) else {
            return nil
        }
        var rule = LogRetentionSpec(labels: labels(reader))
        if let age = reader.parse("age", Checks.age) {
            if let interval = age.value, interval < .minutes(60) {
                log.error("value.range", at: age.position, "`age` must be at least 1h.")
            }
            rule.age = age.value
        }
        return rule
    }

    // MARK: What is made unreadable

    func redaction(_ value: YAMLValue) -> RedactionSpec? {
        guard let reader = MappingReader(value, noun: "a redaction", keys: Self.redactionKeys, log: log) else {
            return nil
        }
        var spec = RedactionSpec()
        spec.kinds = bounded(reader.list("kinds"), Self.rulesMax, "kinds", reader).compactMap { item in
            log.text(item, of: "kinds").flatMap { log.choice($0, of: "kinds", from: LogRedaction.Kind.self) }?.value
                .rawValue
        }
        spec.patterns = bounded(reader.list("patterns"), Self.rulesMax, "patterns", reader).compactMap { item in
            log.text(item, of: "patterns").flatMap { log.parse($0, Checks.pattern) }?.value
        }
        if !reader.has("kinds"), !reader.has("patterns") {
            reader.reportMissing("kinds", hint: "write `kinds: [email, card]` or `patterns: [\"session=(\\\\w+)\"]`")
        }
        if let replacement = reader.parse("replacement", Checks.replacement) { spec.replacement = replacement.value }
        return spec.kinds.isEmpty && spec.patterns.isEmpty ? nil : spec
    }

    // MARK: Where lines are read

    private func logFiles(
        _ name: LogFilesName, _ reader: MappingReader, _ declaration: inout LogsDeclaration
    ) -> LogFilesSpec? {
        if !reader.has("paths") { reader.reportMissing("paths", hint: "write `paths: /var/log/\(name)/*.log`") }
        let paths = bounded(reader.list("paths"), Self.pathsMax, "paths", reader).compactMap { item in
            log.text(item, of: "paths").flatMap { log.parse($0, Checks.fileGlob) }?.value
        }
        var spec = LogFilesSpec(name: name, paths: paths)
        spec.hosts = logHosts(reader, &declaration)
        spec.labels = logLabels(reader)
        spec.rateMax = reader.integer("rate", in: 1...10_000_000)?.value
        if reader.has("multiline") { spec.multiline = multiline(reader) }
        return paths.isEmpty ? nil : spec
    }

    private enum Joining: String, CaseIterable {
        case stackTraces = "stack-traces"
    }

    /// `multiline: stack-traces`, or how events begin.
    private func multiline(_ reader: MappingReader) -> LogFilesSpec.Multiline? {
        if reader.value("multiline")?.scalar != nil {
            return reader.choice("multiline", of: Joining.self).map { _ in LogFilesSpec.Multiline() }
        }
        guard let reader = reader.mapping("multiline", noun: "`multiline`", keys: Self.multilineKeys) else {
            return nil
        }
        if !reader.has("begins") {
            reader.reportMissing("begins", hint: "write how the first line of an event begins: begins: ^\\d{4}-")
        }
        let begins = reader.has("begins") ? reader.parse("begins", Checks.pattern) : nil
        let quiet = reader.interval("quiet", in: Interval(milliseconds: 10)...Interval.minutes(1))
        return begins.map { LogFilesSpec.Multiline(begins: $0.value, quiet: quiet?.value ?? .seconds(1)) }
    }

    /// `journal: true`, or with `on`.
    private func journal(_ reader: MappingReader, _ declaration: inout LogsDeclaration) -> HostSelector? {
        if reader.value("journal")?.scalar != nil {
            return reader.flag("journal")?.value == true ? HostSelector() : nil
        }
        return reader.mapping("journal", noun: "`journal`", keys: Self.journalKeys).map { logHosts($0, &declaration) }
    }

    /// `balancers: false`, or with `rate`.
    private func balancerLogs(_ reader: MappingReader) -> BalancerLogsSpec? {
        if reader.value("balancers")?.scalar != nil {
            return reader.flag("balancers")?.value == false ? BalancerLogsSpec(isOn: false) : nil
        }
        return reader.mapping("balancers", noun: "`balancers`", keys: Self.balancerLogsKeys)?
            .integer("rate", in: 1...10_000_000).map { BalancerLogsSpec(rateMax: $0.value) }
    }

    private func syslog(_ value: YAMLValue, _ declaration: inout LogsDeclaration) -> SyslogSpec? {
        guard let reader = MappingReader(value, noun: "a listener for syslog", keys: Self.syslogKeys, log: log) else {
            return nil
        }
        let kinds = ["socket", "udp", "tcp"].filter(reader.has)
        guard kinds.count == 1 else {
            log.error(
                "syslog.listener", at: reader.position, "A listener for syslog needs one of `socket`, `udp` and `tcp`.",
                cause: kinds.isEmpty ? "None of them is there." : "There are \(kinds.joined(separator: " and ")).",
                hint: "write a list: syslog: [{ udp: 514 }, { tcp: 514 }]")
            return nil
        }
        let hosts = logHosts(reader, &declaration)
        let labels = logLabels(reader)
        let listener: SyslogSpec.Listener?
        switch kinds[0] {
        case "socket": listener = reader.parse("socket", Checks.socketPath).map { .socket(path: $0.value) }
        case "udp": listener = reader.integer("udp", in: 1...65_535).map { .datagrams(port: $0.value) }
        default: listener = reader.integer("tcp", in: 1...65_535).map { .stream(port: $0.value) }
        }
        return listener.map { SyslogSpec(hosts: hosts, listener: $0, labels: labels) }
    }

    /// `errors: false`, or which lines are errors.
    private func logErrors(_ reader: MappingReader) -> LogErrorsSpec? {
        if reader.value("errors")?.scalar != nil {
            return reader.flag("errors").map { LogErrorsSpec(isOn: $0.value) }
        }
        guard let reader = reader.mapping("errors", noun: "`errors`", keys: Self.logErrorsKeys) else { return nil }
        var spec = LogErrorsSpec.usual
        if let level = reader.choice("level", of: LogErrorLevel.self) { spec.level = level.value }
        if let except = reader.parse("except", Checks.query) { spec.except = except.value }
        if let again = reader.interval("again", in: Interval.minutes(1)...Interval(milliseconds: 7 * 86_400_000)) {
            spec.again = again.value
        }
        return spec
    }

    /// All hosts without `on`.
    private func logHosts(_ reader: MappingReader, _ declaration: inout LogsDeclaration) -> HostSelector {
        guard reader.has("on"), let selector = selector(reader) else { return HostSelector() }
        declaration.selectors.append(selector)
        return selector.selector
    }

    /// Labels of lines. Where a line comes from is not the author's to say.
    private func logLabels(_ reader: MappingReader) -> [String: String] {
        let labels = labels(reader)
        for name in ["fabric", "region", "zone", "host"] where labels[name] != nil {
            log.error(
                "logs.label-reserved", at: reader.keyPosition("labels"), "The label `\(name)` is Apus's own.",
                cause: "Every line has it, and it says where the line was read.",
                hint: "use another name; `app`, `process` and `source` are free")
        }
        return labels
    }
}
