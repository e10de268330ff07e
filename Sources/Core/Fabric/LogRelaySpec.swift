/// Where lines go besides the server's own store.
package struct LogRelaySpec: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case clickhouse, elasticsearch
    }

    package enum Target: Codable, Hashable, Sendable {
        /// By HTTP; `olderThan`: searches find lines of that age and more there; nil: it is not asked.
        case clickHouse(WebhookURL, database: String, table: String, olderThan: Interval?)
        /// `_bulk` of Elasticsearch's kind, below the URL; `index` may have `%Y`, `%m` and `%d`.
        case elastic(WebhookURL, index: String)
    }

    package var name: RelayName
    package var target: Target
    /// Which lines, as a query without pipes.
    package var match: String
    /// What may wait on the server's disk.
    package var buffer: ByteCount
    /// Who the target is asked as, with `secret` as the password; nil: `secret` is a token.
    package var user: String?
    package var secret: SecretName?

    package init(
        name: RelayName, target: Target, match: String = "*", buffer: ByteCount = .mebibytes(1024),
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
        case .clickHouse: .clickhouse
        case .elastic: .elasticsearch
        }
    }

    package var url: WebhookURL {
        switch target {
        case .clickHouse(let url, _, _, _), .elastic(let url, _): url
        }
    }

    /// The age from which on searches find lines in the target; nil: it is not asked.
    package var olderThan: Interval? {
        if case .clickHouse(_, _, _, let age) = target { age } else { nil }
    }
}
