import Core
import Telemetry

/// `metrics` of a fabric, with the places of what it names.
struct MetricsDeclaration {
    var policy: MetricsPolicy
    /// What scrapes name, to be looked up once everything is read.
    var selectors: [SelectorDeclaration] = []
    var processes: [(app: Located<AppName>, process: Located<ProcessName>)] = []
}

extension SchemaReader {
    private static let entriesMax = 200
    static let metricsKeys: Set<String> = [
        "flush", "percentiles", "legacy-names", "series-max", "retention", "histograms", "scrape",
    ]
    static let retentionKeys: Set<String> = ["match", "keep", "aggregate", "filled-min"]
    static let histogramKeys: Set<String> = ["prefix", "bins"]
    static let scrapeKeys: Set<String> = ["targets", "on", "port", "app", "process", "path", "every"]

    func metrics(_ reader: MappingReader) -> MetricsDeclaration {
        var declaration = MetricsDeclaration(policy: MetricsPolicy())
        if let flush = reader.interval("flush", in: .seconds(1)...Interval.minutes(10)) {
            if flush.value.milliseconds % 1000 != 0 {
                log.error("value.range", at: flush.position, "`flush` must be whole seconds.")
            }
            declaration.policy.flush = flush.value
        }
        if reader.has("percentiles") { declaration.policy.percentiles = percentiles(reader) }
        if let legacy = reader.flag("legacy-names") { declaration.policy.legacyNames = legacy.value }
        if let count = reader.integer("series-max", in: 1...10_000_000) { declaration.policy.seriesMax = count.value }
        if reader.has("retention") { declaration.policy.retention = items("retention", reader).compactMap(retention) }
        if reader.has("histograms") {
            declaration.policy.histograms = items("histograms", reader).compactMap(histogram)
        }
        if reader.has("scrape") {
            for entry in entries("scrape", reader) {
                guard let name = log.name(key: entry, as: ScrapeName.self),
                    let reader = MappingReader(entry.value, noun: "a scrape", keys: Self.scrapeKeys, log: log),
                    let spec = scrape(name.value, reader, &declaration)
                else { continue }
                declaration.policy.scrapes.append(spec)
            }
        }
        return declaration
    }

    private func items(_ key: String, _ reader: MappingReader) -> ArraySlice<YAMLValue> {
        let items = reader.list(key)
        if items.count > Self.entriesMax { reportTooMany(key, reader) }
        return items.prefix(Self.entriesMax)
    }

    private func entries(_ key: String, _ reader: MappingReader) -> ArraySlice<YAMLEntry> {
        let entries = reader.entries(key)
        if entries.count > Self.entriesMax { reportTooMany(key, reader) }
        return entries.prefix(Self.entriesMax)
    }

    private func reportTooMany(_ key: String, _ reader: MappingReader) {
        log.error("value.range", at: reader.keyPosition(key), "`\(key)` has more than \(Self.entriesMax) entries.")
    }

    private func percentiles(_ reader: MappingReader) -> [Int] {
        items("percentiles", reader).compactMap { value in
            guard let text = log.text(value, of: "percentiles") else { return nil }
            guard let percentile = Int(text.value), (-99...100).contains(percentile), percentile != 0 else {
                log.error(
                    "value.range", at: text.position, "A percentile must be from 1 to 100, or from -99 to -1.",
                    cause: "\(quotedForMessage(text.value)) was found.", hint: "-10 means the upper tenth")
                return nil
            }
            return percentile
        }
    }

    private func retention(_ value: YAMLValue) -> RetentionSpec? {
        guard let reader = MappingReader(value, noun: "a retention", keys: Self.retentionKeys, log: log) else {
            return nil
        }
        if !reader.has("match") { reader.reportMissing("match", hint: "write `match: \"**\"` for all series") }
        if !reader.has("keep") { reader.reportMissing("keep", hint: "write `keep: 10s:6h,1m:6d,10m:1800d`") }
        let match = reader.has("match") ? reader.parse("match", Checks.seriesGlob) : nil
        let archives =
            reader.has("keep")
            ? reader.parse("keep", Checks.archives) : nil
        let aggregation = reader.choice("aggregate", of: RetentionSpec.Aggregation.self)?.value
        let filledMin = reader.parse("filled-min", Checks.percentFromZero)?.value
        guard let match, let archives else { return nil }
        return RetentionSpec(
            match: match.value, archives: archives.value, aggregation: aggregation, filledMin: filledMin)
    }

    private func histogram(_ value: YAMLValue) -> HistogramSpec? {
        guard let reader = MappingReader(value, noun: "a histogram", keys: Self.histogramKeys, log: log) else {
            return nil
        }
        if !reader.has("bins") { reader.reportMissing("bins", hint: "write upper bounds: bins: [10, 100, 1000]") }
        var bounds: [Double] = []
        for item in items("bins", reader) {
            guard let text = log.text(item, of: "bins") else { continue }
            guard let bound = Double(text.value), bound.isFinite, bounds.last.map({ bound > $0 }) ?? true else {
                log.error(
                    "value.range", at: text.position, "Bounds of bins must be numbers that rise.",
                    cause: "\(quotedForMessage(text.value)) was found.")
                continue
            }
            bounds.append(bound)
        }
        return bounds.isEmpty ? nil : HistogramSpec(prefix: reader.text("prefix")?.value ?? "", bounds: bounds)
    }

    private func scrape(
        _ name: ScrapeName, _ reader: MappingReader, _ declaration: inout MetricsDeclaration
    ) -> ScrapeSpec? {
        let kinds = ["targets", "on", "app"].filter(reader.has)
        guard kinds.count == 1 else {
            log.error(
                "scrape.targets", at: reader.position, "A scrape needs one of `targets`, `on` and `app`.",
                cause: kinds.isEmpty ? "None of them is there." : "There are \(kinds.joined(separator: " and ")).",
                hint:
                    "write addresses (targets: [http://10.0.0.1:9100/metrics]), hosts (on: { class: web }, port: 9100) or a process (app: shop, process: web)"
            )
            return nil
        }
        let path = reader.parse("path", Checks.probePath)?.value ?? "/metrics"
        let every = reader.interval("every", in: .seconds(1)...Interval.minutes(10))?.value ?? .seconds(10)
        let targets: ScrapeSpec.Targets
        switch kinds[0] {
        case "targets":
            let urls = items("targets", reader).compactMap { url($0, of: "targets") }
            if urls.isEmpty { return nil }
            targets = .urls(urls)
        case "on":
            if !reader.has("port") { reader.reportMissing("port", hint: "write `port: 9100`") }
            let port = reader.has("port") ? reader.integer("port", in: 1...65_535) : nil
            guard let selector = selector(reader), let port else { return nil }
            declaration.selectors.append(selector)
            targets = .hosts(selector.selector, port: port.value)
        default:
            let app = reader.value("app").flatMap { log.name($0, of: "app", as: AppName.self) }
            let process =
                reader.has("process")
                ? reader.value("process").flatMap { log.name($0, of: "process", as: ProcessName.self) }
                : app.map { Located(ProcessName(checked: "web"), at: $0.position) }
            guard let app, let process else { return nil }
            declaration.processes.append((app, process))
            targets = .instances(app.value, process.value)
        }
        return ScrapeSpec(name: name, targets: targets, path: path, every: every)
    }

    private func url(_ value: YAMLValue, of key: String) -> WebhookURL? {
        log.text(value, of: key).flatMap { log.parse($0, Checks.url) }?.value
    }
}

extension Checks {
    private static let globCharacters = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.*?-_:;=%@+/~".utf8)

    /// A pattern for names of series.
    static func seriesGlob(_ text: String) throws(Problem) -> String {
        guard !text.isEmpty, text.utf8.count <= 512, text.utf8.allSatisfy(globCharacters.contains) else {
            throw Problem(
                "match.invalid", "This is not a pattern for series.", cause: "\(quotedForMessage(text)) was found.",
                remedy:
                    "write a series' name; `*` stands for anything within a node, `**` for anything: stats.timers.**")
        }
        return text
    }

    /// Archives as Graphite's users write them.
    static func archives(_ text: String) throws(Problem) -> [RetentionSpec.Archive] {
        do {
            return try Archive.list(text).map {
                RetentionSpec.Archive(step: .seconds(Int64($0.step)), span: .seconds(Int64($0.retention)))
            }
        } catch {
            throw Problem(error)
        }
    }

    static func percentFromZero(_ text: String) throws(Problem) -> Int {
        guard text.hasSuffix("%"), let percent = Int(text.dropLast()), (0...100).contains(percent), text.first != "+"
        else {
            throw Problem(
                "percent.invalid", "This is not a percentage.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "write 0% to 100%")
        }
        return percent
    }

    /// An address that the server asks or sends to.
    static func url(_ text: String) throws(Problem) -> WebhookURL {
        do {
            return try WebhookURL(text)
        } catch {
            throw Problem(
                "url.invalid", "This is not an address of a service.", cause: error.cause,
                remedy: "write http://HOST:PORT/PATH")
        }
    }
}
