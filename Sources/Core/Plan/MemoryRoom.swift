/// How much memory is left on hosts when everything that is recorded is counted, warm instances
/// too. A host is counted when it is first asked for: a plan concerns few of them.
struct MemoryRoom {
    private struct Host {
        var free: Int64
        /// What is warm and gives its memory to others, the oldest release last.
        var evictable: [(key: InstanceKey, memory: Int64)] = []
    }

    private let app: AppName
    private let desired: DesiredModel
    private let live: LiveModel
    private let records: InstanceRecords
    private let release: Int?
    private var hosts: [Host] = []
    private var numbers: [HostName: Int] = [:]
    /// Bytes for each instance of a process, as far as they were asked for.
    private var needs: [AppName: [ProcessName: Int64]] = [:]
    /// What has to go, and for whom.
    private(set) var evictions: [InstanceKey: InstanceID] = [:]

    /// - Parameter app: only its warm instances may be evicted: those of others are not this plan's.
    init(app: AppName, desired: DesiredModel, live: LiveModel, records: InstanceRecords) {
        self.app = app
        self.desired = desired
        self.live = live
        self.records = records
        release = desired.releases[app]?.number
    }

    /// Takes the memory of one more instance, if the host has it, or has it without what is warm there.
    /// - Parameter needed: bytes; nil: the instance has no limit, and nothing is taken.
    mutating func reserve(_ needed: Int64?, for target: InstanceKey) -> Bool {
        guard let needed, let index = counted(target.host) else { return true }
        let warm = hosts[index].evictable.reduce(0) { $0 + $1.memory }
        let fits = hosts[index].free + warm >= needed
        while fits, hosts[index].free < needed, let last = hosts[index].evictable.popLast() {
            evictions[last.key] = target.instance
            hosts[index].free += last.memory
        }
        if fits { hosts[index].free -= needed }
        return fits
    }

    /// - Returns: nil when the host's memory is not known.
    private mutating func counted(_ name: HostName) -> Int? {
        if let known = numbers[name] { return known }
        guard let memory = desired.configuration.hosts[name]?.memory ?? live.memory(of: name),
            desired.configuration.hosts[name] != nil
        else { return nil }
        var host = Host(free: memory.bytes)
        for id in records.on(name) {
            let memory = need(of: id)
            host.free -= memory
            guard id.app == app, id.release != release, memory > 0 else { continue }
            let key = InstanceKey(host: name, instance: id)
            guard case .warm? = records[key]?.duty, !live.unconfirmed.contains(key) else { continue }
            host.evictable.append((key, memory))
        }
        host.evictable.sort { Self.order($0.key) > Self.order($1.key) }
        hosts.append(host)
        numbers[name] = hosts.count - 1
        return hosts.count - 1
    }

    /// Bytes that an instance of a process may use.
    private mutating func need(of id: InstanceID) -> Int64 {
        if let known = needs[id.app]?[id.process] { return known }
        let need = desired.releases[id.app]?.processes[id.process]?.limits.memory?.bytes ?? 0
        needs[id.app, default: [:]][id.process] = need
        return need
    }

    private static func order(_ key: InstanceKey) -> (Int, InstanceKey) { (key.instance.release, key) }
}
