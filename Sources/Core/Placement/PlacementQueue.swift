import HeapModule

/// The hosts that one process may go to, by zone.
struct PlacementQueue {
    /// A host in a queue: the least one is taken first.
    struct Candidate: Comparable {
        var instances: Int
        /// Part of its memory that is used.
        var used: Double
        /// Numbers are in the order of names.
        var host: Int

        static func < (left: Candidate, right: Candidate) -> Bool {
            (left.instances, left.used, left.host) < (right.instances, right.used, right.host)
        }
    }

    struct Choice {
        var host: Int
        var zone: Int
        /// Instances of the process that were in the zone, and on the host.
        var inZone: Int
        var onHost: Int
    }

    private var zones: [Heap<Candidate>]
    private var inZone: [Int]
    private let memory: Int64

    /// - Parameters:
    ///   - counts: how many instances of the process each host has already.
    ///   - memory: bytes that an instance needs.
    init(fleet: PlacementFleet, admitted: [Bool], counts: [Int], memory: Int64) {
        self.memory = memory
        inZone = [Int](repeating: 0, count: fleet.zones.count)
        var candidates = [[Candidate]](repeating: [], count: fleet.zones.count)
        for host in counts.indices {
            inZone[fleet.zoneOfHost[host]] += counts[host]
            guard admitted[host], fleet.standing[host].isOpen else { continue }
            candidates[fleet.zoneOfHost[host]].append(
                Self.candidate(host, instances: counts[host], in: fleet))
        }
        zones = candidates.map { Heap($0) }
    }

    /// Takes the memory of one instance where it is best placed.
    mutating func take(from fleet: inout PlacementFleet) -> Choice? {
        while let zone = emptiestZone() {
            // A host that lacks the memory now lacks it for the rest of this process too: used
            // memory only grows, so it leaves the queue.
            while let best = zones[zone].popMin() {
                guard fleet.free(best.host) >= memory else { continue }
                let choice = Choice(host: best.host, zone: zone, inZone: inZone[zone], onHost: best.instances)
                fleet.used[best.host] += memory
                inZone[zone] += 1
                zones[zone].insert(Self.candidate(best.host, instances: best.instances + 1, in: fleet))
                return choice
            }
        }
        return nil
    }

    /// Of zones with hosts left, the first of those with the fewest instances.
    private func emptiestZone() -> Int? {
        zones.indices.filter { !zones[$0].isEmpty }.min { (inZone[$0], $0) < (inZone[$1], $1) }
    }

    private static func candidate(_ host: Int, instances: Int, in fleet: PlacementFleet) -> Candidate {
        let total = fleet.memory[host]
        return Candidate(
            instances: instances, used: total == .max || total == 0 ? 0 : Double(fleet.used[host]) / Double(total),
            host: host)
    }
}
