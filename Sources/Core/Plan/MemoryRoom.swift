/// How much memory is left on hosts when everything that is recorded is counted, warm instances
/// too. A host is counted when it is asked for: a plan concerns few of them.
struct MemoryRoom {
    private let desired: DesiredModel
    private let live: LiveModel
    private let records: InstanceRecords
    private var free: [HostName: Int64] = [:]

    init(desired: DesiredModel, live: LiveModel, records: InstanceRecords) {
        self.desired = desired
        self.live = live
        self.records = records
    }

    /// Takes the memory of one more of the process, if the host has it.
    mutating func reserve(_ process: ProcessSpec, on host: HostName) -> Bool {
        guard let needed = process.limits.memory?.bytes, let left = free[host] ?? counted(host) else { return true }
        guard left >= needed else { return false }
        free[host] = left - needed
        return true
    }

    private func counted(_ host: HostName) -> Int64? {
        guard let spec = desired.configuration.hosts[host],
            let memory = spec.memory ?? live.hosts[host]?.report?.facts.memory
        else { return nil }
        return records.on(host).reduce(memory.bytes) { left, id in
            left - (desired.releases[id.app]?.processes[id.process]?.limits.memory?.bytes ?? 0)
        }
    }
}
