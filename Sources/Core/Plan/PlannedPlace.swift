/// A slot's place, and what is there of the release that should be: looked up once for a plan.
struct PlannedPlace {
    var slot: Slot
    /// The instance of the desired release, on the slot's host.
    var target: InstanceKey
    /// The host, in the order of names.
    var hostNumber: Int
    /// Of the target; nil: it has no record.
    var duty: InstanceRecord.Duty?
    var isInContact = false
    /// Whether the target's host says anything about it.
    var isReported = false
    var state = LifecycleState.none
    var isReady = false
    /// Whether the host's link names the desired release.
    var isLinked = false
}

extension Planner {
    func plannedPlaces() -> [PlannedPlace] {
        guard let release else { return [] }
        var places: [PlannedPlace] = []
        places.reserveCapacity(placement.count(of: app))
        placement.forEachPlace(of: app) { slot, host, number in
            let id = InstanceID(app: app, process: slot.process, slot: slot.number, release: release.number)
            let target = InstanceKey(host: host, instance: id)
            var place = PlannedPlace(
                slot: slot, target: target, hostNumber: number, duty: records[target]?.duty)
            live.look(at: host) { found in
                place.isInContact = found.contact == .connected
                guard let report = found.report else { return }
                place.isLinked = report.links[app]?.current == release.identity
                guard let index = report.instances.firstIndex(where: { $0.id == id }) else { return }
                place.isReported = true
                place.state = report.instances[index].state
                place.isReady = report.instances[index].isReady
            }
            places.append(place)
        }
        return places
    }

    /// Hosts by their numbers, each once, in the order of their names.
    func inOrder(_ hosts: [(number: Int, name: HostName)]) -> [HostName] {
        var found: [HostName] = []
        var last: Int?
        for host in hosts.sorted(by: { $0.number < $1.number }) where host.number != last {
            found.append(host.name)
            last = host.number
        }
        return found
    }
}

/// What a plan has to know of each process of the release, for one slot after another.
struct PlannedProcesses {
    struct Process {
        var name: ProcessName
        var replacement: Replacement
        /// How long an instance may take until it is ready.
        var startup: Interval
        /// Bytes; nil: it has no limit.
        var memory: Int64?
    }

    private let release: Release?
    /// The process of the slot before: slots come process by process.
    private var last: Process?

    init(_ release: Release?) { self.release = release }

    subscript(name: ProcessName) -> Process? {
        mutating get {
            if let last, last.name == name { return last }
            last = release?.processes[name].map {
                Process(
                    name: name, replacement: $0.replacement,
                    startup: ($0.health?.startup ?? .seconds(10)) + .seconds(10), memory: $0.limits.memory?.bytes)
            }
            return last
        }
    }
}
