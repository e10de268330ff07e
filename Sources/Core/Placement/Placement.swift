import HeapModule

/// One place for an instance, whatever its release.
package struct Slot: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var app: AppName
    package var process: ProcessName
    package var number: Int

    package init(app: AppName, process: ProcessName, number: Int) {
        self.app = app
        self.process = process
        self.number = number
    }

    package init(_ id: InstanceID) { self.init(app: id.app, process: id.process, number: id.slot) }
    package var description: String { "\(app).\(process).\(number)" }
    package static func < (left: Slot, right: Slot) -> Bool {
        (left.app, left.process, left.number) < (right.app, right.process, right.number)
    }
}

/// Which host each slot is on, and why.
///
/// Slots stay where they are as long as their host may keep them, so that a change moves as
/// little as possible. A slot without a host goes to the zone that has fewest of its process,
/// there to the host that has fewest, then to the one with the most free memory.
package struct Placement: Hashable, Sendable {
    package struct Refusal: Hashable, Sendable {
        package var slot: Slot
        /// Each reason with the hosts that gave it: `needs 512 MiB, web-2 has 300 MiB`.
        package var reasons: [String]

        package init(slot: Slot, reasons: [String]) {
            self.slot = slot
            self.reasons = reasons
        }

        package var text: String { "\(slot) has no place: \(reasons.joined(separator: "; "))." }
    }

    package private(set) var hosts: [Slot: HostName] = [:]
    package private(set) var choices: [Slot: String] = [:]
    package private(set) var refusals: [Refusal] = []

    /// - Parameter current: where each slot is now, by the newest record that is not leaving.
    package init(desired: DesiredModel, live: LiveModel, standing: FleetStanding, current: [Slot: HostName]) {
        var placer = Placer(desired: desired, live: live, standing: standing)
        let apps = desired.configuration.apps.keys.sorted()
        let demands = apps.flatMap { placer.demands(of: $0) }
        for demand in demands {
            for number in demand.numbers {
                let slot = Slot(app: demand.app, process: demand.process.name, number: number)
                guard let host = current[slot], placer.keeps(host, demand) else { continue }
                placer.occupy(host, demand)
                hosts[slot] = host
                choices[slot] = "it stays on \(host)"
            }
        }
        for demand in demands {
            var queue = placer.queue(for: demand)
            for number in demand.numbers {
                let slot = Slot(app: demand.app, process: demand.process.name, number: number)
                guard hosts[slot] == nil else { continue }
                if let found = placer.take(from: &queue, for: demand) {
                    hosts[slot] = found.host
                    choices[slot] = found.reason
                } else {
                    refusals.append(Refusal(slot: slot, reasons: placer.refusals(for: demand)))
                }
            }
        }
    }
}

/// How many instances of a process want a place.
private struct Demand {
    var app: AppName
    var process: ProcessSpec
    var count: Int
    var memory: Int64 { process.limits.memory?.bytes ?? 0 }
    var numbers: ClosedRange<Int> { 1...count }
}

/// The fleet while it fills up.
private struct Placer {
    /// A host in a queue: the least one is taken first.
    struct Candidate: Comparable {
        var instances: Int
        var used: Double
        var host: HostName

        static func < (left: Candidate, right: Candidate) -> Bool {
            (left.instances, left.used, left.host) < (right.instances, right.used, right.host)
        }
    }

    /// The hosts that one process may go to, by zone.
    struct Queue {
        var zones: [ZoneName: Heap<Candidate>] = [:]
        var countByZone: [ZoneName: Int] = [:]
    }

    private struct ProcessKey: Hashable {
        var app: AppName
        var process: ProcessName
    }

    private let desired: DesiredModel
    private let standing: FleetStanding
    private let balancerHosts: Set<HostName>
    private let sortedHosts: [HostSpec]
    private var memory: [HostName: Int64] = [:]
    private var used: [HostName: Int64] = [:]
    private var instances: [ProcessKey: [HostName: Int]] = [:]

    init(desired: DesiredModel, live: LiveModel, standing: FleetStanding) {
        self.desired = desired
        self.standing = standing
        sortedHosts = desired.configuration.hosts.values.sorted { $0.name < $1.name }
        var balancerHosts: Set<HostName> = []
        for balancer in desired.configuration.balancers.values {
            for host in sortedHosts
            where balancer.hosts.admits(host, classLabels: desired.classLabels(of: host)) {
                balancerHosts.insert(host.name)
            }
        }
        self.balancerHosts = balancerHosts
        for host in sortedHosts {
            memory[host.name] = (host.memory ?? live.hosts[host.name]?.report?.facts.memory)?.bytes ?? .max
        }
    }

    func demands(of app: AppName) -> [Demand] {
        guard let release = desired.releases[app] else { return [] }
        return release.processes.values.sorted { $0.name < $1.name }.compactMap { process in
            let count = desired.instances(of: app, process)
            return count > 0 ? Demand(app: app, process: process, count: count) : nil
        }
    }

    func keeps(_ host: HostName, _ demand: Demand) -> Bool {
        guard let spec = desired.configuration.hosts[host], !standing[host].isLeaving else { return false }
        return admits(spec, demand) && free(host) >= demand.memory
    }

    mutating func occupy(_ host: HostName, _ demand: Demand) {
        used[host, default: 0] += demand.memory
        instances[ProcessKey(app: demand.app, process: demand.process.name), default: [:]][host, default: 0] += 1
    }

    func queue(for demand: Demand) -> Queue {
        var queue = Queue()
        let counts = instances[ProcessKey(app: demand.app, process: demand.process.name)] ?? [:]
        for (host, count) in counts {
            if let zone = desired.configuration.hosts[host]?.zone { queue.countByZone[zone, default: 0] += count }
        }
        for host in sortedHosts where standing[host.name].isOpen && admits(host, demand) {
            queue.zones[host.zone, default: Heap()].insert(candidate(host.name, instances: counts[host.name] ?? 0))
        }
        return queue
    }

    mutating func take(from queue: inout Queue, for demand: Demand) -> (host: HostName, reason: String)? {
        let zones = queue.zones.keys.sorted { (queue.countByZone[$0] ?? 0, $0) < (queue.countByZone[$1] ?? 0, $1) }
        for zone in zones {
            // A host that lacks the memory now lacks it for the rest of this process too: used
            // memory only grows, so it leaves the queue.
            while let best = queue.zones[zone]?.popMin() {
                guard free(best.host) >= demand.memory else { continue }
                let inZone = queue.countByZone[zone] ?? 0
                let room =
                    memory[best.host] == .max ? "" : " and \(ByteCount(bytes: (free(best.host) >> 20) << 20)) free"
                occupy(best.host, demand)
                queue.countByZone[zone] = inZone + 1
                queue.zones[zone]?.insert(candidate(best.host, instances: best.instances + 1))
                return (
                    best.host,
                    "zone \(zone) has fewest of \(demand.app).\(demand.process.name) (\(inZone)); \(best.host) has \(best.instances)\(room)"
                )
            }
        }
        return nil
    }

    func refusals(for demand: Demand) -> [String] {
        var reasons: [String] = []
        var notAdmitted = 0
        for host in sortedHosts {
            guard admits(host, demand) else {
                notAdmitted += 1
                continue
            }
            switch standing[host.name] {
            case .open:
                reasons.append(
                    "it needs \(ByteCount(bytes: demand.memory)), \(host.name) has \(ByteCount(bytes: max(0, free(host.name))))"
                )
            case .closed(let reason), .leaving(let reason): reasons.append("\(host.name): \(reason)")
            }
        }
        if reasons.count > 8 { reasons = Array(reasons.prefix(8)) + ["and \(reasons.count - 8) more hosts"] }
        if notAdmitted > 0 {
            reasons.append("\(notAdmitted) hosts are not of the kind that `on` asks for, or are balancers")
        }
        return reasons.isEmpty ? ["there is no host"] : reasons
    }

    private func admits(_ host: HostSpec, _ demand: Demand) -> Bool {
        let selector = demand.process.placement
        if selector.isUnrestricted { return !balancerHosts.contains(host.name) }
        return selector.admits(host, classLabels: desired.classLabels(of: host))
    }

    private func free(_ host: HostName) -> Int64 { (memory[host] ?? 0) - (used[host] ?? 0) }

    private func candidate(_ host: HostName, instances: Int) -> Candidate {
        let total = memory[host] ?? 0
        return Candidate(
            instances: instances, used: total == .max || total == 0 ? 0 : Double(used[host] ?? 0) / Double(total),
            host: host)
    }
}

extension DesiredModel {
    /// What a host's class adds to its labels.
    package func classLabels(of host: HostSpec) -> [String: String] {
        host.hostClass.flatMap { configuration.classes[$0]?.labels } ?? [:]
    }
}
