import Core

/// A run that broke a rule, made as short as possible, for those who mend it.
package struct FailureReport: Sendable {
    package let seed: UInt64
    package let weather: Weather
    package let shrunk: Scenario
    package let broken: [BrokenRule]
    private let exercise: FleetExercise

    /// - Parameter scenario: one that breaks a rule; it is run again, many times.
    package init(_ scenario: Scenario) {
        seed = scenario.seed
        weather = scenario.weather
        shrunk = scenario.shrunk()
        let outcome = shrunk.run(remembering: true)
        broken = outcome.broken
        exercise = outcome.exercise
    }

    /// What repeats it: options of `apus simulate`.
    package var replay: String {
        "--seed \(seed) --faults \(weather.rawValue) --acts \(shrunk.numbers.map(String.init).joined(separator: ","))"
    }

    /// What it takes, with the time since the start.
    package var acts: [String] {
        exercise.done.map { "\(Double($0.at.milliseconds / 100) / 10) s: \($0.text)" }
    }

    /// - Parameter historyMax: how many of the last things that happened are shown.
    package func text(historyMax: Int) -> String {
        let acts = acts.map { "  \($0)" }
        let history = exercise.fleet.history.suffix(historyMax).map { "  \($0)" }
        return """
            seed \(seed), \(weather.rawValue):
            \(broken.prefix(5).map { "  \($0)" }.joined(separator: "\n"))
            what it takes:
            \(acts.joined(separator: "\n"))
            the last that happened:
            \(history.joined(separator: "\n"))
            again: apus simulate --sample \(replay)
            """
    }
}
