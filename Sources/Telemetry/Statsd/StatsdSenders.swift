/// Who sends series: the statsd itself, and agents, each with a cap of its own in the sink and here, so that
/// a flood of one host's labels costs the others nothing.
struct StatsdSenders {
    private struct Key: Hashable {
        var name: [UInt8]
        var kind: StatsdKind
    }

    let own: SourceName
    private var sources: [SourceName]
    private var places: [String: UInt32] = [:]
    /// Series that are new in this interval, and who has sent them first.
    private var newcomers: [Key: UInt32] = [:]
    private var newcomerCounts: [UInt32: Int] = [:]

    init(own: SourceName) {
        self.own = own
        sources = [own]
    }

    func source(_ sender: UInt32) -> SourceName { sources[Int(sender)] }

    /// The place of an agent, as the registry counts it.
    mutating func place(of agent: String, in registry: inout StatsdRegistry) -> UInt32 {
        if let place = places[agent] { return place }
        let place = registry.addSender()
        places[agent] = place
        sources.append(SourceName("\(own.text):\(agent)"))
        return place
    }

    /// Whether an agent may send a series: one that is there already, or not too many of its own.
    mutating func admit(
        _ name: [UInt8], _ kind: StatsdKind, of sender: UInt32, in registry: borrowing StatsdRegistry, max: Int
    ) -> Bool {
        if registry.isLive(name, kind) { return true }
        let key = Key(name: name, kind: kind)
        if newcomers[key] != nil { return true }
        guard registry.liveOfSender[Int(sender)] + newcomerCounts[sender, default: 0] < max else { return false }
        newcomers[key] = sender
        newcomerCounts[sender, default: 0] += 1
        return true
    }

    /// Who has sent a series that is new; the statsd itself, if nobody else.
    func sender(of name: UnsafeRawBufferPointer, _ kind: StatsdKind) -> UInt32 {
        newcomers.isEmpty ? 0 : newcomers[Key(name: Array(name), kind: kind)] ?? 0
    }

    mutating func endInterval() {
        newcomers.removeAll(keepingCapacity: true)
        newcomerCounts.removeAll()
    }
}
