package struct RelayName: Name {
    package static let noun = "relay"
    package let text: String
    package init(checked text: String) { self.text = text }
}

/// Where points go besides the server's own store.
package struct RelaySpec: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case graphite, clickhouse
        case remoteWrite = "remote-write"
    }

    package enum Target: Codable, Hashable, Sendable {
        /// Lines by TCP.
        case graphite(host: String, port: Int)
        case remoteWrite(WebhookURL)
        /// By HTTP; `answers`: what is in it can be asked for under `relays.NAME.`.
        case clickHouse(WebhookURL, database: String, table: String, answers: Bool)
    }

    package var name: RelayName
    package var target: Target
    /// Which series, as globs: `*` stands for any characters within a node, `**` for any at all.
    package var match: [String]
    /// What may wait on the server's disk.
    package var buffer: ByteCount
    /// Who the target is asked as, with `secret` as the password; nil: `secret` is a token.
    package var user: String?
    package var secret: SecretName?

    package init(
        name: RelayName, target: Target, match: [String] = ["**"], buffer: ByteCount = .mebibytes(256),
        user: String? = nil, secret: SecretName? = nil
    ) {
        self.name = name
        self.target = target
        self.match = match
        self.buffer = buffer
        self.user = user
        self.secret = secret
    }

    package var kind: Kind {
        switch target {
        case .graphite: .graphite
        case .remoteWrite: .remoteWrite
        case .clickHouse: .clickhouse
        }
    }

    /// Where it is, in words.
    package var address: String {
        switch target {
        case .graphite(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .remoteWrite(let url), .clickHouse(let url, _, _, _): url.text
        }
    }
}

/// The server of another region, whose series can be asked for under `regions.NAME.`.
package struct RegionSpec: Codable, Hashable, Sendable {
    package var name: RegionName
    package var url: WebhookURL
    /// A token of a viewer there.
    package var token: SecretName

    package init(name: RegionName, url: WebhookURL, token: SecretName) {
        self.name = name
        self.url = url
        self.token = token
    }
}
