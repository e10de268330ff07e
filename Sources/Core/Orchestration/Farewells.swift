/// Instances that serve no longer by what is recorded, and that a balancer may still give requests to.
///
/// Each time that an instance gives its service up has a number, and a balancer has seen it when it
/// has taken up a configuration that was made after it. Until every balancer has, whatever has become
/// of the execution that took the service away, the instance is not stopped.
struct Farewells: Sendable {
    /// Counts the instances that have given their service up.
    private(set) var count: Int64 = 0
    /// Who waits, for balancers that have not confirmed it.
    private(set) var waiting: Set<InstanceKey> = []
    private var numbers: [InstanceKey: Int64] = [:]
    /// Up to which number each balancer has seen all.
    private var confirmed: [BalancerKey: Int64] = [:]

    mutating func add(_ key: InstanceKey) {
        count += 1
        numbers[key] = count
        waiting.insert(key)
    }

    /// It serves again, or is gone.
    mutating func remove(_ key: InstanceKey) {
        guard waiting.remove(key) != nil else { return }
        numbers[key] = nil
    }

    mutating func confirm(_ number: Int64, by balancer: BalancerKey) {
        confirmed[balancer] = max(confirmed[balancer] ?? -1, number)
    }

    /// Those of which a balancer has not confirmed that it gives them nothing.
    func waiting(for balancer: BalancerKey) -> [InstanceKey] {
        let seen = confirmed[balancer] ?? -1
        return waiting.filter { (numbers[$0] ?? 0) > seen }
    }

    /// - Parameter balancers: those that may serve.
    /// - Returns: who has been seen by all of them, and waits no longer.
    mutating func settle(with balancers: some Sequence<BalancerKey>) -> [InstanceKey] {
        guard !waiting.isEmpty else { return [] }
        let seen = balancers.reduce(Int64.max) { min($0, confirmed[$1] ?? -1) }
        let settled = waiting.filter { (numbers[$0] ?? 0) <= seen }
        for key in settled { remove(key) }
        return Array(settled)
    }
}

extension Orchestrator {
    /// What is recorded has changed: whoever had requests until now may have them for a moment more.
    mutating func noteFarewell(_ key: InstanceKey, before: InstanceRecord?, after: InstanceRecord?) {
        switch after?.duty {
        case .serving, .starting, nil: farewells.remove(key)
        case .warm, .leaving:
            // What is not known, and runs, may have served for another server.
            guard before == nil || before?.duty == .serving, after?.port ?? live(key)?.port != nil else { return }
            farewells.add(key)
            balancersAreStale = true
        }
    }

    /// After a start nobody has confirmed anything.
    mutating func rememberFarewells() {
        for record in records.values { noteFarewell(InstanceKey(record), before: nil, after: record) }
        settleFarewells()
    }

    /// Whom no balancer serves any longer may be removed: their apps are looked at.
    mutating func settleFarewells() {
        let serving = declaredBalancers.lazy.map(\.key).filter { [hosts] in
            switch hosts[$0.host]?.contact {
            case .connected, .silent: true
            case .lost, .expected, nil: false
            }
        }
        let settled = farewells.settle(with: serving)
        if !settled.isEmpty { lookAt(Set(settled.map(\.instance.app))) }
    }
}
