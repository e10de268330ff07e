/// What the control plane has decided about every instance, found by app and by host.
///
/// A plan reads the records of one app, and a report touches those of one host. Keeping both
/// apart makes what an event costs grow with its app or its host, and not with the fabric.
package struct InstanceRecords: Sequence, Equatable, Sendable {
    private var byApp: [AppName: [InstanceKey: InstanceRecord]] = [:]
    private var byHost: [HostName: Set<InstanceID>] = [:]

    package init(_ records: some Sequence<InstanceRecord> = []) {
        for record in records { self[InstanceKey(record)] = record }
    }

    package subscript(key: InstanceKey) -> InstanceRecord? {
        get { byApp[key.instance.app]?[key] }
        set {
            if let newValue {
                let before = byApp[key.instance.app, default: [:]].updateValue(newValue, forKey: key)
                if before == nil { byHost[key.host, default: []].insert(key.instance) }
            } else if byApp[key.instance.app]?.removeValue(forKey: key) != nil {
                byHost[key.host]?.remove(key.instance)
                if byHost[key.host]?.isEmpty == true { byHost[key.host] = nil }
                if byApp[key.instance.app]?.isEmpty == true { byApp[key.instance.app] = nil }
            }
        }
    }

    package func of(_ app: AppName) -> [InstanceKey: InstanceRecord] { byApp[app] ?? [:] }
    package func on(_ host: HostName) -> Set<InstanceID> { byHost[host] ?? [] }
    package func all(on hosts: Set<HostName>) -> [InstanceRecord] {
        hosts.flatMap { host in on(host).compactMap { self[InstanceKey(host: host, instance: $0)] } }
    }
    package var isEmpty: Bool { byApp.isEmpty }
    package var apps: [AppName] { Array(byApp.keys) }
    package var hosts: [HostName] { Array(byHost.keys) }
    package var keys: [InstanceKey] { byApp.values.flatMap(\.keys) }
    package var values: [InstanceRecord] { byApp.values.flatMap(\.values) }
    package var underestimatedCount: Int { byApp.values.reduce(0) { $0 + $1.count } }

    package func makeIterator() -> some IteratorProtocol<(key: InstanceKey, value: InstanceRecord)> {
        byApp.values.lazy.joined().makeIterator()
    }
}

extension InstanceRecords {
    /// What a record says about where its slot is: where it serves counts most, then where it is
    /// being brought up, then where it is warm.
    private struct Candidate {
        var rank: Int
        var release: Int
        var host: HostName

        /// - Returns: nil for an instance that leaves.
        init?(_ record: InstanceRecord) {
            switch record.duty {
            case .serving: rank = 3
            case .starting: rank = 2
            case .warm: rank = 1
            case .leaving: return nil
            }
            release = record.id.release
            host = record.host
        }

        /// Of two equals the one whose host comes first, so that a run can be repeated.
        func isBetter(than other: Candidate) -> Bool {
            (rank, release, other.host) > (other.rank, other.release, host)
        }
    }

    /// Where each slot of an app is.
    package func currentHosts(of app: AppName) -> [Slot: HostName] {
        var best: [Slot: Candidate] = [:]
        for record in of(app).values {
            guard let candidate = Candidate(record) else { continue }
            if let other = best[Slot(record.id)], !candidate.isBetter(than: other) { continue }
            best[Slot(record.id)] = candidate
        }
        return best.mapValues(\.host)
    }

    /// Where the first slots of some of an app's processes are.
    /// - Parameter slots: how many of each process.
    /// - Returns: the hosts of each process, of slot 1 first; nil where a slot is nowhere.
    func currentHosts(of app: AppName, slots: [(process: ProcessName, count: Int)]) -> [[HostName?]] {
        var best = slots.map { [Candidate?](repeating: nil, count: $0.count) }
        for record in of(app).values {
            let slot = record.id.slot
            guard let process = slots.firstIndex(where: { $0.process == record.id.process }),
                (1...slots[process].count).contains(slot), let candidate = Candidate(record)
            else { continue }
            if let other = best[process][slot - 1], !candidate.isBetter(than: other) { continue }
            best[process][slot - 1] = candidate
        }
        return best.map { $0.map { $0?.host } }
    }
}
