import Core

/// `fabrics/NAME.yaml` and `classes/NAME.yaml`.
extension SchemaReader {
    private static let hooksMax = 20
    static let fabricKeys: Set<String> = [
        "fabric", "regions", "apply", "lost-host-grace", "lost-hosts-max", "notify", "metrics", "logs",
    ]
    static let hookKeys: Set<String> = ["webhook", "secret", "events", "loopback"]
    static let classKeys: Set<String> = ["class", "version", "labels"]

    func fabric(file: String, name fileName: String) -> FabricDeclaration? {
        guard let value = value(ofFile: file),
            let reader = MappingReader(value, noun: "a fabric", keys: Self.fabricKeys, log: log)
        else { return nil }
        let name = name("fabric", in: reader, fileName: fileName, as: FabricName.self)
        var policy = FabricPolicy()
        if let apply = reader.choice("apply", of: FabricPolicy.Apply.self) { policy.apply = apply.value }
        if let grace = reader.interval("lost-host-grace", in: .seconds(5)...Interval(milliseconds: 86_400_000)) {
            policy.lostHostGrace = grace.value
        }
        if let share = reader.parse("lost-hosts-max", { text throws(Problem) in try Share(text) }) {
            policy.lostHostsMax = share.value
        }
        if reader.has("notify") { policy.hooks = hooks(reader) }
        var metrics = MetricsDeclaration(policy: policy.metrics)
        if let reader = reader.mapping("metrics", noun: "`metrics`", keys: Self.metricsKeys) {
            metrics = self.metrics(reader)
            policy.metrics = metrics.policy
        }
        var logs = LogsDeclaration()
        if let reader = reader.mapping("logs", noun: "`logs`", keys: Self.logsKeys) {
            logs = self.logs(reader)
            policy.logs = logs.policy
        }
        let regions = reader.has("regions") ? regions(reader) : nil
        return name.map {
            FabricDeclaration(name: $0, policy: policy, metrics: metrics, logs: logs, regions: regions)
        }
    }

    private func hooks(_ reader: MappingReader) -> [NotificationHook] {
        let entries = reader.entries("notify")
        if entries.count > Self.hooksMax {
            log.error("value.range", at: reader.keyPosition("notify"), "There are more than \(Self.hooksMax) hooks.")
        }
        return entries.prefix(Self.hooksMax).compactMap { entry in
            guard let name = log.name(key: entry, as: HookName.self),
                let hook = MappingReader(entry.value, noun: "a notification hook", keys: Self.hookKeys, log: log)
            else { return nil }
            return self.hook(name.value, hook)
        }.sorted { $0.name < $1.name }
    }

    private func hook(_ name: HookName, _ reader: MappingReader) -> NotificationHook? {
        if !reader.has("webhook") { reader.reportMissing("webhook", hint: "write `webhook: https://HOST/PATH`") }
        if !reader.has("secret") {
            reader.reportMissing("secret", hint: "name the file that the server has it in: `secret: \(name)`")
        }
        let url =
            reader.has("webhook") ? reader.parse("webhook", { text throws(Problem) in try WebhookURL(text) }) : nil
        let secret =
            reader.has("secret")
            ? reader.value("secret").flatMap { log.name($0, of: "secret", as: SecretName.self) } : nil
        let loopback = reader.flag("loopback")?.value ?? false
        if let url, !url.value.isEncrypted, !loopback {
            log.error(
                "webhook.plain", at: url.position, "The webhook is called without TLS.",
                hint: "write https://; with `loopback: true`, http:// is for this machine alone")
        }
        var events: [NotificationKind]?
        if reader.has("events") {
            let kinds = reader.list("events").compactMap { value in
                log.text(value, of: "events").flatMap {
                    log.choice($0, of: "events", from: NotificationKind.self)?.value
                }
            }
            events = NotificationKind.allCases.filter(kinds.contains)
        }
        guard let url, let secret else { return nil }
        return NotificationHook(
            name: name, webhook: url.value, secret: secret.value, events: events, allowsLoopback: loopback)
    }

    private func regions(_ reader: MappingReader) -> [ZoneName: RegionName] {
        var regions: [ZoneName: RegionName] = [:]
        for entry in reader.entries("regions") {
            guard let region = log.name(key: entry, as: RegionName.self) else { continue }
            var zones = [entry.value]
            if case .list(let items) = entry.value.content { zones = items }
            for item in zones {
                guard let zone = log.name(item, of: entry.key, as: ZoneName.self) else { continue }
                if let other = regions[zone.value] {
                    log.error(
                        "zone.duplicate", at: zone.position, "Zone \(zone.value) is in region \(other) already.",
                        hint: "give each zone of a fabric a name of its own: \(region.value)-\(zone.value)")
                }
                regions[zone.value] = region.value
            }
        }
        return regions
    }

    func hostClass(file: String, name fileName: String) -> ClassDeclaration? {
        guard let value = value(ofFile: file),
            let reader = MappingReader(value, noun: "a host class", keys: Self.classKeys, log: log)
        else { return nil }
        let name = name("class", in: reader, fileName: fileName, as: HostClassName.self)
        if !reader.has("version") {
            reader.reportMissing("version", hint: "write `version: 1`, and raise it with each change")
        }
        let version = reader.has("version") ? reader.integer("version", in: 1...1_000_000) : nil
        let labels = labels(reader)
        return name.map {
            ClassDeclaration(
                name: $0, spec: HostClassSpec(name: $0.value, version: version?.value ?? 1, labels: labels))
        }
    }
}
