/// What the steps of a plan are about: mount points, slots, processes and hosts, each with a number.
///
/// Steps name the same things by their texts again and again. Each is looked up once for each step,
/// before the walk; what the walk finds out is kept in arrays.
struct PlanSubjects {
    /// A mount point as far as the walk has come.
    struct Mount {
        let key: InstanceKey
        let slot: Int
        let host: Int
        var state = LifecycleState.none
        var isReady = false
        var isServing = false
        /// The last step that moved it through a phase.
        var movedBy: Int?
        /// The last step that gave it a duty.
        var dutyBy: Int?
        var touches = PlanTouches()

        /// Whether people are served by it.
        var isEffective: Bool { isServing && isReady }
    }

    struct SlotState {
        let slot: Slot
        let process: Int
        let isWanted: Bool
        /// How many instances serve it, and are ready, when it is wanted. What is not wanted may go
        /// whenever it likes, and makes up for nothing.
        var effective = 0
        /// Mount points that run.
        var running: Set<Int> = []
        /// Steps that start something in it, and that stop something.
        var starts = PlanTouches()
        var stops = PlanTouches()
    }

    struct Process {
        let name: ProcessName
        /// How many slots are wanted; nil: the release does not have it.
        let wanted: Int?
        /// Whether only one instance of a slot may run, whatever its release.
        let isSingle: Bool
        /// How many wanted slots are served before the first step.
        var servingBefore = 0
    }

    struct Host {
        let name: HostName
        let contact: LiveHost.Contact?
        /// Mount points on it.
        var mounts: [Int] = []
        /// Steps that link the app there.
        var links = PlanTouches()
    }

    var mounts: [Mount] = []
    var slots: [SlotState] = []
    private(set) var processes: [Process] = []
    var hosts: [Host] = []
    /// By the number of the step less one: its mount point, or its host where it has no instance, or
    /// the first of its duties in `duties`.
    private var ofStep: [Int] = []
    /// Mount points of the duties that traffic steps give, in order; nil: of another app.
    private var duties: [Int?] = []

    private let app: AppName
    private let release: Release?
    private let desired: DesiredModel
    private let live: LiveModel
    private var mountNumbers: [InstanceKey: Int] = [:]
    private var slotNumbers: [Slot: Int] = [:]
    private var processNumbers: [ProcessName: Int] = [:]
    private var hostNumbers: [HostName: Int] = [:]
    private var lastMount = 0
    private var lastHost = 0

    /// - Parameter records: those of the plan's app.
    init(
        _ plan: Plan, release: Release?, desired: DesiredModel, live: LiveModel, records: [InstanceRecord]
    ) {
        app = plan.app
        self.release = release
        self.desired = desired
        self.live = live
        let stepCount = plan.root.stepCount
        ofStep.reserveCapacity(stepCount)
        // An instance that comes up has four steps and more.
        mounts.reserveCapacity(records.count + stepCount / 4)
        mountNumbers.reserveCapacity(records.count + stepCount / 4)
        slotNumbers.reserveCapacity(stepCount / 4)
        slots.reserveCapacity(stepCount / 4)
        for record in records { _ = host(record.host) }
        plan.root.forEachStep { number($0) }
        for record in records where record.duty == .serving { serve(record) }
    }

    private mutating func number(_ step: Step) {
        switch step.action {
        case .prefetch(let host, _), .link(let host, _, _): ofStep.append(self.host(host))
        case .phase(let host, let id, _), .awaitReady(let host, let id):
            // What is of another app is found when the step is walked, by its host alone.
            ofStep.append(
                id.app == app ? mount(InstanceKey(host: host, instance: id)) : self.host(host))
        case .traffic(_, let changes, _):
            ofStep.append(duties.count)
            for change in changes {
                let key = InstanceKey(host: change.host, instance: change.instance)
                duties.append(change.instance.app == app ? mount(key) : nil)
            }
        case .hold, .pause: ofStep.append(0)
        }
    }

    private mutating func serve(_ record: InstanceRecord) {
        let mount = mount(InstanceKey(record))
        mounts[mount].isServing = true
        let slot = mounts[mount].slot
        guard slots[slot].isWanted, mounts[mount].isEffective else { return }
        if slots[slot].effective == 0 { processes[slots[slot].process].servingBefore += 1 }
        slots[slot].effective += 1
    }

    // MARK: Of steps

    /// The mount point of a step about an instance of the app, or the host of one that has no instance.
    func subject(of step: Step) -> Int { ofStep[step.id - 1] }

    /// The mount point of a duty that a traffic step gives; nil: of another app.
    func mount(ofDuty index: Int, of step: Step) -> Int? { duties[ofStep[step.id - 1] + index] }

    /// The host of a step that has one.
    func host(of step: Step) -> Int? {
        switch step.action {
        case .prefetch, .link: subject(of: step)
        case .phase(_, let id, _), .awaitReady(_, let id):
            id.app == app ? mounts[subject(of: step)].host : subject(of: step)
        case .traffic, .hold, .pause: nil
        }
    }

    // MARK: Numbers

    func process(_ name: ProcessName) -> Int? { processNumbers[name] }

    private mutating func mount(_ key: InstanceKey) -> Int {
        // Steps come back to things in the order in which they met them, or stay with one.
        for guess in lastMount...(lastMount + 1) where guess < mounts.count && mounts[guess].key == key {
            lastMount = guess
            return guess
        }
        if let known = mountNumbers[key] {
            lastMount = known
            return known
        }
        // The first look at its host may find it there.
        let host = host(key.host)
        lastMount = mountNumbers[key] ?? add(key, on: host)
        return lastMount
    }

    private mutating func add(_ key: InstanceKey, on host: Int) -> Int {
        let number = mounts.count
        mounts.append(Mount(key: key, slot: slot(Slot(key.instance)), host: host))
        mountNumbers[key] = number
        hosts[host].mounts.append(number)
        return number
    }

    private mutating func slot(_ slot: Slot) -> Int {
        if let known = slotNumbers[slot] { return known }
        let process = number(of: slot.process)
        let isWanted = processes[process].wanted.map { slot.number <= $0 } ?? false
        slots.append(SlotState(slot: slot, process: process, isWanted: isWanted))
        slotNumbers[slot] = slots.count - 1
        return slots.count - 1
    }

    private mutating func number(of process: ProcessName) -> Int {
        if let known = processNumbers[process] { return known }
        let spec = release?.processes[process]
        processes.append(
            Process(
                name: process, wanted: spec.map { desired.instances(of: app, $0) },
                isSingle: spec?.replacement == .inPlace))
        processNumbers[process] = processes.count - 1
        return processes.count - 1
    }

    /// Numbers a host, and every mount point of the app that it has reported.
    private mutating func host(_ name: HostName) -> Int {
        for guess in lastHost...(lastHost + 1) where guess < hosts.count && hosts[guess].name == name {
            lastHost = guess
            return guess
        }
        if let known = hostNumbers[name] {
            lastHost = known
            return known
        }
        let number = hosts.count
        lastHost = number
        let found = live.hosts[name]
        hosts.append(Host(name: name, contact: found?.contact))
        hostNumbers[name] = number
        let isInContact = found?.contact == .connected
        let instances = found?.report?.instances ?? []
        for index in instances.indices where instances[index].id.app == app {
            let instance = instances[index]
            let key = InstanceKey(host: name, instance: instance.id)
            let mount = mountNumbers[key] ?? add(key, on: number)
            mounts[mount].state = instance.state
            mounts[mount].isReady = isInContact && instance.isReady
            if instance.state == .running && isInContact { slots[mounts[mount].slot].running.insert(mount) }
        }
        return number
    }
}

/// Steps that touch one thing, as far as the walk has come.
struct PlanTouches {
    /// The first of those that none of the later ones surely follows; 0: nothing has touched it.
    ///
    /// If any step so far may run beside one to come, this one may. Two steps may run side by side
    /// when the lowest node above both is parallel; then so may those to its left and right.
    private var first = 0

    /// - Returns: a step that may run beside the given one, which comes later in the text.
    func beside(_ step: Int, in order: PlanOrder) -> Int? {
        first == 0 || first == step || order.isBefore(first, step) ? nil : first
    }

    mutating func add(_ step: Int, in order: PlanOrder) {
        if first == 0 || order.isBefore(first, step) { first = step }
    }
}
