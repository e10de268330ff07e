package import Core

/// What is different between two configurations, in words.
package struct ConfigurationChange: Codable, Hashable, Sendable, CustomStringConvertible {
    /// `apps.shop.processes.web.instances`
    package var path: String
    /// Nil: it was not there.
    package var before: String?
    /// Nil: it is not there any more.
    package var after: String?

    package init(path: String, before: String?, after: String?) {
        self.path = path
        self.before = before
        self.after = after
    }

    package var description: String {
        switch (before, after) {
        case (nil, let after?): after.isEmpty ? "+ \(path)" : "+ \(path): \(after)"
        case (let before?, nil): before.isEmpty ? "- \(path)" : "- \(path): \(before)"
        default: "~ \(path): \(before ?? "") → \(after ?? "")"
        }
    }
}

/// Compares configurations. An app, host, class or balancer that only one of them has is one change.
package enum ConfigurationDiff {
    package static func changes(
        from old: FabricConfiguration, to new: FabricConfiguration
    ) -> [ConfigurationChange] {
        changes(ConfigurationFacts.of(old), ConfigurationFacts.of(new))
    }

    /// Everything that a configuration says, a line each: what `apus show` prints.
    package static func facts(of configuration: FabricConfiguration) -> [String] {
        ConfigurationFacts.of(configuration).flatMap { noun, facts in
            [noun] + facts.sorted { $0.key < $1.key }.map { "\(noun).\($0.key): \($0.value)" }
        }.sorted()
    }

    private static func changes(
        _ old: [String: [String: String]], _ new: [String: [String: String]]
    ) -> [ConfigurationChange] {
        var changes: [ConfigurationChange] = []
        for noun in Set(old.keys).union(new.keys).sorted() {
            guard let before = old[noun], let after = new[noun] else {
                changes.append(
                    ConfigurationChange(
                        path: noun, before: old[noun].map { _ in "" }, after: new[noun].map { _ in "" }))
                continue
            }
            for key in Set(before.keys).union(after.keys).sorted() where before[key] != after[key] {
                changes.append(ConfigurationChange(path: "\(noun).\(key)", before: before[key], after: after[key]))
            }
        }
        return changes
    }
}

/// A configuration as facts: for each noun (`apps.shop`), its keys and values as they would be written.
private enum ConfigurationFacts {
    static func of(_ configuration: FabricConfiguration) -> [String: [String: String]] {
        var facts: [String: [String: String]] = ["fabric": policy(configuration.policy)]
        for (name, host) in configuration.hosts { facts["hosts.\(name)"] = self.host(host) }
        for (name, hostClass) in configuration.classes {
            facts["classes.\(name)"] = ["version": "\(hostClass.version)", "labels": text(hostClass.labels)]
        }
        for (name, balancer) in configuration.balancers { facts["balancers.\(name)"] = self.balancer(balancer) }
        for (name, app) in configuration.apps { facts["apps.\(name)"] = self.app(app) }
        for (name, dashboard) in configuration.dashboards {
            facts["dashboards.\(name)"] = MetricsFacts.of(dashboard)
        }
        return facts
    }

    private static func policy(_ policy: FabricPolicy) -> [String: String] {
        var facts = [
            "apply": policy.apply.rawValue, "lost-host-grace": "\(policy.lostHostGrace)",
            "lost-hosts-max": "\(policy.lostHostsMax)",
        ]
        for hook in policy.hooks {
            let events = hook.events.map { $0.map(\.rawValue).joined(separator: " ") } ?? "all"
            facts["notify.\(hook.name)"] =
                "\(hook.webhook) events \(events) secret \(hook.secret)\(hook.allowsLoopback ? " loopback" : "")"
        }
        facts.merge(MetricsFacts.of(policy.metrics)) { $1 }
        facts.merge(LogsFacts.of(policy.logs)) { $1 }
        return facts
    }

    private static func host(_ host: HostSpec) -> [String: String] {
        var facts = [
            "address": host.address, "region": "\(host.region)", "zone": "\(host.zone)", "labels": text(host.labels),
        ]
        facts["class"] = host.hostClass.map { "\($0)" }
        facts["memory"] = host.memory.map { "\($0)" }
        return facts
    }

    private static func balancer(_ balancer: BalancerSpec) -> [String: String] {
        var facts = ["engine": balancer.engine.rawValue, "on": text(balancer.hosts)]
        for listener in balancer.listeners {
            facts["listen.\(listener.port)"] =
                listener.certificate.map { "TLS, certificate \(fingerprint($0))" } ?? "plain"
        }
        facts["statistics"] = balancer.statisticsPort.map { "\($0)" }
        return facts
    }

    private static func app(_ app: AppSpec) -> [String: String] {
        var facts: [String: String] = [:]
        switch app.source {
        case .git(let url, let ref): facts["source"] = "\((try? GitLocation(url))?.description ?? url) at \(ref)"
        case .folder(let path): facts["source"] = path
        }
        switch app.build {
        case .script(let path, let output): facts["build"] = "script \(path)\(output.map { ", output \($0)" } ?? "")"
        default: facts["build"] = app.build.word
        }
        for (path, template) in app.config { facts["config.\(path)"] = "template \(fingerprint(template))" }
        for (name, value) in app.environment {
            facts["environment.\(name)"] =
                value.utf8.count <= 120
                ? quotedForMessage(value, lengthMax: 120) : "\(value.utf8.count) bytes, \(fingerprint(value))"
        }
        for route in app.routes {
            var text = "to \(route.to)"
            if let balancer = route.balancer { text += ", balancer \(balancer)" }
            if !route.cors.isEmpty { text += ", cors \(route.cors.joined(separator: " "))" }
            if let sticky = route.sticky { text += ", sticky by \(sticky.rawValue)" }
            if route.websocket { text += ", websocket" }
            facts["routes.\(route.host ?? "*")\(route.path)"] = text
        }
        if !app.after.isEmpty { facts["after"] = app.after.map(\.text).joined(separator: " ") }
        for (key, value) in self.rollout(app.rollout) { facts["rollout.\(key)"] = value }
        for (name, process) in app.processes {
            for (key, value) in self.process(process) { facts["processes.\(name).\(key)"] = value }
        }
        return facts
    }

    private static func rollout(_ rollout: RolloutPolicy) -> [String: String] {
        var facts = [
            "strategy": rollout.strategy.rawValue, "parallel": "\(rollout.parallelMax)", "warm": "\(rollout.warm)",
            "settle": "\(rollout.settle)", "automatic-rollback": "\(rollout.automaticRollback)",
            "packages-kept": "\(rollout.packagesKept)", "drain": "\(rollout.drain)",
        ]
        if rollout.strategy == .rolling || rollout.strategy == .canary { facts["batch"] = "\(rollout.batch)" }
        facts["max-unavailable"] = rollout.unavailableMax.map { "\($0)" }
        facts["surge"] = rollout.surge.map { "\($0)" }
        facts["pause"] = rollout.pause?.rawValue
        guard rollout.strategy == .canary else { return facts }
        facts["canary"] =
            "\(rollout.canary.instances) of the instances, \(rollout.canary.traffic) of the requests, for \(rollout.canary.hold)"
        let judgement = rollout.canary.judgement
        facts["canary.errors-max"] = "\(judgement.errorsMax)"
        facts["canary.slowdown-max"] = "\(judgement.slowdownMax)"
        facts["canary.requests-min"] = "\(judgement.requestsMin)"
        return facts
    }

    private static func process(_ process: ProcessSpec) -> [String: String] {
        var facts = [
            "instances": "\(process.instances)", "on": text(process.placement), "replace": process.replacement.rawValue,
            "stop": "\(process.stop.signal.rawValue), then killed after \(process.stop.timeout)",
        ]
        switch process.run {
        case .command(let command): facts["run"] = command.text
        case .files(let folder): facts["files"] = folder
        }
        if let health = process.health {
            let kind =
                switch health.kind {
                case .http(let path): "http \(path)"
                case .tcp: "tcp"
                case .command(let command): "command \(command.text)"
                }
            facts["health"] = "\(kind) every \(health.interval), startup \(health.startup)"
            facts["health.timeout"] = "\(health.timeout)"
            facts["health.failures"] = "\(health.failuresMax)"
        }
        facts["memory"] = process.limits.memory.map { "\($0)" }
        facts["cpu"] = process.limits.cpuWeight.map { "\($0)" }
        facts["max-files"] = process.limits.files.map { "\($0)" }
        for (phase, path) in process.phases { facts["phases.\(phase.rawValue)"] = path }
        return facts
    }

    private static func text(_ labels: [String: String]) -> String {
        labels.isEmpty
            ? "none" : labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    private static func text(_ selector: HostSelector) -> String {
        var parts: [String] = []
        if let hostClass = selector.hostClass { parts.append("class \(hostClass)") }
        if !selector.hosts.isEmpty {
            parts.append("hosts \(selector.hosts.sorted().map(\.text).joined(separator: " "))")
        }
        if !selector.labels.isEmpty { parts.append("labels \(text(selector.labels))") }
        return parts.isEmpty ? "any host" : parts.joined(separator: ", ")
    }
}

/// Tells texts apart for people; nothing is decided by it. FNV-1a.
func fingerprint(_ text: String) -> String {
    var hash: UInt32 = 0x811c_9dc5
    for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return String(hash, radix: 16)
}
