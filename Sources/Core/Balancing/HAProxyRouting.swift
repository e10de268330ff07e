/// The routes of a balancer in the order in which HAProxy tries them, and what follows from the
/// first that fits: its number goes into a variable, and CORS and backend go by that.
struct HAProxyRouting {
    let lines: [HAProxyLine]

    init(_ configuration: BalancerConfiguration) throws(Problem) {
        let routes = configuration.routes.map(Self.normalized).sorted(by: Self.precedes)
        for (route, next) in zip(routes, routes.dropFirst()) where route.host == next.host && route.path == next.path {
            throw Problem(
                "balancer.route-ambiguous", "The balancer's configuration cannot be written.",
                cause:
                    "\(quotedForMessage((route.host ?? "*") + route.path)) leads to \(route.backend) and to \(next.backend).",
                remedy: "Give one of them another host or path.")
        }
        let backends = Set(configuration.backends.map(\.name))
        if let route = routes.first(where: { !backends.contains($0.backend) }) {
            throw Problem(
                "balancer.backend-missing", "The balancer's configuration cannot be written.",
                cause: "A route leads to \(quotedForMessage(route.backend)), which is not among the backends.",
                remedy: "Add the backend, or remove the route.")
        }
        var lines: [HAProxyLine] = []
        for (index, route) in routes.enumerated() { lines += try Self.match(route, number: index + 1) }
        for (index, route) in routes.enumerated() { lines += try Self.origin(route, number: index + 1) }
        if routes.contains(where: { !$0.cors.isEmpty }) { lines += Self.crossOriginAnswers }
        lines.append(
            HAProxyLine(
                #"http-request return status 404 content-type text/plain string "No app answers at this address.\n" if !{ var(txn.route) -m found }"#
            ))
        lines.append(
            HAProxyLine("http-request disable-l7-retry if !METH_GET !METH_HEAD !METH_OPTIONS !{ method PUT DELETE }"))
        for (index, route) in routes.enumerated() {
            lines.append(
                HAProxyLine(
                    "use_backend", try .backend(route.backend), "if { var(txn.route) -m int", .number(index + 1), "}"))
        }
        self.lines = lines
    }

    /// `/api/` and `/api` mean the same: both admit `/api` and what is below it.
    private static func normalized(_ route: BalancerConfiguration.Route) -> BalancerConfiguration.Route {
        var route = route
        while route.path.utf8.count > 1 && route.path.hasSuffix("/") { route.path.removeLast() }
        return route
    }

    /// A named host before a wildcard before any, then the longest path; the rest is only there
    /// to make the order the same every time.
    private static func precedes(_ left: BalancerConfiguration.Route, _ right: BalancerConfiguration.Route) -> Bool {
        func rank(_ host: String?) -> Int { host.map { $0.hasPrefix("*.") ? 1 : 0 } ?? 2 }
        return (rank(left.host), -left.path.utf8.count, left.host ?? "", left.path, left.backend)
            < (rank(right.host), -right.path.utf8.count, right.host ?? "", right.path, right.backend)
    }

    private static func match(_ route: BalancerConfiguration.Route, number: Int) throws(Problem) -> [HAProxyLine] {
        var words: [HAProxyWord] = [
            "http-request", .concatenated("set-var(txn.route) int(", .number(number), ")"),
            "if !{ var(txn.route) -m found }",
        ]
        if let host = route.host {
            words +=
                host.hasPrefix("*.")
                ? ["{ var(txn.domain) -m str", try .hostName(String(host.dropFirst(2))), "}"]
                : ["{ var(txn.host) -m str", try .hostName(host), "}"]
        }
        let path = try HAProxyWord.path(route.path)
        guard route.path != "/" else { return [HAProxyLine(words)] }
        return [
            HAProxyLine(words + ["{ path -m str", path, "}"]),
            HAProxyLine(words + ["{ path -m beg", .concatenated(path, "/"), "}"]),
        ]
    }

    private static func origin(_ route: BalancerConfiguration.Route, number: Int) throws(Problem) -> [HAProxyLine] {
        guard !route.cors.isEmpty else { return [] }
        var words: [HAProxyWord] = [
            "http-request set-var(txn.origin) req.fhdr(origin) if { var(txn.route) -m int", .number(number),
            "} { req.fhdr(origin) -m str",
        ]
        for origin in route.cors.sorted() {
            words.append(try .origin(scheme: "https://", origin))
            words.append(try .origin(scheme: "http://", origin))
        }
        return [HAProxyLine(words + ["}"])]
    }

    private static let crossOriginAnswers = [
        HAProxyLine(
            "http-request return status 204 hdr Access-Control-Allow-Methods GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS",
            "hdr Access-Control-Allow-Headers %[req.fhdr(access-control-request-headers)] hdr Access-Control-Max-Age 600",
            "if METH_OPTIONS { var(txn.origin) -m found } { req.fhdr(access-control-request-method) -m found }"),
        HAProxyLine(
            "http-after-response set-header Access-Control-Allow-Origin %[var(txn.origin)] if { var(txn.origin) -m found }"
        ),
        HAProxyLine("http-after-response add-header Vary Origin if { var(txn.origin) -m found }"),
    ]
}
