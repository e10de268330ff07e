/// Something to measure: one piece of work, done often enough for the clock.
struct Figure {
    private static let rounds = 5

    let name: String
    let iterations: Int
    let work: () throws -> Void

    init(_ name: String, iterations: Int, work: @escaping () throws -> Void) {
        self.name = name
        self.iterations = iterations
        self.work = work
    }

    /// Microseconds that the work takes, in the median of a few rounds.
    func measure() throws -> Double {
        let clock = ContinuousClock()
        var results: [Double] = []
        for _ in 0..<Self.rounds {
            let elapsed = try clock.measure {
                for _ in 0..<iterations { try work() }
            }
            results.append(elapsed / .microseconds(1) / Double(iterations))
        }
        return results.sorted()[Self.rounds / 2]
    }
}
