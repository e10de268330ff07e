import Core
import Telemetry

/// `relay` and `regions` of a fabric's metrics.
extension SchemaReader {
    private static let buffers = ByteCount.mebibytes(1)...ByteCount.mebibytes(1 << 20)
    static let relayKeys: Set<String> = [
        "kind", "address", "url", "match", "buffer", "user", "secret", "database", "table", "answers",
    ]
    static let metricsRegionKeys: Set<String> = ["url", "token"]

    func relays(_ entries: ArraySlice<YAMLEntry>) -> [RelaySpec] {
        if entries.count > RelayTap.relaysMax, let extra = entries.dropFirst(RelayTap.relaysMax).first {
            log.error("value.range", at: extra.keyPosition, "There are more than \(RelayTap.relaysMax) relays.")
        }
        return entries.prefix(RelayTap.relaysMax).compactMap { entry in
            guard let name = log.name(key: entry, as: RelayName.self),
                let reader = MappingReader(entry.value, noun: "a relay", keys: Self.relayKeys, log: log)
            else { return nil }
            return relay(name.value, reader)
        }
    }

    private func relay(_ name: RelayName, _ reader: MappingReader) -> RelaySpec? {
        guard reader.has("kind") else {
            reader.reportMissing("kind", hint: "write `kind: graphite`, `remote-write` or `clickhouse`")
            return nil
        }
        guard let kind = reader.choice("kind", of: RelaySpec.Kind.self)?.value else { return nil }
        refuseOthers(kind, reader)
        guard let target = target(kind, reader) else { return nil }
        var spec = RelaySpec(name: name, target: target)
        if reader.has("match") {
            spec.match = items("match", reader).compactMap { value in
                log.text(value, of: "match").flatMap { log.parse($0, Checks.seriesGlob) }?.value
            }
            if spec.match.isEmpty { return nothing("match", reader) }
        }
        if let buffer = byteCount("buffer", reader, in: Self.buffers) { spec.buffer = buffer }
        (spec.user, spec.secret) = account(reader)
        if spec.secret != nil { checkEncrypted(target, reader) }
        return spec
    }

    private func nothing(_ key: String, _ reader: MappingReader) -> RelaySpec? {
        if reader.list(key).isEmpty {
            log.error(
                "value.missing", at: reader.keyPosition(key), "`\(key)` matches nothing.",
                hint: "write `match: \"**\"` for all series, or remove the key")
        }
        return nil
    }

    /// Keys that another kind has.
    private func refuseOthers(_ kind: RelaySpec.Kind, _ reader: MappingReader) {
        let others: [String] =
            switch kind {
            case .graphite: ["url", "user", "secret", "database", "table", "answers"]
            case .remoteWrite: ["address", "database", "table", "answers"]
            case .clickhouse: ["address"]
            }
        for key in others where reader.has(key) {
            log.error(
                "relay.key", at: reader.keyPosition(key), "A relay of the kind \(kind.rawValue) has no `\(key)`.",
                hint: "remove it")
        }
    }

    private func target(_ kind: RelaySpec.Kind, _ reader: MappingReader) -> RelaySpec.Target? {
        guard kind != .graphite else {
            guard reader.has("address") else {
                reader.reportMissing("address", hint: "write `address: HOST:2003`")
                return nil
            }
            return reader.parse("address", Checks.place).map { .graphite(host: $0.value.host, port: $0.value.port) }
        }
        guard reader.has("url") else {
            reader.reportMissing(
                "url",
                hint: kind == .clickhouse ? "write `url: http://HOST:8123`" : "write `url: https://HOST/api/v1/write`")
            return nil
        }
        guard let url = reader.parse("url", Checks.url)?.value else { return nil }
        guard kind == .clickhouse else { return .remoteWrite(url) }
        let database = reader.parse("database", Checks.table)?.value ?? "default"
        let table = reader.parse("table", Checks.table)?.value ?? "apus_points"
        return .clickHouse(url, database: database, table: table, answers: reader.flag("answers")?.value ?? false)
    }

    private func checkEncrypted(_ target: RelaySpec.Target, _ reader: MappingReader) {
        switch target {
        case .graphite: break
        case .remoteWrite(let url), .clickHouse(let url, _, _, _): checkEncrypted(url, "url", reader)
        }
    }

    func checkEncrypted(_ url: WebhookURL, _ key: String, _ reader: MappingReader) {
        guard !url.isEncrypted, !url.isLoopback else { return }
        log.error(
            "url.plain", at: reader.keyPosition(key), "A secret would be sent without TLS.",
            hint: "write https://; http:// is for this machine alone")
    }

    /// Who a relay is at its target: a user needs a password, which the server has in a file.
    func account(_ reader: MappingReader) -> (user: String?, secret: SecretName?) {
        let user = reader.parse("user", Checks.user)?.value
        let secret = secret("secret", reader)
        if user != nil, secret == nil {
            reader.reportMissing("secret", hint: "name the file that the server has the password in")
        }
        return (user, secret)
    }

    func secret(_ key: String, _ reader: MappingReader) -> SecretName? {
        reader.has(key) ? reader.value(key).flatMap { log.name($0, of: key, as: SecretName.self) }?.value : nil
    }

    func regions(_ entries: ArraySlice<YAMLEntry>) -> [RegionSpec] {
        entries.compactMap { entry in
            guard let name = log.name(key: entry, as: RegionName.self),
                let reader = MappingReader(
                    entry.value, noun: "a region's server", keys: Self.metricsRegionKeys, log: log)
            else { return nil }
            if !reader.has("url") { reader.reportMissing("url", hint: "write `url: https://HOST:2787`") }
            if !reader.has("token") {
                reader.reportMissing("token", hint: "name the file that the server has a viewer's token in")
            }
            guard reader.has("url"), let url = reader.parse("url", Checks.url)?.value,
                let token = secret("token", reader)
            else { return nil }
            checkEncrypted(url, "url", reader)
            return RegionSpec(name: name.value, url: url, token: token)
        }
    }
}

extension Checks {
    /// A host and a port, `HOST:PORT`, as in the address of a service.
    static func place(_ text: String) throws(Problem) -> (host: String, port: Int) {
        let problem = Problem(
            "address.invalid", "This is not a host and a port.", cause: "\(quotedForMessage(text)) was found.",
            remedy: "write HOST:PORT: 10.0.0.9:2003")
        guard !text.contains(where: { "/?".contains($0) }), let colon = text.lastIndex(of: ":"),
            text[colon...].count > 1, let url = try? WebhookURL("http://\(text)/")
        else { throw problem }
        return (url.host, url.port)
    }

    /// A table or database of ClickHouse.
    static func table(_ text: String) throws(Problem) -> String {
        do {
            return try ClickHouseTable(database: text, table: text).table
        } catch {
            throw Problem(error.code, error.sentence, cause: error.cause, remedy: error.remedy)
        }
    }

    /// A user of a target.
    static func user(_ text: String) throws(Problem) -> String {
        let isName = text.utf8.allSatisfy { byte in
            byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x30 && byte <= 0x39 || "-._@".utf8.contains(byte)
        }
        guard isName, (1...64).contains(text.utf8.count) else {
            throw Problem(
                "user.invalid", "This is not the name of a user.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "use 1 to 64 letters, digits and - . _ @")
        }
        return text
    }
}
