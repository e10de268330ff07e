/// What was seen while a release was watched.
package struct HoldProgress: Codable, Hashable, Sendable {
    /// What balancers had counted when it began, by release.
    package var before: [Int: Traffic]
    package var judgement: Judgement?

    package init(before: [Int: Traffic], judgement: Judgement? = nil) {
        self.before = before
        self.judgement = judgement
    }
}
