import Core
import Simulation

/// Requests, spread over the servers of a balancer as their weights say.
extension FabricScript {
    /// `load shop 100 for 60s r2-fails=5% r2-takes=20ms`: so many requests a second; what is not
    /// said fails never and takes 5 ms.
    mutating func load(_ words: [String]) throws -> [String] {
        guard words.count >= 5, words[3] == "for", let rate = Int64(words[2]) else { throw Unreadable.words }
        let app = try AppName(words[1])
        var fails: [Int: Percent] = [:]
        var takes: [Int: Interval] = [:]
        for word in words.dropFirst(5) {
            let parts = word.split(separator: "=").map(String.init)
            let keys = (parts.first ?? "").split(separator: "-").map(String.init)
            guard parts.count == 2, keys.count == 2, let release = Int(keys[0].dropFirst()) else {
                throw Unreadable.words
            }
            switch keys[1] {
            case "fails": fails[release] = try Percent(parts[1])
            case "takes": takes[release] = try Interval(parts[1])
            default: throw Unreadable.words
            }
        }
        let end = fleet.now + (try Interval(words[4]))
        while fleet.now < end {
            fleet.run(for: .seconds(1))
            request(rate, of: app, fails: fails, takes: takes)
        }
        return news()
    }

    private mutating func request(
        _ count: Int64, of app: AppName, fails: [Int: Percent], takes: [Int: Interval]
    ) {
        for host in fleet.agents.keys.sorted() {
            for (name, configuration) in (fleet.agents[host]?.balancers ?? [:]).sorted(by: { $0.key < $1.key }) {
                let servers = configuration.backends.flatMap(\.servers).filter {
                    $0.instance.app == app && $0.standing == .serving
                }
                let weight = Int64(servers.reduce(0) { $0 + $1.weight })
                for server in servers {
                    var traffic = counted[server.instance] ?? Traffic()
                    let requests = count * Int64(server.weight) / weight
                    let release = server.instance.release
                    traffic.requests += requests
                    traffic.failed =
                        traffic.requests * Int64(fails[release]?.hundredths ?? 0) / Int64(Percent.whole)
                    traffic.latency.record(
                        microseconds: (takes[release]?.milliseconds ?? 5) * 1000, times: requests)
                    counted[server.instance] = traffic
                }
                let told = counted.sorted { $0.key < $1.key }.map { ServerTraffic(instance: $0.key, traffic: $0.value) }
                fleet.count(told, host: host, balancer: name)
            }
        }
    }
}
