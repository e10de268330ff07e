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
    /// Where each slot of an app is, by process and number: where it serves, else where it is
    /// being brought up, else where it is warm.
    package func currentHosts(of app: AppName) -> [ProcessName: [Int: HostName]] {
        struct Candidate {
            var rank: Int
            var release: Int
            var host: HostName

            /// Of two equals the one whose host comes first, so that a run can be repeated.
            func isBetter(than other: Candidate) -> Bool {
                (rank, release, other.host) > (other.rank, other.release, host)
            }
        }
        var best: [ProcessName: [Int: Candidate]] = [:]
        for record in of(app).values {
            let rank: Int
            switch record.duty {
            case .serving: rank = 3
            case .starting: rank = 2
            case .warm: rank = 1
            case .leaving: continue
            }
            let candidate = Candidate(rank: rank, release: record.id.release, host: record.host)
            if let other = best[record.id.process]?[record.id.slot], !candidate.isBetter(than: other) { continue }
            best[record.id.process, default: [:]][record.id.slot] = candidate
        }
        return best.mapValues { $0.mapValues(\.host) }
    }
}
