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
    private let placement: Placement
    private let release: Int?
    private var hosts: [Host] = []
    /// Where each host that was asked for is in `hosts`, by its number in the placement; nil: its
    /// memory is not known.
    private var indices: [Int: Int?] = [:]
    /// Bytes for each instance of a process, as far as they were asked for.
    private var needs: [AppName: [ProcessName: Int64]] = [:]
    /// What has to go, and for whom.
    private(set) var evictions: [InstanceKey: InstanceID] = [:]

    /// - Parameter app: only its warm instances may be evicted: those of others are not this plan's.
    init(app: AppName, desired: DesiredModel, live: LiveModel, records: InstanceRecords, placement: Placement) {
        self.app = app
        self.desired = desired
        self.live = live
        self.records = records
        self.placement = placement
        release = desired.releases[app]?.number
    }

    /// Takes the memory of one more instance, if the host has it, or has it without what is warm there.
    /// - Parameters:
    ///   - needed: bytes; nil: the instance has no limit, and nothing is taken.
    ///   - number: the host's, in the placement.
    mutating func reserve(_ needed: Int64?, for target: InstanceKey, on number: Int) -> Bool {
        guard let needed, let index = index(of: target.host, number) else { return true }
        let warm = hosts[index].evictable.reduce(0) { $0 + $1.memory }
        let fits = hosts[index].free + warm >= needed
        while fits, hosts[index].free < needed, let last = hosts[index].evictable.popLast() {
            evictions[last.key] = target.instance
            hosts[index].free += last.memory
        }
        if fits { hosts[index].free -= needed }
        return fits
    }

    private mutating func index(of name: HostName, _ number: Int) -> Int? {
        if let known = indices[number] { return known }
        let index = placement.memory(of: number).map { memory in
            hosts.append(counted(name, memory: memory))
            return hosts.count - 1
        }
        indices[number] = .some(index)
        return index
    }

    private mutating func counted(_ name: HostName, memory: Int64) -> Host {
        var host = Host(free: memory)
        for id in records.on(name) {
            let memory = need(of: id)
            host.free -= memory
            guard id.app == app, id.release != release, memory > 0 else { continue }
            let key = InstanceKey(host: name, instance: id)
            guard case .warm? = records[key]?.duty, !live.unconfirmed.contains(key) else { continue }
            host.evictable.append((key, memory))
        }
        host.evictable.sort { Self.order($0.key) > Self.order($1.key) }
        return host
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
