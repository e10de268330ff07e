import Core
import Logs
import Telemetry

/// `relay` of a fabric's logs.
extension SchemaReader {
    private static let logRelaysMax = 15
    private static let logBuffers = ByteCount.mebibytes(1)...ByteCount.mebibytes(1 << 20)
    private static let ages = Interval.minutes(60)...Interval(milliseconds: 3650 * 86_400_000)
    static let logRelayKeys: Set<String> = [
        "kind", "url", "match", "buffer", "user", "secret", "database", "table", "older-than", "index",
    ]

    /// - Parameter retention: what the server itself keeps.
    func logRelays(_ reader: MappingReader, retention: [LogRetentionSpec]) -> [LogRelaySpec] {
        var relays: [LogRelaySpec] = []
        for entry in bounded(reader.entries("relay"), Self.logRelaysMax, "relay", reader) {
            guard let name = log.name(key: entry, as: RelayName.self),
                let reader = MappingReader(entry.value, noun: "a relay of logs", keys: Self.logRelayKeys, log: log),
                let relay = logRelay(name.value, reader)
            else { continue }
            checkAge(relay, retention, isSecond: relays.contains { $0.olderThan != nil }, reader)
            relays.append(relay)
        }
        return relays
    }

    private func logRelay(_ name: RelayName, _ reader: MappingReader) -> LogRelaySpec? {
        guard reader.has("kind") else {
            reader.reportMissing("kind", hint: "write `kind: clickhouse` or `elasticsearch`")
            return nil
        }
        guard let kind = reader.choice("kind", of: LogRelaySpec.Kind.self)?.value else { return nil }
        let others = kind == .clickhouse ? ["index"] : ["database", "table", "older-than"]
        for key in others where reader.has(key) {
            log.error(
                "relay.key", at: reader.keyPosition(key), "A relay of the kind \(kind.rawValue) has no `\(key)`.",
                hint: "remove it")
        }
        guard reader.has("url") else {
            reader.reportMissing(
                "url", hint: kind == .clickhouse ? "write `url: http://HOST:8123`" : "write `url: https://HOST:9200`")
            return nil
        }
        guard let url = reader.parse("url", Checks.url)?.value, let target = target(kind, url, reader) else {
            return nil
        }
        var spec = LogRelaySpec(name: name, target: target)
        if let match = reader.parse("match", Checks.lineFilter) { spec.match = match.value }
        if let buffer = byteCount("buffer", reader, in: Self.logBuffers) { spec.buffer = buffer }
        (spec.user, spec.secret) = account(reader)
        if spec.secret != nil { checkEncrypted(url, "url", reader) }
        return spec
    }

    private func target(
        _ kind: LogRelaySpec.Kind, _ url: WebhookURL, _ reader: MappingReader
    ) -> LogRelaySpec.Target? {
        switch kind {
        case .clickhouse:
            let database = reader.parse("database", Checks.table)?.value ?? "default"
            let table = reader.parse("table", Checks.table)?.value ?? "apus_lines"
            let age = reader.interval("older-than", in: Self.ages)?.value
            return .clickHouse(url, database: database, table: table, olderThan: age)
        case .elasticsearch:
            guard reader.has("index") else { return .elastic(url, index: "logs-%Y.%m.%d") }
            return reader.parse("index", Checks.elasticIndex).map { .elastic(url, index: $0.value) }
        }
    }

    /// Lines that the server keeps no longer, and that are not asked of ClickHouse yet, would be found nowhere.
    private func checkAge(
        _ relay: LogRelaySpec, _ retention: [LogRetentionSpec], isSecond: Bool, _ reader: MappingReader
    ) {
        guard let age = relay.olderThan else { return }
        if isSecond {
            log.error(
                "relay.older-than", at: reader.keyPosition("older-than"), "Older lines are asked of one relay.",
                cause: "A relay before this one has `older-than` too.", hint: "remove one of them")
        }
        if let shortest = retention.compactMap(\.age).min(), shortest < age {
            log.error(
                "relay.older-than", at: reader.keyPosition("older-than"), "Some lines would be found nowhere.",
                cause:
                    "The server keeps lines for \(shortest) by a rule of `keep`, and ClickHouse is asked from \(age) on.",
                hint: "write at most \(shortest)")
        }
    }
}

extension Checks {
    /// A query without pipes.
    static func lineFilter(_ text: String) throws(Problem) -> String {
        do throws(TelemetryProblem) {
            let query = try LogQuery(text)
            _ = try query.compiled()
            guard query.stages.isEmpty else {
                throw TelemetryProblem(
                    "logs.query-invalid", "The query was not understood.", cause: "It has a pipe.",
                    remedy: "Write only which lines: app:shop level:>=warn.")
            }
            return text
        } catch {
            throw Problem(error.code, error.sentence, cause: error.cause, remedy: error.remedy)
        }
    }

    /// An index of Elasticsearch, or a data stream.
    static func elasticIndex(_ text: String) throws(Problem) -> String {
        do throws(TelemetryProblem) {
            return try ElasticIndexPattern(text).text
        } catch {
            throw Problem(error.code, error.sentence, cause: error.cause, remedy: error.remedy)
        }
    }
}
