/// How a release is tried on a few before it is given to all.
package struct CanaryPolicy: Codable, Hashable, Sendable {
    /// How many instances of each process that is reached by requests; rounded up.
    package var instances: Share
    /// The share of the requests that they get together.
    package var traffic: Percent
    package var hold: Interval
    package var judgement: JudgementPolicy

    package init(
        instances: Share = .percent(10), traffic: Percent = Percent(hundredths: 1000), hold: Interval = .minutes(5),
        judgement: JudgementPolicy = JudgementPolicy()
    ) {
        self.instances = instances
        self.traffic = traffic
        self.hold = hold
        self.judgement = judgement
    }
}

extension CanaryPolicy {
    /// What weight each canary needs against the weight of the others, both from 1 to 256, so
    /// that canaries together get `traffic` of the requests: with n servers of weight w and m of
    /// weight v the n get nw ∕ (nw + mv).
    ///
    /// The others keep the usual weight as long as the canaries' weight has room for it.
    package func weights(canaries: Int, others: Int) -> (canary: Int, other: Int) {
        let usual = BalancerConfiguration.Server.weightUsual
        let largest = 256
        guard canaries > 0, others > 0, traffic.hundredths < Percent.whole else { return (usual, usual) }
        let share = Double(traffic.hundredths) / Double(Percent.whole)
        let ratio = share * Double(others) / ((1 - share) * Double(canaries))
        let canary = (ratio * Double(usual)).rounded()
        if (1...Double(largest)).contains(canary) { return (Int(canary), usual) }
        if ratio < 1 { return (max(1, Int((ratio * Double(largest)).rounded())), largest) }
        return (largest, max(1, Int((Double(largest) / ratio).rounded())))
    }
}

/// What a release may do worse than the one that it is compared with.
package struct JudgementPolicy: Codable, Hashable, Sendable {
    /// By how much more of its requests may fail, in points of a percentage.
    package var errorsMax: Percent
    /// How much longer than before nine of ten requests may take.
    package var slowdownMax: Percent
    /// With fewer requests than this nothing is said about latency, nor that errors are as before.
    package var requestsMin: Int

    package init(
        errorsMax: Percent = Percent(hundredths: 100), slowdownMax: Percent = Percent(hundredths: 5000),
        requestsMin: Int = 100
    ) {
        self.errorsMax = errorsMax
        self.slowdownMax = slowdownMax
        self.requestsMin = requestsMin
    }
}
