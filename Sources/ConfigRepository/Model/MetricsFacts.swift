import Core

/// Metrics and dashboards as keys and values, as they would be written, for the difference of two commits.
enum MetricsFacts {
    /// Only what is not as it is by itself.
    static func of(_ policy: MetricsPolicy) -> [String: String] {
        let usual = MetricsPolicy()
        var facts: [String: String] = [:]
        if policy.flush != usual.flush { facts["metrics.flush"] = "\(policy.flush)" }
        if policy.percentiles != usual.percentiles {
            facts["metrics.percentiles"] = policy.percentiles.map { "\($0)" }.joined(separator: " ")
        }
        if policy.legacyNames { facts["metrics.legacy-names"] = "true" }
        if policy.seriesMax != usual.seriesMax { facts["metrics.series-max"] = "\(policy.seriesMax)" }
        for (index, rule) in policy.retention.enumerated() {
            let archives = rule.archives.map { "\($0.step):\($0.span)" }.joined(separator: ",")
            let aggregation = rule.aggregation.map { " \($0.rawValue)" } ?? ""
            let filled = rule.filledMin.map { " \($0)%" } ?? ""
            facts["metrics.retention.\(index + 1)"] = "\(rule.match) keep \(archives)\(aggregation)\(filled)"
        }
        for histogram in policy.histograms {
            facts["metrics.histograms.\(histogram.metric)"] = histogram.bounds.map { "\($0)" }.joined(separator: " ")
        }
        for scrape in policy.scrapes {
            facts["metrics.scrape.\(scrape.name)"] = "\(targets(scrape)) every \(scrape.every)"
        }
        for relay in policy.relays { facts["metrics.relay.\(relay.name)"] = text(relay) }
        for region in policy.regions {
            facts["metrics.regions.\(region.name)"] = "\(region.url) token \(region.token)"
        }
        return facts
    }

    static func of(_ dashboard: DashboardSpec) -> [String: String] {
        var facts = ["title": dashboard.title]
        for (row, content) in dashboard.rows.enumerated() {
            for panel in content.panels {
                facts["rows.\(row + 1).\(panel.title)"] =
                    "\(panel.kind.rawValue) \(panel.unit.rawValue) \(panel.width) \(panel.targets.joined(separator: " "))"
            }
        }
        return facts
    }

    private static func text(_ relay: RelaySpec) -> String {
        var words = [relay.kind.rawValue, relay.address]
        if case .clickHouse(_, let database, let table, let answers) = relay.target {
            words.append("\(database).\(table)")
            if answers { words.append("answers") }
        }
        words += ["match \(relay.match.joined(separator: " "))", "buffer \(relay.buffer)"]
        if let user = relay.user { words.append("user \(user)") }
        if let secret = relay.secret { words.append("secret \(secret)") }
        return words.joined(separator: " ")
    }

    private static func targets(_ scrape: ScrapeSpec) -> String {
        switch scrape.targets {
        case .urls(let urls): urls.map(\.text).joined(separator: " ")
        case .hosts(let selector, let port):
            "port \(port)\(scrape.path) of \((selector.hosts.map(\.text) + (selector.hostClass.map { ["class \($0)"] } ?? []) + selector.labels.map { "\($0.key)=\($0.value)" }.sorted()).joined(separator: " "))"
        case .instances(let app, let process): "\(app).\(process)\(scrape.path)"
        }
    }
}
