/// HAProxy's file, made of a balancer's configuration. `docs/balancing.md` says why each option
/// is there.
package struct HAProxyConfiguration: Hashable, Sendable {
    /// What the file needs to know about the place where HAProxy runs.
    package struct Surroundings: Hashable, Sendable {
        /// The listeners' certificates by port, as SHA-256 of their PEM.
        package var certificates: [Int: Digest]
        /// The system's user that the worker becomes; nil: it stays who started it.
        package var account: String?
        /// Whether HAProxy was started with the pipe for its lines as `linesDescriptor`.
        package var hasLines: Bool

        package init(certificates: [Int: Digest] = [:], account: String? = nil, hasLines: Bool = true) {
            self.certificates = certificates
            self.account = account
            self.hasLines = hasLines
        }
    }

    struct Section: Hashable, Sendable {
        var head: BalancerLine
        var lines: [BalancerLine]
    }

    /// What every server has, in the file and when added while HAProxy runs.
    static let serverOptions: BalancerWord =
        "check inter 1s fastinter 250ms downinter 250ms fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down"
    /// A draining server is one of weight 0.
    static func weight(_ server: BalancerConfiguration.Server) throws(Problem) -> [BalancerWord] {
        let weight = try BalancerWord.weight(server.weight)
        return ["weight", server.standing == .draining ? .number(0) : weight]
    }

    let sections: [Section]

    /// - Throws: `balancer.value-refused` for a value that may not reach the file,
    ///   `balancer.route-ambiguous` for two routes that admit the same requests, and
    ///   `balancer.backend-missing` for a route to a backend that is not there.
    package init(_ configuration: BalancerConfiguration, in surroundings: Surroundings = Surroundings()) throws(Problem)
    {
        var sections = [try Self.global(surroundings), Self.times, Self.defaults]
        if !configuration.listeners.isEmpty {
            sections.append(try Self.frontend(configuration, surroundings))
        }
        for backend in configuration.backends {
            let usual = try Self.backend(backend)
            // Both see their servers come and go; one says so.
            let lines = surroundings.hasLines ? [Self.lines] : []
            sections.append(Section(head: usual.head, lines: lines + usual.lines))
            sections.append(try Self.once(backend, as: usual))
        }
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
        var lines: [BalancerLine] = [
            BalancerLine("stats socket unix@run/worker.sock mode 600 level admin expose-fd listeners"),
            BalancerLine("maxconn 8000"),
            BalancerLine("no strict-limits"),
            BalancerLine("hard-stop-after 15m"),
        ]
        if let account = surroundings.account {
            lines.append(BalancerLine("user", try .account(account)))
            lines.append(BalancerLine("group", try .account(account)))
        }
        return Section(head: BalancerLine("global"), lines: lines)
    }

    private static var defaults: Section {
        Section(
            head: BalancerLine("defaults"),
            lines: [
                BalancerLine("mode http"),
                BalancerLine("timeout connect 1s"),
                BalancerLine("timeout client 60s"),
                BalancerLine("timeout server 60s"),
                BalancerLine("timeout http-request 10s"),
                BalancerLine("timeout http-keep-alive 60s"),
                BalancerLine("timeout queue 5s"),
                BalancerLine("timeout check 2s"),
                BalancerLine("retries 3"),
                BalancerLine("option redispatch 1"),
                BalancerLine("retry-on conn-failure empty-response response-timeout 0rtt-rejected"),
                BalancerLine("option idle-close-on-response"),
                BalancerLine("http-reuse safe"),
                BalancerLine(
                    #"http-error status 503 content-type text/plain string "No instance of this app can answer now.\n" hdr Retry-After 1"#
                ),
            ])
    }

    /// The last times that requests took, in memory: about 800 of them. Of each line the beginning is kept, where
    /// they are.
    private static let times = Section(
        head: BalancerLine("ring times"),
        lines: [BalancerLine("format raw"), BalancerLine("maxlen 256"), BalancerLine("size 196608")])

    /// Number, server, status, milliseconds, the microseconds of the second when it began and ended, and the
    /// backend. Then the request as `option httplog` shows it, but with a time that is UTC's, and names that
    /// are Apus's. The pipe gets all of it; the ring, under load, of one request in 32.
    private static func logging(_ balancer: BalancerName, _ surroundings: Surroundings) -> [BalancerLine] {
        let format: [BalancerWord] = [
            #"log-format "%rt %s %ST %Ta %[var(txn.began)] %[date_us] %[be_name,field(1,:)] %ci:%cp"#,
            "[%[var(txn.second),utime(%d/%b/%Y:%H:%M:%S)].%[var(txn.began),add(1000000),concat(),bytes(1,3)]]",
            .balancer(balancer), "%[be_name,field(1,:)]/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc",
            #"%ac/%fc/%bc/%sc/%rc %sq/%bq %{+Q}r""#,
        ]
        return [BalancerLine("log ring@times format raw local0 info")] + (surroundings.hasLines ? [lines] : []) + [
            BalancerLine("option dontlognull"),
            BalancerLine(format),
            BalancerLine("http-request set-var(txn.began) date_us"),
            BalancerLine("http-request set-var(txn.second) date"),
            BalancerLine("http-request set-log-level debug if { fe_req_rate gt 200 } !{ rand(32) eq 0 }"),
        ]
    }

    /// The descriptor on which HAProxy finds the pipe that the agent reads its lines from.
    package static let linesDescriptor: Int32 = 9
    /// A line has its level in front, and is written whole or not at all.
    private static let lines = BalancerLine("log fd@9 len 2048 format short local0")

    private static func frontend(
        _ configuration: BalancerConfiguration, _ surroundings: Surroundings
    ) throws(Problem) -> Section {
        var lines: [BalancerLine] = []
        for listener in configuration.listeners { lines.append(try bind(listener, surroundings)) }
        lines += logging(configuration.balancer, surroundings)
        lines += [
            BalancerLine("http-request set-var(txn.host) req.fhdr(host),host_only,rtrim(.),lower"),
            BalancerLine("http-request set-var(txn.domain) var(txn.host),field(2,.,0)"),
            BalancerLine("http-request set-header X-Forwarded-For %[src]"),
            BalancerLine("http-request set-header X-Forwarded-Proto https if { ssl_fc }"),
            BalancerLine("http-request set-header X-Forwarded-Proto http if !{ ssl_fc }"),
        ]
        lines += try HAProxyRouting(configuration).lines
        return Section(head: BalancerLine("frontend requests"), lines: lines)
    }

    private static func bind(
        _ listener: BalancerConfiguration.Listener, _ surroundings: Surroundings
    ) throws(Problem) -> BalancerLine {
        let endpoint = try BalancerWord.endpoint(listener.address, listener.port)
        guard listener.certificate != nil else { return BalancerLine("bind", endpoint) }
        guard let digest = surroundings.certificates[listener.port] else {
            throw Problem(
                "balancer.certificate-missing", "The balancer's configuration cannot be written.",
                cause: "Port \(listener.port) has a certificate that was not stored.",
                remedy: "This is a fault of Apus: please report it.")
        }
        return BalancerLine("bind", endpoint, "ssl crt", .certificate(digest), "alpn h2,http/1.1 ssl-min-ver TLSv1.2")
    }

    private static func backend(_ backend: BalancerConfiguration.Backend) throws(Problem) -> Section {
        var lines: [BalancerLine] = []
        switch backend.sticky {
        case .source: lines += [BalancerLine("balance source"), BalancerLine("hash-type consistent")]
        case nil: lines.append(BalancerLine("balance roundrobin"))
        }
        if backend.websocket { lines.append(BalancerLine("timeout tunnel 1h")) }
        if let path = backend.healthPath {
            lines += [
                BalancerLine("option httpchk"),
                BalancerLine("http-check send meth GET uri", try .path(path)),
                BalancerLine("http-check expect status 200-499"),
            ]
        }
        lines.append(BalancerLine("default-server", serverOptions))
        for server in backend.servers {
            let endpoint = try BalancerWord.endpoint(server.address, server.port)
            let words = ["server", .server(server), endpoint] + (try Self.weight(server))
            lines.append(BalancerLine(words + (server.standing == .standby ? ["disabled"] : [])))
        }
        return Section(head: BalancerLine("backend", try .backend(backend.name)), lines: lines)
    }

    /// An instance may close a connection on which it has answered just when the next request is sent.
    /// So each backend is there twice: what may not be repeated goes to the second, which opens a connection
    /// for each request.
    private static func once(_ backend: BalancerConfiguration.Backend, as usual: Section) throws(Problem) -> Section {
        Section(
            head: BalancerLine("backend", try onceName(backend.name)),
            lines: [BalancerLine("http-reuse never"), BalancerLine("option http-server-close")] + usual.lines)
    }

    /// What the name of a backend for what may not be repeated has at its end. No backend's own name has a colon.
    package static let onceSuffix = ":once"

    static func onceName(_ backend: String) throws(Problem) -> BalancerWord {
        .concatenated(try .backend(backend), ":once")
    }

    /// Both names of a backend.
    static func names(_ backend: String) throws(Problem) -> [BalancerWord] {
        [try .backend(backend), try onceName(backend)]
    }

    /// The counters are for operators, not for the internet: they are shown on loopback, beside
    /// the listeners where those are on loopback themselves.
    private static func statistics(port: Int, beside address: String?) throws(Problem) -> Section {
        let loopback = address.flatMap { $0.hasPrefix("127.") ? $0 : nil } ?? "127.0.0.1"
        return Section(
            head: BalancerLine("listen statistics"),
            lines: [
                BalancerLine("bind", try .endpoint(loopback, port)),
                BalancerLine("stats enable"),
                BalancerLine("stats uri /"),
                BalancerLine("stats hide-version"),
                BalancerLine("http-request use-service prometheus-exporter if { path /metrics }"),
            ])
    }
}
