/// HAProxy's file, made of a balancer's configuration. `docs/balancing.md` says why each option
/// is there.
package struct HAProxyConfiguration: Hashable, Sendable {
    /// What the file needs to know about the place where HAProxy runs.
    package struct Surroundings: Hashable, Sendable {
        /// The listeners' certificates by port, as SHA-256 of their PEM.
        package var certificates: [Int: Digest]
        /// The system's user that the worker becomes; nil: it stays who started it.
        package var account: String?

        package init(certificates: [Int: Digest] = [:], account: String? = nil) {
            self.certificates = certificates
            self.account = account
        }
    }

    struct Section: Hashable, Sendable {
        var head: HAProxyLine
        var lines: [HAProxyLine]
    }

    /// What every server has, in the file and when added while HAProxy runs.
    static let serverOptions: HAProxyWord =
        "check inter 1s fastinter 250ms downinter 250ms fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down"
    static let weight: HAProxyWord = "weight 100"
    static let weightDraining: HAProxyWord = "weight 0"

    let sections: [Section]

    /// - Throws: `balancer.value-refused` for a value that may not reach the file,
    ///   `balancer.route-ambiguous` for two routes that admit the same requests, and
    ///   `balancer.backend-missing` for a route to a backend that is not there.
    package init(_ configuration: BalancerConfiguration, in surroundings: Surroundings = Surroundings()) throws(Problem)
    {
        var sections = [try Self.global(surroundings), Self.defaults]
        if !configuration.listeners.isEmpty {
            sections.append(try Self.frontend(configuration, surroundings))
        }
        for backend in configuration.backends { sections.append(try Self.backend(backend)) }
        if let port = configuration.statisticsPort {
            sections.append(try Self.statistics(port: port, beside: configuration.listeners.first?.address))
        }
        self.sections = sections
    }

    package var text: String {
        sections.map { section in
            ([section.head.text] + section.lines.map { "    " + $0.text }).joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    private static func global(_ surroundings: Surroundings) throws(Problem) -> Section {
        var lines: [HAProxyLine] = [
            HAProxyLine("stats socket unix@run/worker.sock mode 600 level admin expose-fd listeners"),
            HAProxyLine("maxconn 8000"),
            HAProxyLine("no strict-limits"),
            HAProxyLine("hard-stop-after 15m"),
        ]
        if let account = surroundings.account {
            lines.append(HAProxyLine("user", try .account(account)))
            lines.append(HAProxyLine("group", try .account(account)))
        }
        return Section(head: HAProxyLine("global"), lines: lines)
    }

    private static var defaults: Section {
        Section(
            head: HAProxyLine("defaults"),
            lines: [
                HAProxyLine("mode http"),
                HAProxyLine("timeout connect 1s"),
                HAProxyLine("timeout client 60s"),
                HAProxyLine("timeout server 60s"),
                HAProxyLine("timeout http-request 10s"),
                HAProxyLine("timeout http-keep-alive 60s"),
                HAProxyLine("timeout queue 5s"),
                HAProxyLine("timeout check 2s"),
                HAProxyLine("retries 3"),
                HAProxyLine("option redispatch 1"),
                HAProxyLine("retry-on conn-failure empty-response response-timeout 0rtt-rejected"),
                HAProxyLine("option idle-close-on-response"),
                HAProxyLine("http-reuse safe"),
                HAProxyLine(
                    #"http-error status 503 content-type text/plain string "No instance of this app can answer now.\n" hdr Retry-After 1"#
                ),
            ])
    }

    private static func frontend(
        _ configuration: BalancerConfiguration, _ surroundings: Surroundings
    ) throws(Problem) -> Section {
        var lines: [HAProxyLine] = []
        for listener in configuration.listeners { lines.append(try bind(listener, surroundings)) }
        lines += [
            HAProxyLine("http-request set-var(txn.host) req.fhdr(host),host_only,rtrim(.),lower"),
            HAProxyLine("http-request set-var(txn.domain) var(txn.host),field(2,.,0)"),
            HAProxyLine("http-request set-header X-Forwarded-For %[src]"),
            HAProxyLine("http-request set-header X-Forwarded-Proto https if { ssl_fc }"),
            HAProxyLine("http-request set-header X-Forwarded-Proto http if !{ ssl_fc }"),
        ]
        lines += try HAProxyRouting(configuration).lines
        return Section(head: HAProxyLine("frontend requests"), lines: lines)
    }

    private static func bind(
        _ listener: BalancerConfiguration.Listener, _ surroundings: Surroundings
    ) throws(Problem) -> HAProxyLine {
        let endpoint = try HAProxyWord.endpoint(listener.address, listener.port)
        guard listener.certificate != nil else { return HAProxyLine("bind", endpoint) }
        guard let digest = surroundings.certificates[listener.port] else {
            throw Problem(
                "balancer.certificate-missing", "The balancer's configuration cannot be written.",
                cause: "Port \(listener.port) has a certificate that was not stored.",
                remedy: "This is a fault of Apus: please report it.")
        }
        return HAProxyLine("bind", endpoint, "ssl crt", .certificate(digest), "alpn h2,http/1.1 ssl-min-ver TLSv1.2")
    }

    private static func backend(_ backend: BalancerConfiguration.Backend) throws(Problem) -> Section {
        var lines: [HAProxyLine] = []
        switch backend.sticky {
        case .source: lines += [HAProxyLine("balance source"), HAProxyLine("hash-type consistent")]
        case nil: lines.append(HAProxyLine("balance roundrobin"))
        }
        if backend.websocket { lines.append(HAProxyLine("timeout tunnel 1h")) }
        if let path = backend.healthPath {
            lines += [
                HAProxyLine("option httpchk"),
                HAProxyLine("http-check send meth GET uri", try .path(path)),
                HAProxyLine("http-check expect status 200-499"),
            ]
        }
        lines.append(HAProxyLine("default-server", serverOptions))
        for server in backend.servers {
            let endpoint = try HAProxyWord.endpoint(server.address, server.port)
            let weight = server.standing == .draining ? Self.weightDraining : Self.weight
            let words: [HAProxyWord] = ["server", .server(server), endpoint, weight]
            lines.append(HAProxyLine(words + (server.standing == .standby ? ["disabled"] : [])))
        }
        return Section(head: HAProxyLine("backend", try .backend(backend.name)), lines: lines)
    }

    /// The counters are for operators, not for the internet: they are shown on loopback, beside
    /// the listeners where those are on loopback themselves.
    private static func statistics(port: Int, beside address: String?) throws(Problem) -> Section {
        let loopback = address.flatMap { $0.hasPrefix("127.") ? $0 : nil } ?? "127.0.0.1"
        return Section(
            head: HAProxyLine("listen statistics"),
            lines: [
                HAProxyLine("bind", try .endpoint(loopback, port)),
                HAProxyLine("stats enable"),
                HAProxyLine("stats uri /"),
                HAProxyLine("stats hide-version"),
                HAProxyLine("http-request use-service prometheus-exporter if { path /metrics }"),
            ])
    }
}

extension BalancerConfiguration {
    /// Names what serves: the SHA-256 of HAProxy's file, without what only the host knows. Agent
    /// and control plane come to the same.
    /// - Parameter sha256: of a text's UTF-8.
    package func digest(sha256: (String) -> Digest) throws(Problem) -> Digest {
        var certificates: [Int: Digest] = [:]
        for listener in listeners {
            if let pem = listener.certificate { certificates[listener.port] = sha256(pem) }
        }
        return sha256(try HAProxyConfiguration(self, in: .init(certificates: certificates)).text)
    }
}
