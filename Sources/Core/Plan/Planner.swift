/// Makes the plan for one app: from the records, the live model and the placement to the desired
/// release in every slot.
///
/// A slot changes in one of two ways. *Beside*: the new instance is brought up next to the old
/// one, traffic is handed over, and the old one stays warm. *In place*: the old one is stopped
/// first. Slots change in batches; each batch is complete, and serves, before the next begins.
/// Instances that are warm already need no batches: their traffic is handed over at once, which
/// is what makes a rollback quick.
package struct Planner {
    package struct Options: Sendable {
        package var kind: Plan.Kind
        /// Whether what is displaced stays warm. Not after a failure: a bad release must go.
        package var keepsWarm: Bool
        /// What is done otherwise than the app's policy says.
        package var rollout: RolloutOverrides
        /// Only slots that match are changed.
        package var filter: (@Sendable (Slot, HostSpec) -> Bool)?

        package init(
            kind: Plan.Kind, keepsWarm: Bool = true, rollout: RolloutOverrides = RolloutOverrides(),
            filter: (@Sendable (Slot, HostSpec) -> Bool)? = nil
        ) {
            self.kind = kind
            self.keepsWarm = keepsWarm
            self.rollout = rollout
            self.filter = filter
        }
    }

    let app: AppName
    let desired: DesiredModel
    let live: LiveModel
    let placement: Placement
    let standing: FleetStanding
    let options: Options
    let now: Instant
    let records: [InstanceKey: InstanceRecord]
    let release: Release?
    let policy: RolloutPolicy
    private let allRecords: InstanceRecords
    /// Every place has its instance, which serves and runs, and nothing else is recorded.
    private(set) var isAsDesired = false
    /// Every slot that has a place, in order; none when all is as desired.
    private(set) var places: [PlannedPlace] = []
    /// Silent hosts with records of a slot.
    private var silentHosts: [Slot: [HostName]] = [:]
    /// What runs in a slot, and a balancer may still serve.
    private var unconfirmed: [Slot: [InstanceKey]] = [:]
    /// Slots that change, in order.
    private(set) var slots: [SlotChange] = []
    /// Records that belong to no slot's change, in order.
    private(set) var surplus: [InstanceKey] = []
    private var surplusSet: Set<InstanceKey> = []
    /// Warm instances whose memory is needed, and by what.
    private(set) var evictions: [InstanceKey: InstanceID] = [:]

    /// - Parameter records: the records of every app; those of other apps only take up memory.
    package init(
        app: AppName, desired: DesiredModel, live: LiveModel, records: InstanceRecords, placement: Placement,
        standing: FleetStanding, options: Options, now: Instant
    ) {
        self.app = app
        self.desired = desired
        self.live = live
        self.placement = placement
        self.standing = standing
        self.options = options
        self.now = now
        release = desired.configuration.apps[app] == nil ? nil : desired.releases[app]
        policy = options.rollout.applied(to: desired.configuration.apps[app]?.rollout ?? RolloutPolicy())
        self.records = records.of(app)
        allRecords = records
        isAsDesired = findsAllAsDesired()
        if isAsDesired { return }
        for key in self.records.keys.filter({ live.contact(of: $0.host) == .silent }).sorted() {
            silentHosts[Slot(key.instance), default: []].append(key.host)
        }
        for key in live.unconfirmed.filter({ $0.instance.app == app && state($0) == .running }).sorted() {
            unconfirmed[Slot(key.instance), default: []].append(key)
        }
        places = plannedPlaces()
        (slots, evictions) = slotChanges()
        if self.records.isEmpty { return }
        surplus = surplusKeys(displaced: Set(slots.flatMap(\.displaced)))
        surplusSet = Set(surplus)
    }

    package func plan() -> Plan {
        var builder = PlanBuilder()
        let root = isAsDesired ? [] : changes(into: &builder)
        return Plan(
            app: app, kind: options.kind, release: release?.number, desiredRevision: desired.revision,
            liveRevision: live.revision, root: .sequential(title: title, root), changes: builder.changes,
            summary: builder.summary(unchanged: max(0, placement.count(of: app) - slots.count)),
            warnings: placement.refusals(of: app).map(\.text)
                + outOfReach() + (standing.blindness.map { [$0] } ?? []), refusal: refusal())
    }

    /// So most looks at an app end, for a small part of what a plan costs.
    private func findsAllAsDesired() -> Bool {
        guard let release, records.count == placement.count(of: app) else { return false }
        return records.values.allSatisfy { record in
            guard record.duty == .serving, record.weight == nil, record.id.release == release.number,
                placement.host(of: Slot(record.id)) == record.host
            else { return false }
            guard live.contact(of: record.host) == .connected else { return true }
            return live.link(of: app, on: record.host) == release.identity && state(InstanceKey(record)) == .running
        }
    }

    private func changes(into builder: inout PlanBuilder) -> [PlanNode] {
        var root: [PlanNode] = []
        // What is ready takes over before anything else happens: that is what a rollback is for.
        let ready = takesOverAtOnce ? slots.filter(\.takesOver) : []
        builder.append(takeover(of: ready, restoring: strays(), into: &builder), to: &root)
        let tasks = tasks()
        builder.append(prefetches(for: slots, and: tasks, into: &builder), to: &root)
        let early = Set(surplus.filter { !isServing($0) }).union(evictions.keys).sorted()
        // What an earlier try has left is in the way; all else stays as it is until the tasks are done.
        let leftovers = early.filter { isTask($0.instance) }
        builder.append(removals(of: leftovers, title: "remove an earlier try", into: &builder), to: &root)
        builder.append(running(tasks, into: &builder), to: &root)
        let unneeded = early.filter { !isTask($0.instance) }
        builder.append(removals(of: unneeded, title: "remove what is no longer needed", into: &builder), to: &root)
        root += rollout(of: takesOverAtOnce ? slots.filter { !$0.takesOver } : slots, into: &builder)
        let late = surplus.filter { isServing($0) }
        builder.append(retirement(of: late, into: &builder), to: &root)
        builder.append(settling(into: &builder), to: &root)
        builder.append(links(after: slots, into: &builder), to: &root)
        return root
    }

    /// Slots that this plan passes over, because their hosts cannot be reached.
    private func outOfReach() -> [String] {
        var waits = places.filter { !$0.isInContact && $0.duty != .serving }.map {
            "\($0.slot) waits for \($0.target.host), which is silent."
        }
        guard !silentHosts.isEmpty || !unconfirmed.isEmpty else { return waits }
        for place in places where place.isInContact {
            if let silent = silentHost(of: place.slot, besides: place.target) {
                waits.append("\(place.slot) waits for \(silent), which is silent.")
            } else if let other = unconfirmed(in: place.slot, besides: place.target) {
                waits.append("\(place.slot) waits until no balancer serves \(other).")
            }
        }
        return waits
    }

    private var title: String {
        switch options.kind {
        case .deploy: "deploy \(release?.label ?? app.text)"
        case .rollback: "roll back to \(release?.label ?? app.text)"
        case .reconcile: "reconcile \(release?.label ?? app.text)"
        case .clean: "clean up \(app)"
        }
    }

    /// Listening processes first: their failure must show before workers run new code.
    func rank(_ process: ProcessName) -> Int {
        release?.processes[process]?.replacement == .beside ? 0 : 1
    }

    /// Whether instances keep the release that they serve, so that only what is missing comes up.
    var isHeld: Bool { options.kind == .reconcile && desired.overrides.held.contains(app) }
    func isServing(_ key: InstanceKey) -> Bool { records[key]?.duty == .serving }
    func isSurplus(_ key: InstanceKey) -> Bool { surplusSet.contains(key) }
    func isInContact(_ host: HostName) -> Bool { live.contact(of: host) == .connected }
    func state(_ key: InstanceKey) -> LifecycleState { live.state(of: key.instance, on: key.host) ?? .none }
    func liveInstance(_ key: InstanceKey) -> LiveInstance? { live.instance(key.instance, on: key.host) }
}

/// One slot that has to change: what comes, from which state, and what it displaces.
struct SlotChange {
    var slot: Slot
    var target: InstanceKey
    /// Its host, in the order of names.
    var hostNumber: Int
    /// What the target is now.
    var state: LifecycleState
    var replacement: Replacement
    /// How long it may take until it is ready.
    var startup: Interval
    var isNew: Bool
    /// Runs and is ready already: only traffic is missing.
    var isWarm: Bool
    /// Serves by its record, but has to be brought up again.
    var isServing: Bool
    var isBeside: Bool
    var displaced: [InstanceKey]
    /// What serves no more, and runs all the same where only one may: an execution ended before its stop.
    var stillRunning: [InstanceKey]
    var reason: String

    /// Only its traffic is missing.
    var takesOver: Bool { isWarm && isBeside }
}

extension Planner {
    /// The slots whose target does not yet serve, in order.
    private func slotChanges() -> ([SlotChange], [InstanceKey: InstanceID]) {
        guard let release else { return ([], [:]) }
        var displacedBySlot: [Slot: [InstanceKey]] = [:]
        var stillRunning: [Slot: [InstanceKey]] = [:]
        for (key, record) in records {
            let slot = Slot(key.instance)
            guard record.duty == .serving else {
                let isSingle = release.processes[slot.process]?.replacement == .inPlace
                if isSingle, isInContact(key.host), state(key) == .running {
                    stillRunning[slot, default: []].append(key)
                }
                continue
            }
            if record.id.release == release.number && placement.host(of: slot) == key.host { continue }
            displacedBySlot[slot, default: []].append(key)
        }
        var room = MemoryRoom(
            app: app, desired: desired, live: live, records: allRecords, placement: placement)
        var processes = PlannedProcesses(release)
        let changes = places.compactMap { place -> SlotChange? in
            let slot = place.slot
            guard place.isInContact, isMeant(slot, on: place.target.host), let process = processes[slot.process],
                silentHost(of: slot, besides: place.target) == nil,
                unconfirmed(in: slot, besides: place.target) == nil
            else { return nil }
            return slotChange(
                place, process: process, displaced: displacedBySlot[slot]?.sorted() ?? [],
                stillRunning: (stillRunning[slot] ?? []).filter { $0 != place.target }.sorted(), room: &room)
        }
        return (changes, room.evictions)
    }

    /// A silent host on which something of a slot may run that must not run twice: it is waited for,
    /// until it says so or is lost.
    private func silentHost(of slot: Slot, besides target: InstanceKey) -> HostName? {
        guard let hosts = silentHosts[slot], release?.processes[slot.process]?.replacement == .inPlace else {
            return nil
        }
        return hosts.first { $0 != target.host }
    }

    /// What must end before another of its slot starts, and may not end yet: a balancer may serve it.
    private func unconfirmed(in slot: Slot, besides target: InstanceKey) -> InstanceKey? {
        guard let keys = unconfirmed[slot], release?.processes[slot.process]?.replacement == .inPlace else {
            return nil
        }
        return keys.first { $0 != target }
    }

    private func isMeant(_ slot: Slot, on host: HostName) -> Bool {
        guard let filter = options.filter else { return true }
        return desired.configuration.hosts[host].map { filter(slot, $0) } ?? false
    }

    private func slotChange(
        _ place: PlannedPlace, process: PlannedProcesses.Process, displaced: [InstanceKey],
        stillRunning: [InstanceKey], room: inout MemoryRoom
    ) -> SlotChange? {
        let target = place.target
        if isHeld
            && displaced.contains(where: {
                $0.instance.release != target.instance.release && !standing[$0.host].isLeaving
            })
        {
            return nil
        }
        // What serves and runs is its agent's to keep healthy; a plan could do no more.
        let isServing = place.duty == .serving
        if isServing && place.state == .running && displaced.isEmpty { return nil }
        // What comes where nothing of its slot is was given its place by the placement, which does
        // not count what is warm.
        let hasRoom = place.duty != nil || room.reserve(process.memory, for: target, on: place.hostNumber)
        let fits = hasRoom || displaced.allSatisfy { $0.host != target.host }
        return SlotChange(
            slot: place.slot, target: target, hostNumber: place.hostNumber, state: place.state,
            replacement: process.replacement, startup: process.startup, isNew: place.duty == nil,
            isWarm: process.replacement == .beside && place.isReady, isServing: isServing,
            isBeside: process.replacement == .beside && fits, displaced: displaced, stillRunning: stillRunning,
            reason: reason(place, displaced: displaced, fits: fits))
    }

    private func reason(_ place: PlannedPlace, displaced: [InstanceKey], fits: Bool) -> String {
        let target = place.target
        if let old = displaced.first {
            if old.instance.release != target.instance.release {
                let how = fits ? "" : ", in place: \(target.host) has no memory for both"
                return "r\(target.instance.release) takes over from r\(old.instance.release)\(how)"
            }
            let why = placement.reason(for: place.slot)
            if case .leaving(let cause) = standing[old.host] { return "it moves from \(old.host): \(cause); \(why)" }
            return "it moves from \(old.host): \(why)"
        }
        if place.duty == .serving {
            return "it should run and is \(place.isReported ? place.state.rawValue : "not there")"
        }
        return "it is missing; \(placement.reason(for: place.slot))"
    }

    /// Records that belong to no slot's change: other releases, slots too many, what is left over.
    func surplusKeys(displaced: Set<InstanceKey>) -> [InstanceKey] {
        let servingBefore = records.values.filter { $0.duty == .serving && $0.id.release != release?.number }
        let keptRelease = servingBefore.map(\.id.release).max() ?? warmRelease
        return records.values.filter { record in
            let key = InstanceKey(record)
            // What a balancer may still give requests to is looked at again when it has confirmed that
            // it does not.
            if displaced.contains(key) || live.unconfirmed.contains(key) { return false }
            let isTarget = record.id.release == release?.number && placement.host(of: Slot(record.id)) == record.host
            switch record.duty {
            case .serving:
                // Its slot has a place, and its successor cannot be brought up yet: it stays.
                if isTarget || !isSuperseded(record) { return false }
                return true
            case .starting: return !isTarget
            case .leaving: return !isTarget
            case .warm(let until):
                if isTarget { return false }
                return until <= now || record.id.release != keptRelease || standing[record.host].isLeaving
                    || release == nil
                    || !isWanted(Slot(record.id))
            }
        }.map(InstanceKey.init).sorted()
    }

    /// The newest release that is warm now.
    private var warmRelease: Int? {
        records.values.compactMap { record in
            if case .warm = record.duty, record.id.release != release?.number { record.id.release } else { nil }
        }.max()
    }

    /// Whether the slot is one that the desired model asks for, placed or not.
    private func isWanted(_ slot: Slot) -> Bool {
        guard let process = release?.processes[slot.process] else { return false }
        return slot.number <= desired.instances(of: app, process)
    }

    /// Whether nothing depends on a serving record any longer.
    private func isSuperseded(_ record: InstanceRecord) -> Bool {
        let slot = Slot(record.id)
        guard isWanted(slot) else { return true }
        // What has no other place serves on, as long as balancers reach it: its host may be out of reach
        // of the control plane alone.
        guard let host = placement.host(of: slot) else { return false }
        // Another record serves the slot already, on the host where it belongs.
        let target = InstanceID(app: app, process: slot.process, slot: slot.number, release: release?.number ?? 0)
        let key = InstanceKey(host: host, instance: target)
        return key != InstanceKey(record) && isServing(key) && liveInstance(key)?.isReady == true
    }
}
