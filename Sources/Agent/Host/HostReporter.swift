import Core
import Glibc

/// Puts together what the host says of itself.
actor HostReporter {
    private let host: HostName
    private let facts: HostFacts
    private let keeper: InstanceKeeper
    private let balancers: BalancerKeeper
    private var sequence: Int64 = 0

    init(host: HostName, facts: HostFacts, keeper: InstanceKeeper, balancers: BalancerKeeper) {
        self.host = host
        self.facts = facts
        self.keeper = keeper
        self.balancers = balancers
    }

    func report() async -> HostReport {
        sequence += 1
        return HostReport(
            host: host, sequence: sequence, facts: facts, instances: await keeper.liveInstances(),
            links: await keeper.links(), balancers: await balancers.live())
    }
}

extension HostFacts {
    /// What this machine is made of.
    /// - Parameter memory: what instances may use, where that is less than the machine has.
    static func here(version: String, memory: ByteCount?) -> HostFacts {
        let pages = Int64(sysconf(Int32(_SC_PHYS_PAGES)))
        let pageBytes = Int64(sysconf(Int32(_SC_PAGESIZE)))
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return HostFacts(
            memory: memory ?? ByteCount(bytes: pages * pageBytes),
            processors: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            system: "Linux \(release)", agentVersion: version)
    }
}
