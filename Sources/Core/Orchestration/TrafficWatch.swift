/// Adds up what an app's releases serve while an execution runs, and shortly after.
package struct TrafficWatch: Codable, Hashable, Sendable {
    /// How long is counted on after an execution has ended.
    static let afterMax = Interval.seconds(30)
    /// How often what was counted is saved meanwhile.
    static let saveInterval = Interval.seconds(10)

    let execution: Int64
    let app: AppName
    let startedAt: Instant
    private(set) var endedAt: Instant?
    private let before: [Int: Traffic]
    private let beforeLength: Interval
    private var during: [Int: Traffic] = [:]
    private var after: [Int: Traffic] = [:]
    private(set) var savedAt: Instant
    /// Whether something was counted that was not saved.
    private(set) var isUnsaved = false
    /// Whether something was counted that was not announced.
    private(set) var isNews = false

    init(execution: Int64, app: AppName, at now: Instant, before: (traffic: [Int: Traffic], length: Interval)) {
        self.execution = execution
        self.app = app
        self.before = before.traffic
        beforeLength = before.length
        startedAt = now
        savedAt = now
    }

    mutating func add(_ news: [Int: Traffic], at now: Instant) {
        guard !isOver(at: now) else { return }
        for (release, traffic) in news {
            if endedAt == nil {
                during[release, default: Traffic()].add(traffic)
            } else {
                after[release, default: Traffic()].add(traffic)
            }
        }
        isUnsaved = true
        isNews = true
    }

    mutating func end(at now: Instant) { endedAt = endedAt ?? now }

    func isOver(at now: Instant) -> Bool { endedAt.map { now >= $0 + Self.afterMax } ?? false }

    func isDue(at now: Instant) -> Bool { isUnsaved && now >= savedAt + Self.saveInterval }

    mutating func saved(at now: Instant) {
        savedAt = now
        isUnsaved = false
    }

    mutating func takeNews() -> Bool {
        defer { isNews = false }
        return isNews
    }

    func figures(at now: Instant, isFinal: Bool) -> ExecutionTraffic {
        let releases = Set(before.keys).union(during.keys).union(after.keys).sorted(by: >)
        let end = endedAt ?? now
        let afterLength = endedAt.map { min(now - $0, Self.afterMax) } ?? Interval(milliseconds: 0)
        return ExecutionTraffic(
            releases: releases.map {
                ExecutionTraffic.Release(
                    release: $0, before: .init(before[$0] ?? Traffic()), during: .init(during[$0] ?? Traffic()),
                    after: .init(after[$0] ?? Traffic()))
            },
            beforeMilliseconds: beforeLength.milliseconds, duringMilliseconds: max(0, (end - startedAt).milliseconds),
            afterMilliseconds: max(0, afterLength.milliseconds), isFinal: isFinal)
    }
}
