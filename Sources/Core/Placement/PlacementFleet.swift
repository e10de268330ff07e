/// Hosts as placement sees them: numbered in the order of their names, with a value for each in
/// an array, since a fabric's slots ask for their hosts again and again.
struct PlacementFleet: Sendable {
    let specs: [HostSpec]
    /// Names of zones, in order; `zoneOfHost` counts in them.
    let zones: [ZoneName]
    let zoneOfHost: [Int]
    private let numbers: [HostName: Int]
    private let classes: [HostClassName: HostClassSpec]
    private let isBalancer: [Bool]
    /// Bytes that instances may use together; `Int64.max` where that is not known.
    private(set) var memory: [Int64] = []
    private(set) var standing: [HostStanding] = []
    /// Bytes that the slots that are placed use.
    var used: [Int64]
    /// Whether each host is admitted, by selector: processes share few of them.
    private var admitted: [HostSelector: [Bool]] = [:]

    init(_ configuration: FabricConfiguration, live: LiveModel, standing: FleetStanding) {
        specs = configuration.hosts.keys.sorted().compactMap { configuration.hosts[$0] }
        numbers = Dictionary(uniqueKeysWithValues: specs.indices.map { [specs] in (specs[$0].name, $0) })
        let zones = Set(specs.map(\.zone)).sorted()
        let zoneNumbers = Dictionary(uniqueKeysWithValues: zones.indices.map { (zones[$0], $0) })
        self.zones = zones
        zoneOfHost = specs.map { zoneNumbers[$0.zone] ?? 0 }
        classes = configuration.classes
        let selectors = configuration.balancers.values.map(\.hosts)
        let isBalancer = specs.map { spec in
            let classLabels = configuration.classLabels(of: spec)
            return selectors.contains { $0.admits(spec, classLabels: classLabels) }
        }
        self.isBalancer = isBalancer
        used = [Int64](repeating: 0, count: specs.count)
        _ = follow(standing, live: live)
    }

    /// Takes up what hosts may be used for now, and how much memory they say they have.
    /// - Returns: for each host whether it is another than before, and whether one has opened.
    mutating func follow(_ fleet: FleetStanding, live: LiveModel) -> (changed: [Bool], hasOpened: Bool) {
        let standingBefore = standing
        let memoryBefore = memory
        standing = specs.map { fleet[$0.name] }
        memory = specs.map { ($0.memory ?? live.memory(of: $0.name))?.bytes ?? .max }
        guard !standingBefore.isEmpty else { return ([], false) }
        let changed = specs.indices.map {
            standing[$0].isOpen != standingBefore[$0].isOpen || standing[$0].isLeaving != standingBefore[$0].isLeaving
                || memory[$0] != memoryBefore[$0]
        }
        return (changed, specs.indices.contains { changed[$0] && standing[$0].isOpen })
    }

    func number(of host: HostName) -> Int? { numbers[host] }
    func free(_ host: Int) -> Int64 { memory[host] - used[host] }

    /// Whether each host is of the kind that a selector asks for. Without a selector balancers are not.
    mutating func admits(_ selector: HostSelector) -> [Bool] {
        if let known = admitted[selector] { return known }
        let found =
            selector.isUnrestricted
            ? isBalancer.map { !$0 }
            : specs.map { spec in
                selector.admits(spec, classLabels: spec.hostClass.flatMap { classes[$0]?.labels } ?? [:])
            }
        admitted[selector] = found
        return found
    }
}

extension FabricConfiguration {
    /// What a host's class adds to its labels.
    package func classLabels(of host: HostSpec) -> [String: String] {
        host.hostClass.flatMap { classes[$0]?.labels } ?? [:]
    }
}

extension DesiredModel {
    /// What a host's class adds to its labels.
    package func classLabels(of host: HostSpec) -> [String: String] { configuration.classLabels(of: host) }
}
