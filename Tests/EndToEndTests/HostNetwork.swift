import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

/// Hosts in network namespaces of their own, on a bridge of this machine, where the server is.
///
/// Names of namespaces and interfaces carry this process's id, so that what a test that crashed
/// has left is recognized, and swept away by the next one.
final class HostNetwork: Sendable {
    /// Whether namespaces can be made here: tests say so and are skipped where they cannot.
    static let isPossible: Bool = {
        let name = "\(prefix)-probe"
        guard geteuid() == 0, (try? ip("netns", "add", name)) != nil else { return false }
        defer { try? ip("netns", "del", name) }
        let hasBridges = (try? ip("link", "add", "\(prefix)p", "type", "bridge")) != nil
        if hasBridges { try? ip("link", "del", "\(prefix)p") }
        return hasBridges
    }()

    private static let prefix = "ak\(getpid())"

    /// Three numbers of the network's addresses: 10.213.7.
    let network: String
    private let hosts: [String]
    /// Before every name: the kernel takes a moment to forget those of a network before.
    private let prefix: String
    private var bridge: String { "\(prefix)b" }
    private static let count = Atomic<Int>(0)

    var serverAddress: String { "\(network).1" }

    /// - Parameter hosts: their addresses are NETWORK.2, NETWORK.3… in this order.
    init(hosts: [String]) throws {
        self.hosts = hosts
        let number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
        prefix = "\(Self.prefix)n\(number)"
        network = "10.213.\((Int(getpid()) + number) % 200 + 20)"
        Self.sweep()
        try Self.ip("link", "add", bridge, "type", "bridge")
        do {
            try Self.ip("address", "add", "\(serverAddress)/24", "dev", bridge)
            try Self.ip("link", "set", bridge, "up")
            for (number, host) in hosts.enumerated() { try add(host, number: number) }
        } catch {
            remove()
            throw error
        }
    }

    private func add(_ host: String, number: Int) throws {
        let (inner, outer, space) = ("\(prefix)i\(number)", "\(prefix)v\(number)", namespace(of: host))
        try Self.ip("netns", "add", space)
        try Self.ip("link", "add", outer, "type", "veth", "peer", "name", inner)
        try Self.ip("link", "set", inner, "netns", space)
        try Self.ip("link", "set", outer, "master", bridge)
        try Self.ip("link", "set", outer, "up")
        try Self.ip("-n", space, "address", "add", "\(network).\(number + 2)/24", "dev", inner)
        for device in ["lo", inner] { try Self.ip("-n", space, "link", "set", device, "up") }
    }

    /// What goes before a program that is to run on the host.
    func launcher(_ host: String) -> [String] { ["ip", "netns", "exec", namespace(of: host)] }

    /// Pulls the host's plug, in both directions.
    func cut(_ host: String) throws { try Self.ip("link", "set", outer(host), "down") }

    /// Lets nothing of the server reach the host, while the server still hears it.
    func deafen(_ host: String) throws {
        for command in [
            ["add", "table", "ip", "cut"],
            ["add", "chain", "ip", "cut", "in", "{ type filter hook input priority 0; }"],
            ["add", "rule", "ip", "cut", "in", "ip", "saddr", serverAddress, "drop"],
        ] {
            try Self.run(launcher(host) + ["nft"] + command)
        }
    }

    func heal(_ host: String) throws {
        try Self.ip("link", "set", outer(host), "up")
        try? Self.run(launcher(host) + ["nft", "delete", "table", "ip", "cut"])
    }

    func remove() {
        for host in hosts { try? Self.ip("netns", "del", namespace(of: host)) }
        try? Self.ip("link", "del", bridge)
    }

    private func namespace(of host: String) -> String { "\(prefix)-\(host)" }

    private func outer(_ host: String) -> String { "\(prefix)v\(hosts.firstIndex(of: host) ?? 0)" }

    /// Removes namespaces and bridges of tests that are no more.
    private static func sweep() {
        let spaces = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? []
        let links = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net")) ?? []
        for space in spaces where isStale(space) { try? ip("netns", "del", space) }
        for link in links where isStale(link) { try? ip("link", "del", link) }
    }

    private static func isStale(_ name: String) -> Bool {
        guard name.hasPrefix("ak"), let owner = pid_t(name.dropFirst(2).prefix { $0.isNumber }) else { return false }
        return owner != getpid() && kill(owner, 0) != 0
    }

    private static func ip(_ arguments: String...) throws { try run(["ip"] + arguments) }

    private static func run(_ arguments: [String]) throws {
        let null = FilePath("/dev/null")
        let process = try ChildProcess(arguments, data: null, words: null)
        // They end at once: nobody else waits meanwhile.
        let end = ContinuousClock.now + .seconds(10)
        while true {
            if let code = process.poll() {
                guard code == 0 else {
                    throw Trouble(description: "`\(arguments.joined(separator: " "))` ended with \(code).")
                }
                return
            }
            guard ContinuousClock.now < end else {
                process.signal(SIGKILL)
                throw Trouble(description: "`\(arguments.joined(separator: " "))` does not end.")
            }
            usleep(2000)
        }
    }
}
