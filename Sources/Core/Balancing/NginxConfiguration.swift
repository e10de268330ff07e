/// nginx's file and the list of servers beside it, made of a balancer's configuration.
/// `docs/balancing.md` says why each directive is there.
///
/// Listeners and routes are in the file. Servers are not: nginx would have to read its file again
/// whenever one changes, and would close idle connections of clients over it. `NginxScript` takes
/// them from the list, at the start and whenever the agent tells it another one.
package struct NginxConfiguration: Hashable, Sendable {
    /// What the file needs to know about the place where nginx runs.
    package struct Surroundings: Hashable, Sendable {
        /// The listeners' certificates by port, as SHA-256 of their PEM.
        package var certificates: [Int: Digest]
        /// The system's user that the workers become; nil: they stay who started them.
        package var account: String?
        /// Names the configuration: a worker says by it which file it has read.
        package var generation: Digest?

        package init(certificates: [Int: Digest] = [:], account: String? = nil, generation: Digest? = nil) {
            self.certificates = certificates
            self.account = account
            self.generation = generation
        }
    }

    let file: NginxBlock
    let serverLines: [BalancerLine]

    /// - Throws: as `HAProxyConfiguration` does.
    package init(_ configuration: BalancerConfiguration, in surroundings: Surroundings = Surroundings()) throws(Problem)
    {
        let routing = try NginxRouting(configuration)
        var http = NginxBlock(head: BalancerLine("http"), directives: Self.options)
        let generation = surroundings.generation.map { BalancerWord.digest($0) } ?? "none"
        http.blocks = [
            Self.lua("init", BalancerLine(#"apus = require "apus""#), Self.call("load", generation)),
            Self.lua("init_worker", Self.call("begin")), Self.lua("rewrite", Self.call("enter")),
            Self.lua("header_filter", Self.call("answer")), Self.lua("log", Self.call("leave")), Self.upgrades,
        ]
        http.blocks += [Self.connections, Self.closing] + routing.maps
        http.blocks += [Self.kept, Self.fresh, Self.control]
        for listener in configuration.listeners {
            let shared = try Self.listenerDirectives(listener, surroundings)
            for site in routing.sites { http.blocks.append(try site.server(at: listener, shared)) }
        }
        if let port = configuration.statisticsPort {
            http.blocks.append(try Self.statistics(port: port, beside: configuration.listeners.first?.address))
        }
        let events = NginxBlock(head: BalancerLine("events"), directives: [BalancerLine("worker_connections 8000")])
        file = NginxBlock(
            head: nil, directives: try Self.process(surroundings), blocks: [events, http])
        var lines: [BalancerLine] = []
        for backend in configuration.backends { lines += try Self.lines(backend) }
        serverLines = lines
    }

    /// `nginx.conf`.
    package var text: String { file.text() }
    /// `servers.txt`: `backend NAME source|- HEALTH-PATH|-`, and below it
    /// `server NAME ADDRESS PORT WEIGHT STANDING` for each.
    package var servers: String { serverLines.map { $0.text + "\n" }.joined() }

    private static func process(_ surroundings: Surroundings) throws(Problem) -> [BalancerLine] {
        var lines: [BalancerLine] = [
            BalancerLine("load_module /usr/lib/nginx/modules/ndk_http_module.so"),
            BalancerLine("load_module /usr/lib/nginx/modules/ngx_http_lua_module.so"),
            BalancerLine("worker_processes auto"),
            BalancerLine("worker_rlimit_nofile 20000"),
            BalancerLine("worker_shutdown_timeout 15m"),
            BalancerLine("pid run/nginx.pid"),
            BalancerLine("error_log run/error.log crit"),
        ]
        if let account = surroundings.account { lines.append(BalancerLine("user", try .account(account))) }
        return lines
    }

    private static let options: [BalancerLine] = [
        BalancerLine(#"lua_package_path "${prefix}?.lua;;""#),
        BalancerLine("lua_shared_dict apus_servers 8m"),
        BalancerLine("lua_shared_dict apus_counts 32m"),
        BalancerLine("lua_shared_dict apus_active 2m"),
        BalancerLine("lua_max_running_timers 4096"),
        BalancerLine("lua_max_pending_timers 4096"),
        BalancerLine("lua_socket_log_errors off"),
        BalancerLine("access_log off"),
        BalancerLine("server_tokens off"),
        BalancerLine("default_type text/plain"),
        BalancerLine("merge_slashes off"),
        BalancerLine("server_names_hash_bucket_size 512"),
        BalancerLine("server_names_hash_max_size 16384"),
        BalancerLine("map_hash_bucket_size 512"),
        BalancerLine("uninitialized_variable_warn off"),
        BalancerLine("client_header_timeout 10s"),
        BalancerLine("client_body_timeout 60s"),
        BalancerLine("client_max_body_size 0"),
        BalancerLine("large_client_header_buffers 4 16k"),
        BalancerLine("send_timeout 60s"),
        BalancerLine("keepalive_timeout 60s"),
        BalancerLine("keepalive_requests 1000000000"),
        BalancerLine("ssl_protocols TLSv1.2 TLSv1.3"),
        BalancerLine("ssl_session_cache shared:tls:4m"),
        BalancerLine("client_body_temp_path run/body"),
        BalancerLine("proxy_temp_path run/proxy"),
        BalancerLine("fastcgi_temp_path run/fastcgi"),
        BalancerLine("uwsgi_temp_path run/uwsgi"),
        BalancerLine("scgi_temp_path run/scgi"),
        BalancerLine("proxy_http_version 1.1"),
        BalancerLine("proxy_connect_timeout 1s"),
        BalancerLine("proxy_send_timeout 60s"),
        BalancerLine("proxy_read_timeout 60s"),
        BalancerLine("proxy_next_upstream error timeout"),
        BalancerLine("proxy_request_buffering off"),
        BalancerLine("proxy_buffering off"),
        BalancerLine("proxy_buffer_size 16k"),
        BalancerLine("proxy_buffers 8 16k"),
        BalancerLine("proxy_redirect off"),
        BalancerLine(
            "proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset"
        ),
        BalancerLine("proxy_pass_header Server"),
        BalancerLine("proxy_pass_header Date"),
        BalancerLine("proxy_set_header Host $http_host"),
        BalancerLine("proxy_set_header Connection $upgrade"),
        BalancerLine("proxy_set_header Upgrade $http_upgrade"),
        BalancerLine("proxy_set_header X-Forwarded-For $remote_addr"),
        BalancerLine("proxy_set_header X-Forwarded-Proto $scheme"),
    ]

    /// Lua ends its statements as nginx its directives.
    private static func lua(_ phase: BalancerWord, _ statements: BalancerLine...) -> NginxBlock {
        NginxBlock(head: BalancerLine(.concatenated(phase, "_by_lua_block")), directives: statements)
    }

    private static func call(_ function: BalancerWord, _ argument: BalancerWord? = nil) -> BalancerLine {
        let text: BalancerWord = argument.map { .concatenated("\"", $0, "\"") } ?? ""
        return BalancerLine(.concatenated("apus.", function, "(", text, ")"))
    }

    private static let upgrades = NginxBlock(
        head: BalancerLine("map $http_upgrade $upgrade"),
        directives: [BalancerLine("default upgrade"), BalancerLine(#""" $closing"#)])

    /// An instance may close a connection on which it has answered just when the next request is sent.
    /// What may not be repeated then gets a connection of its own. The instance is to close that one:
    /// nginx would run out of ports.
    private static let connections = NginxBlock(
        head: BalancerLine("map $request_method $connections"),
        directives: [BalancerLine("default fresh")] + repeatable.map { BalancerLine($0, "kept") })
    private static let closing = NginxBlock(
        head: BalancerLine("map $request_method $closing"),
        directives: [BalancerLine("default close")] + repeatable.map { BalancerLine($0, #""""#) })
    /// Of these no body is lost either when they are sent once more.
    private static let repeatable: [BalancerWord] = ["GET", "HEAD", "OPTIONS"]

    /// Every backend: which instance is meant is known when a request comes. Most servers of apps
    /// close what was idle for five seconds.
    private static let kept = upstream(
        "kept", last: [BalancerLine("keepalive 256"), BalancerLine("keepalive_timeout 4s")])
    private static let fresh = upstream("fresh")

    private static func upstream(_ name: BalancerWord, last: [BalancerLine] = []) -> NginxBlock {
        NginxBlock(
            head: BalancerLine("upstream", name), directives: [BalancerLine("server 0.0.0.1")],
            blocks: [lua("balancer", call("balance"))], last: last)
    }

    /// Where the agent speaks: in a folder that only its user may enter.
    private static let control = NginxBlock(
        head: BalancerLine("server"),
        directives: [
            BalancerLine("listen unix:run/control.sock"), BalancerLine("client_max_body_size 4m"),
            BalancerLine("client_body_buffer_size 4m"), BalancerLine("keepalive_timeout 0"),
        ],
        blocks: [
            NginxBlock(
                head: BalancerLine("location /"),
                directives: [], blocks: [lua("content", call("control"))]),
            unlogged,
        ])

    /// What the agent and operators ask is not in the log of requests.
    private static let unlogged = lua("log")

    private static func listenerDirectives(
        _ listener: BalancerConfiguration.Listener, _ surroundings: Surroundings
    ) throws(Problem) -> [BalancerLine] {
        guard listener.certificate != nil else { return [] }
        guard let digest = surroundings.certificates[listener.port] else {
            throw Problem(
                "balancer.certificate-missing", "The balancer's configuration cannot be written.",
                cause: "Port \(listener.port) has a certificate that was not stored.",
                remedy: "This is a fault of Apus: please report it.")
        }
        return [
            BalancerLine("ssl_certificate", .certificate(digest)),
            BalancerLine("ssl_certificate_key", .certificate(digest)),
        ]
    }

    /// The counters are for operators, not for the internet: they are shown on loopback, beside
    /// the listeners where those are on loopback themselves.
    private static func statistics(port: Int, beside address: String?) throws(Problem) -> NginxBlock {
        let loopback = address.flatMap { $0.hasPrefix("127.") ? $0 : nil } ?? "127.0.0.1"
        return NginxBlock(
            head: BalancerLine("server"), directives: [BalancerLine("listen", try .endpoint(loopback, port))],
            blocks: [
                NginxBlock(head: BalancerLine("location = /"), directives: [BalancerLine("stub_status")]),
                NginxBlock(
                    head: BalancerLine("location = /metrics"),
                    directives: [], blocks: [lua("content", call("metrics"))]),
                unlogged,
            ])
    }

    private static func lines(_ backend: BalancerConfiguration.Backend) throws(Problem) -> [BalancerLine] {
        let sticky: BalancerWord =
            switch backend.sticky {
            case .source: "source"
            case nil: "-"
            }
        let path: BalancerWord = if let path = backend.healthPath { try .path(path) } else { "-" }
        var lines = [BalancerLine("backend", try .backend(backend.name), sticky, path)]
        for server in backend.servers {
            let standing: BalancerWord =
                switch server.standing {
                case .serving: "serving"
                case .standby: "standby"
                case .draining: "draining"
                }
            lines.append(
                BalancerLine(
                    "server", .server(server), .host(try .address(server.address)), try .port(server.port),
                    try .weight(server.weight), standing))
        }
        return lines
    }
}
