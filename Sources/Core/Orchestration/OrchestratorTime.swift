/// What the loop makes of a clock that jumps.
///
/// The clock may be set, the machine may have slept, or a disk may have held up the loop for a
/// minute. None of that is the silence of hosts, or a step that takes too long: time that the loop
/// did not live through counts for nobody.
extension Orchestrator {
    /// Events come at least every second or so. More between two of them is a jump.
    static let jumpMax = Interval.seconds(6)

    mutating func noticeJump(to now: Instant) {
        defer { lastSeen = now }
        let gap = now - lastSeen
        guard gap > Self.jumpMax || gap.milliseconds < 0 else { return }
        // What was warm for long enough by the later clock may not be by this one.
        if gap.milliseconds < 0 { for record in records.values { rememberWarmth(record) } }
        startedAt = startedAt + gap
        lastReturn = lastReturn + gap
        for host in hosts.keys {
            if let lastHeard = hosts[host]?.lastHeard { hosts[host]?.lastHeard = lastHeard + gap }
        }
        for app in executions.keys { executions[app]?.machine.postpone(by: gap) }
        for key in balancers.keys {
            if let sentAt = balancers[key]?.sentAt { balancers[key]?.sentAt = sentAt + gap }
        }
        for app in backoffs.keys {
            if let notBefore = backoffs[app]?.notBefore { backoffs[app]?.notBefore = notBefore + gap }
        }
    }
}
