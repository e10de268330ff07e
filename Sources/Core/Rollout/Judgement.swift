/// What was found about a release that was watched, by each who was asked.
package struct Judgement: Codable, Hashable, Sendable {
    package struct Verdict: Codable, Hashable, Sendable {
        package enum Judge: String, Codable, Hashable, Sendable, CaseIterable {
            case health
            case errors
            case latency
        }

        package enum Outcome: String, Codable, Hashable, Sendable, CaseIterable {
            case passed
            case failed
            /// There was too little to judge by.
            case undecided
        }

        package var judge: Judge
        package var outcome: Outcome
        /// With the figures that it rests on.
        package var finding: String

        package init(_ judge: Judge, _ outcome: Outcome, _ finding: String) {
            self.judge = judge
            self.outcome = outcome
            self.finding = finding
        }
    }

    package var verdicts: [Verdict]

    package init(verdicts: [Verdict]) { self.verdicts = verdicts }

    /// The first verdict against the release.
    package var objection: Verdict? { verdicts.first { $0.outcome == .failed } }

    /// A line for each verdict.
    package var lines: [String] {
        verdicts.map { verdict in
            let word = verdict.outcome == .undecided ? "not judged" : verdict.outcome.rawValue
            return "\(verdict.judge.rawValue) \(word): \(verdict.finding)"
        }
    }
}
