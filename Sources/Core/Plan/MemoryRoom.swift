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
    private var hosts: [HostName: Host] = [:]
    /// What has to go, and for whom.
    private(set) var evictions: [InstanceKey: InstanceID] = [:]

    /// - Parameter app: only its warm instances may be evicted: those of others are not this plan's.
    init(app: AppName, desired: DesiredModel, live: LiveModel, records: InstanceRecords) {
        self.app = app
        self.desired = desired
        self.live = live
        self.records = records
    }

    /// Takes the memory of one more of the process, if the host has it, or has it without what is warm there.
    mutating func reserve(_ process: ProcessSpec, for target: InstanceKey) -> Bool {
        guard let needed = process.limits.memory?.bytes,
            var host = hosts[target.host] ?? counted(target.host)
        else { return true }
        let warm = host.evictable.reduce(0) { $0 + $1.memory }
        let fits = host.free + warm >= needed
        while fits, host.free < needed, let last = host.evictable.popLast() {
            evictions[last.key] = target.instance
            host.free += last.memory
        }
        if fits { host.free -= needed }
        hosts[target.host] = host
        return fits
    }

    private func counted(_ name: HostName) -> Host? {
        guard let spec = desired.configuration.hosts[name],
            let memory = spec.memory ?? live.hosts[name]?.report?.facts.memory
        else { return nil }
        var host = Host(free: memory.bytes)
        let release = desired.releases[app]?.number
        for id in records.on(name) {
            let memory = desired.releases[id.app]?.processes[id.process]?.limits.memory?.bytes ?? 0
            host.free -= memory
            let key = InstanceKey(host: name, instance: id)
            guard id.app == app, id.release != release, memory > 0, case .warm? = records[key]?.duty,
                !live.unconfirmed.contains(key)
            else { continue }
            host.evictable.append((key, memory))
        }
        host.evictable.sort { Self.order($0.key) > Self.order($1.key) }
        return host
    }

    private static func order(_ key: InstanceKey) -> (Int, InstanceKey) { (key.instance.release, key) }
}
