/// The routes of a balancer in the order in which HAProxy tries them, and what follows from the
/// first that fits: its number goes into a variable, and CORS and backend go by that.
struct HAProxyRouting {
    let lines: [BalancerLine]

    init(_ configuration: BalancerConfiguration) throws(Problem) {
        let routes = try RouteOrder(configuration).routes
        var lines: [BalancerLine] = []
        for (index, route) in routes.enumerated() { lines += try Self.match(route, number: index + 1) }
        for (index, route) in routes.enumerated() { lines += try Self.origin(route, number: index + 1) }
        if routes.contains(where: { !$0.cors.isEmpty }) { lines += Self.crossOriginAnswers }
        lines.append(
            BalancerLine(
                #"http-request return status 404 content-type text/plain string "No app answers at this address.\n" if !{ var(txn.route) -m found }"#
            ))
        lines.append(
            BalancerLine("http-request disable-l7-retry if !METH_GET !METH_HEAD !METH_OPTIONS !{ method PUT DELETE }"))
        for (index, route) in routes.enumerated() {
            let condition: [BalancerWord] = ["if { var(txn.route) -m int", .number(index + 1), "}"]
            let once = try HAProxyConfiguration.onceName(route.backend)
            lines.append(BalancerLine(["use_backend", once] + condition + ["!METH_GET !METH_HEAD !METH_OPTIONS"]))
            lines.append(BalancerLine(["use_backend", try .backend(route.backend)] + condition))
        }
        self.lines = lines
    }

    private static func match(_ route: BalancerConfiguration.Route, number: Int) throws(Problem) -> [BalancerLine] {
        var words: [BalancerWord] = [
            "http-request", .concatenated("set-var(txn.route) int(", .number(number), ")"),
            "if !{ var(txn.route) -m found }",
        ]
        if let host = route.host {
            words +=
                host.hasPrefix("*.")
                ? ["{ var(txn.domain) -m str", try .hostName(String(host.dropFirst(2))), "}"]
                : ["{ var(txn.host) -m str", try .hostName(host), "}"]
        }
        let path = try BalancerWord.path(route.path)
        guard route.path != "/" else { return [BalancerLine(words)] }
        return [
            BalancerLine(words + ["{ path -m str", path, "}"]),
            BalancerLine(words + ["{ path -m beg", .concatenated(path, "/"), "}"]),
        ]
    }

    private static func origin(_ route: BalancerConfiguration.Route, number: Int) throws(Problem) -> [BalancerLine] {
        guard !route.cors.isEmpty else { return [] }
        var words: [BalancerWord] = [
            "http-request set-var(txn.origin) req.fhdr(origin) if { var(txn.route) -m int", .number(number),
            "} { req.fhdr(origin) -m str",
        ]
        for origin in route.cors.sorted() {
            words.append(try .origin(scheme: "https://", origin))
            words.append(try .origin(scheme: "http://", origin))
        }
        return [BalancerLine(words + ["}"])]
    }

    private static let crossOriginAnswers = [
        BalancerLine(
            "http-request return status 204 hdr Access-Control-Allow-Methods GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS",
            "hdr Access-Control-Allow-Headers %[req.fhdr(access-control-request-headers)] hdr Access-Control-Max-Age 600",
            "if METH_OPTIONS { var(txn.origin) -m found } { req.fhdr(access-control-request-method) -m found }"),
        BalancerLine(
            "http-after-response set-header Access-Control-Allow-Origin %[var(txn.origin)] if { var(txn.origin) -m found }"
        ),
        BalancerLine("http-after-response add-header Vary Origin if { var(txn.origin) -m found }"),
    ]
}
