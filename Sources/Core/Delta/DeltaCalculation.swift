/// An instance on a host: where the desired, the recorded and the live meet.
package struct InstanceKey: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var host: HostName
    package var instance: InstanceID

    package init(host: HostName, instance: InstanceID) {
        self.host = host
        self.instance = instance
    }

    package init(_ record: InstanceRecord) { self.init(host: record.host, instance: record.id) }

    package var description: String { "\(instance) on \(host)" }

    /// By host and slot alone: on one host few instances have the same number.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(host)
        hasher.combine(instance.slot)
    }
    package static func < (left: InstanceKey, right: InstanceKey) -> Bool {
        (left.instance, left.host) < (right.instance, right.host)
    }
}

extension Delta {
    /// Every instance of a fabric that is, or should be, with what differs.
    ///
    /// Expected are an instance of the desired release in every slot that has a place, and the
    /// warm instances that are recorded. All else that agents report is unexpected.
    ///
    /// - Parameter hosts: only what is on these; nil: on all of them.
    package static func all(
        desired: DesiredModel, live: LiveModel, records: InstanceRecords, placement: Placement,
        on hosts: Set<HostName>? = nil
    ) -> [Delta] {
        var deltas: [Delta] = []
        var expected: Set<InstanceKey> = []
        for (app, release) in desired.releases {
            for (slot, host) in placement.places(of: app, on: hosts) {
                let id = InstanceID(app: app, process: slot.process, slot: slot.number, release: release.number)
                let key = InstanceKey(host: host, instance: id)
                expected.insert(key)
                deltas.append(delta(of: key, release: release, duty: records[key]?.duty, live: live))
            }
        }
        for record in hosts.map({ records.all(on: $0) }) ?? records.values {
            let key = InstanceKey(record)
            guard expected.insert(key).inserted else { continue }
            deltas.append(remainder(of: key, duty: record.duty, live: live))
        }
        for host in hosts.map({ $0.compactMap { live.hosts[$0] } }) ?? Array(live.hosts.values) {
            for instance in host.report?.instances ?? [] {
                let key = InstanceKey(host: host.name, instance: instance.id)
                guard !expected.contains(key), instance.state != .none else { continue }
                deltas.append(
                    Delta(
                        instance: instance.id, host: host.name, state: .unexpected,
                        differences: [Difference(key: "state", expected: "none", found: instance.state.rawValue)]))
            }
        }
        return deltas.sorted { ($0.instance, $0.host) < ($1.instance, $1.host) }
    }

    /// An instance that should serve.
    private static func delta(
        of key: InstanceKey, release: Release, duty: InstanceRecord.Duty?, live: LiveModel
    ) -> Delta {
        guard live.hosts[key.host]?.contact == .connected else {
            return Delta(instance: key.instance, host: key.host, state: .unknown)
        }
        guard let found = live.instance(key.instance, on: key.host), found.state != .none else {
            return Delta(
                instance: key.instance, host: key.host, state: .notDeployed,
                differences: [Difference(key: "state", expected: "running", found: "none")])
        }
        var differences: [Difference] = []
        var state = State.asExpected
        if found.releaseIdentity != release.identity {
            differences.append(
                Difference(key: "release", expected: release.identity.short, found: found.releaseIdentity.short))
            state = .different
        }
        if duty != .serving {
            differences.append(Difference(key: "duty", expected: "serving", found: duty?.word ?? "none"))
            state = .different
        }
        if found.state != .running {
            differences.append(Difference(key: "state", expected: "running", found: found.state.rawValue))
            state = .wrongState
        }
        if found.health == .unhealthy || found.health == .starting {
            differences.append(Difference(key: "health", expected: "healthy", found: found.health.rawValue))
            state = found.health == .unhealthy ? .inError : .wrongState
        }
        if let failure = found.failure {
            differences.append(Difference(key: "failure", expected: "none", found: failure))
            state = .inError
        }
        return Delta(instance: key.instance, host: key.host, state: state, differences: differences)
    }

    /// An instance that serves no longer, or not yet.
    private static func remainder(of key: InstanceKey, duty: InstanceRecord.Duty, live: LiveModel) -> Delta {
        guard live.hosts[key.host]?.contact == .connected else {
            return Delta(instance: key.instance, host: key.host, state: .unknown)
        }
        let found = live.instance(key.instance, on: key.host)
        if case .warm = duty {
            if let failure = found?.failure {
                return Delta(
                    instance: key.instance, host: key.host, state: .inError,
                    differences: [Difference(key: "failure", expected: "none", found: failure)])
            }
            return Delta(instance: key.instance, host: key.host, state: .asExpected)
        }
        return Delta(
            instance: key.instance, host: key.host, state: .unexpected,
            differences: [Difference(key: "state", expected: "none", found: (found?.state ?? .none).rawValue)])
    }
}

extension InstanceRecord.Duty {
    package var word: String {
        switch self {
        case .starting: "starting"
        case .serving: "serving"
        case .warm: "warm"
        case .leaving: "leaving"
        }
    }
}
