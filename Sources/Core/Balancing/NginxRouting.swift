/// The routes of a balancer as nginx's servers and locations.
///
/// nginx looks for the host first and never at another one's locations. So each host has its own
/// routes and those of wider ones (a wildcard, any host) that its own leave room for; among what
/// is there, the longest path wins.
struct NginxRouting {
    /// What one host name is answered with.
    struct Site {
        /// Nil: every name that no other site has.
        var name: BalancerWord?
        var locations: [NginxBlock]

        func server(
            at listener: BalancerConfiguration.Listener, _ shared: [BalancerLine]
        ) throws(Problem) -> NginxBlock {
            var listen: [BalancerWord] = ["listen", try .endpoint(listener.address, listener.port)]
            if listener.certificate != nil { listen.append("ssl http2") }
            if name == nil { listen.append("default_server backlog=4096") }
            let names: [BalancerLine] = name.map { [BalancerLine("server_name", .concatenated("\"", $0, "\""))] } ?? []
            return NginxBlock(
                head: BalancerLine("server"), directives: [BalancerLine(listen)] + names + shared, blocks: locations)
        }
    }

    /// Which origins each list of origins admits.
    let maps: [NginxBlock]
    let sites: [Site]

    init(_ configuration: BalancerConfiguration) throws(Problem) {
        let routes = try RouteOrder(configuration).routes
        let tunnels = Set(configuration.backends.filter(\.websocket).map(\.name))
        let origins = Array(Set(routes.map(\.cors)).subtracting([[]])).sorted { $0.lexicographicallyPrecedes($1) }
        var maps: [NginxBlock] = []
        for (index, list) in origins.enumerated() { maps += try Self.maps(list, number: index + 1) }
        self.maps = maps
        var hosts = Set(routes.compactMap(\.host)).sorted().map(Optional.some)
        hosts.insert(nil, at: 0)
        sites = try hosts.map { host throws(Problem) in
            var locations: [NginxBlock] = []
            for route in Self.routes(for: host, among: routes) {
                let number = origins.firstIndex(of: route.cors).map { $0 + 1 }
                locations += try Self.locations(route, origins: number, isTunnel: tunnels.contains(route.backend))
            }
            if !locations.contains(where: { $0.head == Self.everything }) { locations.append(Self.nothing) }
            return Site(name: try host.map(Self.name), locations: locations)
        }
    }

    private static func name(_ host: String) throws(Problem) -> BalancerWord {
        host.hasPrefix("*.") ? try .namesBelow(String(host.dropFirst(2))) : try .hostName(host)
    }

    /// The host's own routes, and of the wider ones those that no route before them hides.
    private static func routes(
        for host: String?, among routes: [BalancerConfiguration.Route]
    ) -> [BalancerConfiguration.Route] {
        let labels = host?.split(separator: ".", maxSplits: 1) ?? []
        let domain = labels.count == 2 ? "*.\(labels[1])" : nil
        var kept: [BalancerConfiguration.Route] = []
        for route in routes {
            // The order is by the width of the host: what is kept already comes first.
            let fits = route.host == nil || route.host == host || (domain != nil && route.host == domain)
            let isHidden = kept.contains { $0.host != route.host && covers($0.path, route.path) }
            if fits && !isHidden { kept.append(route) }
        }
        return kept
    }

    private static func covers(_ path: String, _ other: String) -> Bool {
        path == "/" || other == path || other.hasPrefix(path + "/")
    }

    private static let everything = BalancerLine("location", "/")
    private static let nothing = NginxBlock(
        head: everything, directives: [BalancerLine(#"return 404 "No app answers at this address.\n""#)])

    private static func locations(
        _ route: BalancerConfiguration.Route, origins: Int?, isTunnel: Bool
    ) throws(Problem) -> [NginxBlock] {
        var lines = [
            BalancerLine("set $backend", try .backend(route.backend)), BalancerLine("proxy_pass http://$connections"),
        ]
        if isTunnel { lines += [BalancerLine("proxy_read_timeout 1h"), BalancerLine("proxy_send_timeout 1h")] }
        if let origins {
            let number = BalancerWord.number(origins)
            lines += [
                BalancerLine("set $origin", .concatenated("$origin_", number)),
                BalancerLine("add_header Access-Control-Allow-Origin", .concatenated("$origin_", number), "always"),
                BalancerLine("add_header Vary", .concatenated("$vary_", number), "always"),
            ]
        }
        let path = try BalancerWord.location(route.path)
        guard route.path != "/" else { return [NginxBlock(head: everything, directives: lines)] }
        return [
            NginxBlock(head: BalancerLine("location =", path), directives: lines),
            NginxBlock(head: BalancerLine("location ^~", .concatenated(path, "/")), directives: lines),
        ]
    }

    private static func maps(_ origins: [String], number: Int) throws(Problem) -> [NginxBlock] {
        let number = BalancerWord.number(number)
        var lines = [BalancerLine(#"default """#)]
        for origin in Set(origins).sorted() {
            for scheme in ["https://", "http://"] as [BalancerWord] {
                let word = try BalancerWord.origin(scheme: scheme, origin)
                lines.append(BalancerLine(word, word))
            }
        }
        return [
            NginxBlock(
                head: BalancerLine("map $http_origin", .concatenated("$origin_", number)), directives: lines),
            NginxBlock(
                head: BalancerLine("map", .concatenated("$origin_", number), .concatenated("$vary_", number)),
                directives: [BalancerLine("default Origin"), BalancerLine(#""" """#)]),
        ]
    }
}
