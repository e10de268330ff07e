/// A bucket that fills with time: what may have been logged beyond its rate before lines are left out.
package struct RateLimit {
    private static let seconds = 10.0
    private let perSecond: Double
    private var level: Double
    private var last: Int64

    /// - Parameter now: nanoseconds since 1970.
    package init(now: Int64, perSecond: Int) {
        self.perSecond = Double(max(perSecond, 0))
        level = self.perSecond * Self.seconds
        last = now
    }

    package mutating func admits(now: Int64) -> Bool {
        let passed = Double(max(0, now - last)) / 1_000_000_000
        last = now
        level = min(perSecond * Self.seconds, level + passed * perSecond)
        guard level >= 1 else { return false }
        level -= 1
        return true
    }
}
