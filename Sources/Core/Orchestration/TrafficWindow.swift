/// What an app's releases have served in the last minute.
struct TrafficWindow: Sendable {
    static let length = Interval.seconds(60)
    private static let slot = Interval.seconds(5)

    /// What was added within a few seconds from that time on; the oldest first.
    private var slots: [(start: Instant, traffic: [Int: Traffic])] = []

    mutating func add(_ news: [Int: Traffic], at now: Instant) {
        if slots.last.map({ now >= $0.start + Self.slot || now < $0.start }) ?? true {
            // A clock that was set back leaves what seems to be of the future.
            slots.removeAll { $0.start + Self.length < now || $0.start > now }
            slots.append((now, [:]))
        }
        for (release, traffic) in news {
            slots[slots.count - 1].traffic[release, default: Traffic()].add(traffic)
        }
    }

    func recent(at now: Instant) -> [Int: Traffic] {
        var recent: [Int: Traffic] = [:]
        for slot in slots where slot.start + Self.length >= now && slot.start <= now {
            for (release, traffic) in slot.traffic { recent[release, default: Traffic()].add(traffic) }
        }
        return recent
    }
}
