import Core

/// Logs as keys and values, as they would be written, for the difference of two commits.
enum LogsFacts {
    /// Only what is not as it is by itself.
    static func of(_ policy: LogsPolicy) -> [String: String] {
        let usual = LogsPolicy()
        var facts: [String: String] = [:]
        if !policy.isOn { facts["logs.collect"] = "false" }
        if policy.buffer != usual.buffer { facts["logs.buffer"] = "\(policy.buffer)" }
        if policy.retention != usual.retention {
            for (index, rule) in policy.retention.enumerated() { facts["logs.keep.\(index + 1)"] = text(rule) }
        }
        for (index, rule) in policy.raw.enumerated() { facts["logs.raw.\(index + 1)"] = text(rule) }
        for (index, redaction) in policy.redactions.enumerated() {
            facts["logs.redact.\(index + 1)"] = text(redaction)
        }
        for files in policy.files { facts["logs.files.\(files.name)"] = text(files) }
        if let journal = policy.journal { facts["logs.journal"] = "of \(text(journal))" }
        if let balancers = policy.balancers {
            let rate = balancers.rateMax.map { "at most \($0) lines a second" } ?? "true"
            facts["logs.balancers"] = balancers.isOn ? rate : "false"
        }
        for listener in policy.syslog {
            let what =
                switch listener.listener {
                case .socket(let path): path
                case .datagrams(let port): "udp.\(port)"
                case .stream(let port): "tcp.\(port)"
                }
            let key = "logs.syslog.\(what)"
            // One port of several groups of hosts.
            facts[key] = (facts[key].map { "\($0); " } ?? "") + "of \(text(listener.hosts))\(labels(listener.labels))"
        }
        for relay in policy.relays { facts["logs.relay.\(relay.name)"] = text(relay) }
        if !policy.pipelines.isEmpty {
            facts["logs.pipelines"] = policy.pipelines.map(\.name.text).joined(separator: " ")
        }
        for pipeline in policy.pipelines {
            let key = "logs.pipelines.\(pipeline.name)"
            if !pipeline.lines.isEmpty { facts["\(key).lines"] = quoted(pipeline.lines) }
            for (index, step) in pipeline.steps.enumerated() { facts["\(key).\(index + 1)"] = text(step) }
        }
        return facts
    }

    private static func text(_ rule: LogRetentionSpec) -> String {
        let size = rule.size.map { ", at most \($0)" } ?? ""
        let of = rule.labels.isEmpty ? "all" : sorted(rule.labels)
        return "\(of) for \(rule.age.map { "\($0)" } ?? "ever")\(size)"
    }

    private static func text(_ relay: LogRelaySpec) -> String {
        var words = [relay.kind.rawValue, relay.url.text]
        switch relay.target {
        case .clickHouse(_, let database, let table, let age):
            words.append("\(database).\(table)")
            if let age { words.append("older-than \(age)") }
        case .elastic(_, let index): words.append("index \(index)")
        }
        words += ["match \(quoted(relay.match))", "buffer \(relay.buffer)"]
        if let user = relay.user { words.append("user \(user)") }
        if let secret = relay.secret { words.append("secret \(secret)") }
        return words.joined(separator: " ")
    }

    private static func text(_ files: LogFilesSpec) -> String {
        var text = "\(files.paths.joined(separator: " ")) of \(self.text(files.hosts))\(labels(files.labels))"
        if let multiline = files.multiline {
            let begins = multiline.begins.map { "an event begins with \(quoted($0))" } ?? "stack traces are one event"
            text += ", \(begins), or after \(multiline.quiet)"
        }
        if let rate = files.rateMax { text += ", at most \(rate) lines a second" }
        return text
    }

    private static func text(_ redaction: RedactionSpec) -> String {
        let what = redaction.kinds + redaction.patterns.map(quoted)
        return "\(what.joined(separator: " ")) as \(quoted(redaction.replacement))"
    }

    private static func text(_ hosts: HostSelector) -> String {
        if hosts.isUnrestricted { return "all hosts" }
        return
            (hosts.hosts.map(\.text) + (hosts.hostClass.map { ["class \($0)"] } ?? [])
            + hosts.labels.map { "\($0.key)=\($0.value)" }.sorted()).joined(separator: " ")
    }

    private static func text(_ step: LogStepSpec) -> String {
        func from(_ field: String) -> String { field == "message" ? "" : " from \(field)" }
        func of(_ lines: String) -> String { lines.isEmpty ? "" : " of \(quoted(lines))" }
        switch step {
        case .parse(let format, let field): return "parse \(format)\(from(field))"
        case .grok(let patterns, let field, let definitions):
            let sorted = definitions.sorted { $0.key < $1.key }.map { "\($0.key) \(quoted($0.value))" }
            let own =
                switch sorted.count {
                case 0: ""
                case 1...5: " with \(sorted.joined(separator: ", "))"
                default: " with \(sorted.count) patterns, \(fingerprint(sorted.joined(separator: "\n")))"
                }
            return "grok \(patterns.map(quoted).joined(separator: " "))\(from(field))\(own)"
        case .pattern(let expression, let field): return "pattern \(quoted(expression))\(from(field))"
        case .rename(let field, let other): return "rename \(field) to \(other)"
        case .drop(let fields): return "drop \(fields.joined(separator: " "))"
        case .set(let field, let text): return "set \(field) to \(quoted(text))"
        case .lower(let field): return "lower \(field)"
        case .upper(let field): return "upper \(field)"
        case .clean(let field): return "clean \(field)"
        case .convert(let field, let conversion): return "convert \(field) to \(conversion.rawValue)"
        case .time(let field, let zone):
            return "time from \(field)\(zone == 0 ? "" : ", \(abs(zone)) minutes \(zone > 0 ? "east" : "west") of UTC")"
        case .level(let field): return "level from \(field)"
        case .dropLines(let lines): return "drop-lines\(of(lines))"
        case .sample(let count, let lines): return "sample one in \(count)\(of(lines))"
        case .redact(let redaction): return "redact \(text(redaction))"
        case .measure(let measure):
            let by = measure.by.isEmpty ? "" : " by \(measure.by.joined(separator: " "))"
            return "measure \(measure.name) \(measure.kind.rawValue)\(measure.field.map { " of \($0)" } ?? "")\(by)"
        case .when(let lines, let steps): return "when \(quoted(lines)) [\(steps.map(text).joined(separator: "; "))]"
        }
    }

    private static func labels(_ labels: [String: String]) -> String { labels.isEmpty ? "" : ", \(sorted(labels))" }

    private static func sorted(_ labels: [String: String]) -> String {
        labels.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
    }

    private static func quoted(_ text: String) -> String { quotedForMessage(text, lengthMax: 200) }
}
