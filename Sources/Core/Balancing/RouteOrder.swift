/// The routes of a balancer in the order in which they are tried.
struct RouteOrder {
    let routes: [BalancerConfiguration.Route]

    /// - Throws: `balancer.route-ambiguous` for two routes that admit the same requests, and
    ///   `balancer.backend-missing` for a route to a backend that is not there.
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
        self.routes = routes
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
}
