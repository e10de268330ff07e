/// A time in which a release is watched, and what it is compared with.
package struct HoldSpec: Codable, Hashable, Sendable {
    /// The release that serves beside the one that is watched, and how much better it may be.
    package struct Comparison: Codable, Hashable, Sendable {
        package var release: Int
        package var policy: JudgementPolicy

        package init(release: Int, policy: JudgementPolicy) {
            self.release = release
            self.policy = policy
        }
    }

    package var app: AppName
    package var release: Int
    package var time: Interval
    /// Nil: nothing but the health of its instances is watched.
    package var comparison: Comparison?

    package init(app: AppName, release: Int, time: Interval, comparison: Comparison? = nil) {
        self.app = app
        self.release = release
        self.time = time
        self.comparison = comparison
    }
}
