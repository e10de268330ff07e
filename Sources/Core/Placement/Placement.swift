/// Which host each slot is on, and why.
///
/// Slots stay where they are as long as their host may keep them, so that a change moves as
/// little as possible. A slot without a host goes to the zone that has fewest of its process,
/// there to the host that has fewest, then to the one with the most free memory.
///
/// A placement is kept, and follows what changes: only apps that something has happened to are
/// placed again, beside what the others have.
package struct Placement: Sendable {
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

    /// Where the slots of an app are now: of each of the processes that are asked for, the host of
    /// slot 1 first; nil where one is nowhere.
    typealias Current = (AppName, [(process: ProcessName, count: Int)]) -> [[HostName?]]

    private struct Place {
        var host: Int
        /// nil: it stays where it was.
        var choice: (zone: Int, inZone: Int, onHost: Int, free: Int64)?
    }

    /// The slots of one process, the first at 0; nil where one has no place.
    private struct Process {
        var name: ProcessName
        /// Bytes of each instance.
        var memory: Int64
        var places: [Place?]
    }

    /// What one app has.
    private struct App {
        /// In the order of their names.
        var processes: [Process] = []
        var refusals: [Refusal] = []
    }

    /// How many hosts a refusal names.
    private static let reasonsMax = 8

    private var fleet: PlacementFleet
    private var apps: [AppName: App] = [:]

    init(desired: DesiredModel, live: LiveModel, standing: FleetStanding, current: Current) {
        fleet = PlacementFleet(desired.configuration, live: live, standing: standing)
        place(Set(desired.configuration.apps.keys), desired: desired, current: current)
    }

    /// - Parameter current: where each slot is now, by the newest record that is not leaving.
    package init(desired: DesiredModel, live: LiveModel, standing: FleetStanding, current: [Slot: HostName]) {
        self.init(desired: desired, live: live, standing: standing) { app, processes in
            processes.map { process, count in
                (0..<count).map { current[Slot(app: app, process: process, number: $0 + 1)] }
            }
        }
    }

    package func host(of slot: Slot) -> HostName? { place(of: slot).map { fleet.specs[$0.host].name } }

    /// The slots of an app that have a place, in order.
    ///
    /// - Parameter hosts: only those that are on these; nil: all.
    package func places(of app: AppName, on hosts: Set<HostName>? = nil) -> [(slot: Slot, host: HostName)] {
        let numbers = hosts.map { Set($0.compactMap(fleet.number)) }
        var found: [(slot: Slot, host: HostName)] = []
        if numbers == nil { found.reserveCapacity(count(of: app)) }
        forEachPlace(of: app) { slot, host, number in
            if numbers?.contains(number) ?? true { found.append((slot, host)) }
        }
        return found
    }

    /// Hosts that an app has a slot on in one of two placements, and not that slot in the other. Both
    /// have to be of the same hosts.
    package func hosts(thatDifferFrom other: Placement) -> Set<HostName> {
        var differing: Set<Int> = []
        for app in Set(apps.keys).union(other.apps.keys) {
            let mine = apps[app]?.processes ?? []
            let others = other.apps[app]?.processes ?? []
            for name in Set(mine.map(\.name)).union(others.map(\.name)) {
                let places = mine.first { $0.name == name }?.places ?? []
                let before = others.first { $0.name == name }?.places ?? []
                for index in 0..<max(places.count, before.count) {
                    let host = index < places.count ? places[index]?.host : nil
                    let formerHost = index < before.count ? before[index]?.host : nil
                    guard host != formerHost else { continue }
                    differing.formUnion([host, formerHost].compactMap(\.self))
                }
            }
        }
        return Set(differing.map { fleet.specs[$0].name })
    }

    /// Calls for each slot of an app that has a place, in order, with the host's number in the order
    /// of names.
    func forEachPlace(of app: AppName, _ body: (Slot, HostName, Int) -> Void) {
        for process in apps[app]?.processes ?? [] {
            for (index, place) in process.places.enumerated() {
                guard let host = place?.host else { continue }
                body(Slot(app: app, process: process.name, number: index + 1), fleet.specs[host].name, host)
            }
        }
    }

    /// Bytes that all instances on a host may use together; nil: not known.
    /// - Parameter host: its number in the order of names.
    func memory(of host: Int) -> Int64? { fleet.memory[host] == .max ? nil : fleet.memory[host] }

    /// A host's place in the order of names; behind all others, if it is not declared.
    func number(of host: HostName) -> Int { fleet.number(of: host) ?? .max }

    /// Whether all of an app's instances stay where they are, and it has no other place.
    func stays(_ app: AppName, instances: Int) -> Bool {
        let processes = apps[app]?.processes ?? []
        return count(of: app) == instances
            && processes.allSatisfy { $0.places.allSatisfy { $0.map { $0.choice == nil } ?? true } }
    }

    /// How many slots of an app have a place.
    package func count(of app: AppName) -> Int {
        (apps[app]?.processes ?? []).reduce(0) { $0 + $1.places.count { $0 != nil } }
    }

    /// Every slot that has a place.
    package var hosts: [Slot: HostName] {
        Dictionary(apps.keys.flatMap { places(of: $0) }.map { ($0.slot, $0.host) }) { first, _ in first }
    }

    package var refusals: [Refusal] { apps.keys.sorted().flatMap { refusals(of: $0) } }
    package func refusals(of app: AppName) -> [Refusal] { apps[app]?.refusals ?? [] }

    /// Why a slot is where it is.
    package func reason(for slot: Slot) -> String {
        guard let place = place(of: slot) else { return "" }
        let host = fleet.specs[place.host].name
        guard let choice = place.choice else { return "it stays on \(host)" }
        let room = choice.free == .max ? "" : " and \(ByteCount(bytes: (choice.free >> 20) << 20)) free"
        return
            "zone \(fleet.zones[choice.zone]) has fewest of \(slot.app).\(slot.process) (\(choice.inZone)); \(host) has \(choice.onHost)\(room)"
    }

    private func place(of slot: Slot) -> Place? {
        guard let app = apps.index(forKey: slot.app),
            let process = apps.values[app].processes.firstIndex(where: { $0.name == slot.process }),
            apps.values[app].processes[process].places.indices.contains(slot.number - 1)
        else { return nil }
        return apps.values[app].processes[process].places[slot.number - 1]
    }
}

extension Placement {
    /// Takes up what hosts may be used for now.
    /// - Returns: apps that have to be placed again: of hosts that changed, and those that wait
    ///   for a place, when a host has opened.
    mutating func follow(_ standing: FleetStanding, live: LiveModel) -> Set<AppName> {
        let (changed, hasOpened) = fleet.follow(standing, live: live)
        return Set(
            apps.filter { _, app in
                hasOpened && !app.refusals.isEmpty
                    || app.processes.contains { $0.places.contains { $0.map { changed[$0.host] } ?? false } }
            }.keys)
    }

    /// Places apps anew, beside what others have.
    mutating func place(_ names: Set<AppName>, desired: DesiredModel, current: Current) {
        for name in names { free(name) }
        // Who is somewhere comes first, whatever its app.
        let names = names.sorted()
        let wanted = names.map { (name: $0, demands: demands(of: $0, desired)) }
        for (name, demands) in wanted {
            apps[name] = keep(demands, at: current(name, demands.map { ($0.process.name, $0.count) }))
        }
        for (name, demands) in wanted { fill(name, demands) }
    }

    private mutating func free(_ name: AppName) {
        for process in apps.removeValue(forKey: name)?.processes ?? [] {
            for case .some(let place) in process.places { fleet.used[place.host] -= process.memory }
        }
    }

    /// The processes of an app that want places, and how many.
    private func demands(of app: AppName, _ desired: DesiredModel) -> [(process: ProcessSpec, count: Int)] {
        guard desired.configuration.apps[app] != nil, let release = desired.releases[app] else { return [] }
        return release.processes.values.sorted { $0.name < $1.name }.compactMap { process in
            let count = desired.instances(of: app, process)
            return count > 0 ? (process, count) : nil
        }
    }

    private mutating func keep(_ demands: [(process: ProcessSpec, count: Int)], at current: [[HostName?]]) -> App {
        var app = App()
        for ((process, count), hosts) in zip(demands, current) {
            let memory = process.limits.memory?.bytes ?? 0
            let admitted = fleet.admits(process.placement)
            var places = [Place?](repeating: nil, count: count)
            for (number, name) in hosts.enumerated() {
                guard let name, let host = fleet.number(of: name), admitted[host],
                    !fleet.standing[host].isLeaving, fleet.free(host) >= memory
                else { continue }
                fleet.used[host] += memory
                places[number] = Place(host: host)
            }
            app.processes.append(Process(name: process.name, memory: memory, places: places))
        }
        return app
    }

    /// Finds places for slots that have none.
    private mutating func fill(_ name: AppName, _ demands: [(process: ProcessSpec, count: Int)]) {
        guard var app = apps.removeValue(forKey: name) else { return }
        for (index, demand) in demands.enumerated() where app.processes[index].places.contains(where: { $0 == nil }) {
            let memory = app.processes[index].memory
            let admitted = fleet.admits(demand.process.placement)
            var counts = [Int](repeating: 0, count: fleet.specs.count)
            for case .some(let place) in app.processes[index].places { counts[place.host] += 1 }
            var queue = PlacementQueue(fleet: fleet, admitted: admitted, counts: counts, memory: memory)
            // Once one slot is refused, so are the rest of the process, for the same reasons.
            var refused: [String]?
            for number in 0..<demand.count where app.processes[index].places[number] == nil {
                if refused == nil, let found = queue.take(from: &fleet) {
                    let free = fleet.memory[found.host] == .max ? .max : fleet.free(found.host) + memory
                    app.processes[index].places[number] = Place(
                        host: found.host, choice: (found.zone, found.inZone, found.onHost, free))
                } else {
                    let slot = Slot(app: name, process: demand.process.name, number: number + 1)
                    let reasons = refused ?? reasons(memory: memory, admitted: admitted)
                    refused = reasons
                    app.refusals.append(Refusal(slot: slot, reasons: reasons))
                }
            }
        }
        apps[name] = app
    }

    /// Why no host takes an instance: of each of the first few hosts, and how many more there are.
    private func reasons(memory: Int64, admitted: [Bool]) -> [String] {
        let hosts = fleet.specs.indices.filter { admitted[$0] }
        var reasons = hosts.prefix(Self.reasonsMax).map { host in
            let name = fleet.specs[host].name
            switch fleet.standing[host] {
            case .open:
                return "it needs \(ByteCount(bytes: memory)), \(name) has \(ByteCount(bytes: max(0, fleet.free(host))))"
            case .closed(let reason), .leaving(let reason): return "\(name): \(reason)"
            }
        }
        if hosts.count > Self.reasonsMax { reasons.append("and \(hosts.count - Self.reasonsMax) more hosts") }
        if hosts.count < admitted.count {
            reasons.append(
                "\(admitted.count - hosts.count) hosts are not of the kind that `on` asks for, or are balancers")
        }
        return reasons.isEmpty ? ["there is no host"] : reasons
    }
}
