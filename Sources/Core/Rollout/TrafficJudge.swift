/// Compares what balancers counted for two releases that served side by side.
///
/// A difference counts when it is larger than the policy allows *and* too large to be chance: a
/// few requests cannot condemn a release, and many cannot hide a small fault that is real. Both
/// tests are one-sided, and wrong about a release that is as good as the other once in a hundred.
package struct TrafficJudge: Sendable {
    /// The normal quantile of 99%: what one judgement at the end rests on.
    private static let certainty = 2.326
    /// While the time still runs, the release is judged again and again, so that each single look
    /// must be much surer: of 1,000 looks at a good release 1 in 31 condemns it.
    private static let certaintyBefore = 4.0
    /// A handful of requests that fail may have one cause that is not the release's.
    private static let failedMin: Int64 = 5
    /// Differences in latency below this are the machine's, in microseconds.
    private static let slowdownFloor: Int64 = 5000
    private static let quantile = 0.9

    private let policy: JudgementPolicy
    private let new: Traffic
    private let old: Traffic

    /// - Parameters:
    ///   - new: what the release was asked since it is watched.
    ///   - old: what the release beside it was asked in that time.
    package init(policy: JudgementPolicy, new: Traffic, old: Traffic) {
        self.policy = policy
        self.new = new
        self.old = old
    }

    package func verdicts() -> [Judgement.Verdict] { [errors(), latency()] }

    /// Whether more requests fail than could be chance, as sure as one of many looks must be.
    package var failsAlready: Bool { isWorse(certainty: Self.certaintyBefore) }

    private func errors() -> Judgement.Verdict {
        let figures =
            "\(new.failed) of \(new.requests) requests failed (\(Self.text(rate(new)))), "
            + "of the release before \(old.failed) of \(old.requests) (\(Self.text(rate(old))))"
        if isWorse(certainty: Self.certainty) {
            return Judgement.Verdict(.errors, .failed, "\(figures); \(policy.errorsMax) more may")
        }
        guard new.requests >= Int64(policy.requestsMin) else {
            return Judgement.Verdict(.errors, .undecided, "\(figures); \(policy.requestsMin) are needed to judge")
        }
        return Judgement.Verdict(.errors, .passed, figures)
    }

    private func rate(_ traffic: Traffic) -> Double {
        traffic.requests > 0 ? Double(traffic.failed) / Double(traffic.requests) : 0
    }

    /// The excess is more than is allowed, and the lower bound of the difference of the two shares
    /// is above zero. The bound is Newcombe's (Statistics in Medicine 17, 1998, method 10), made
    /// of Wilson's bounds of each share: right for few requests and for shares near 0 and 1.
    private func isWorse(certainty: Double) -> Bool {
        guard new.failed >= Self.failedMin else { return false }
        let excess = rate(new) - rate(old)
        guard excess > Double(policy.errorsMax.hundredths) / Double(Percent.whole) else { return false }
        let below = rate(new) - Self.wilson(new.failed, of: new.requests, certainty).lower
        let above = Self.wilson(old.failed, of: old.requests, certainty).upper - rate(old)
        return excess - (below * below + above * above).squareRoot() > 0
    }

    /// The score interval of a share: Wilson, Journal of the American Statistical Association 22, 1927.
    static func wilson(_ count: Int64, of total: Int64, _ certainty: Double) -> (lower: Double, upper: Double) {
        guard total > 0 else { return (0, 1) }
        let n = Double(total)
        let share = Double(count) / n
        let square = certainty * certainty
        let middle = (share + square / (2 * n)) / (1 + square / n)
        let half = certainty * (share * (1 - share) / n + square / (4 * n * n)).squareRoot() / (1 + square / n)
        return (max(0, middle - half), min(1, middle + half))
    }

    /// The 90th percentiles are too far apart, and so are the bounds that their ranks leave: the
    /// rank of a percentile among n is binomial, whatever the times are distributed like.
    private func latency() -> Judgement.Verdict {
        guard let newTime = new.latency.quantile(Self.quantile), let oldTime = old.latency.quantile(Self.quantile),
            min(new.latency.count, old.latency.count) >= Int64(policy.requestsMin)
        else {
            let fewer = min(new.latency.count, old.latency.count)
            return Judgement.Verdict(
                .latency, .undecided, "times of \(fewer) requests are known; \(policy.requestsMin) are needed to judge")
        }
        let figures = "90% took at most \(Self.text(newTime)), of the release before \(Self.text(oldTime))"
        let allowed = Double(oldTime) * (1 + Double(policy.slowdownMax.hundredths) / Double(Percent.whole))
        let lowest = bound(new.latency, -1)
        let highest = bound(old.latency, 1)
        let isSlower = Double(newTime) > allowed && newTime - oldTime > Self.slowdownFloor && lowest > highest
        return isSlower
            ? Judgement.Verdict(.latency, .failed, "\(figures); \(policy.slowdownMax) more is allowed")
            : Judgement.Verdict(.latency, .passed, figures)
    }

    private func bound(_ latency: Latency, _ side: Double) -> Int64 {
        let deviation = (Self.quantile * (1 - Self.quantile) / Double(max(1, latency.count))).squareRoot()
        return latency.quantile(Self.quantile + side * Self.certainty * deviation) ?? 0
    }

    private static func text(_ share: Double) -> String {
        Percent(hundredths: Int((share * Double(Percent.whole)).rounded())).description
    }

    /// Microseconds, for people: `840 µs`, `12.3 ms`, `1.25 s`.
    private static func text(_ microseconds: Int64) -> String {
        if microseconds < 1000 { return "\(microseconds) µs" }
        let isLong = microseconds >= 1_000_000
        let tenths = microseconds / (isLong ? 100_000 : 100)
        return "\(tenths / 10).\(tenths % 10) \(isLong ? "s" : "ms")"
    }
}
