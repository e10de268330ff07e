/// How much memory is left on each host when everything that is recorded is counted, warm
/// instances too.
struct MemoryRoom {
    private var free: [HostName: Int64] = [:]
    /// What is warm and gives its memory to others, the oldest release first, by host.
    private var evictable: [HostName: [(key: InstanceKey, memory: Int64)]] = [:]
    /// What has to go, and for whom.
    private(set) var evictions: [InstanceKey: InstanceID] = [:]

    /// - Parameter app: only its warm instances may be evicted: those of others are not this plan's.
    init(app: AppName, desired: DesiredModel, live: LiveModel, records: [InstanceRecord]) {
        for (name, host) in desired.configuration.hosts {
            if let memory = host.memory ?? live.hosts[name]?.report?.facts.memory { free[name] = memory.bytes }
        }
        let release = desired.releases[app]?.number
        for record in records {
            let process = desired.releases[record.id.app]?.processes[record.id.process]
            let memory = process?.limits.memory?.bytes ?? 0
            free[record.host]? -= memory
            guard case .warm = record.duty, record.id.app == app, record.id.release != release, memory > 0 else {
                continue
            }
            evictable[record.host, default: []].append((InstanceKey(record), memory))
        }
        for host in evictable.keys { evictable[host]?.sort { Self.order($0.key) > Self.order($1.key) } }
    }

    private static func order(_ key: InstanceKey) -> (Int, InstanceKey) { (key.instance.release, key) }

    /// Takes the memory of one more of the process, if the host has it, or has it without what is warm there.
    mutating func reserve(_ process: ProcessSpec, for target: InstanceKey) -> Bool {
        guard let left = free[target.host], let needed = process.limits.memory?.bytes else { return true }
        let warm = evictable[target.host]?.reduce(0) { $0 + $1.memory } ?? 0
        guard left + warm >= needed else { return false }
        while free[target.host, default: 0] < needed, let last = evictable[target.host]?.popLast() {
            evictions[last.key] = target.instance
            free[target.host, default: 0] += last.memory
        }
        free[target.host, default: 0] -= needed
        return true
    }
}
