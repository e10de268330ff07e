package import Core

/// What a run showed, for people and machines.
package struct SimulationReport: Codable, Sendable {
    package struct Process: Codable, Sendable {
        package var process: String
        /// The fewest that served at once, of how many that were wanted then.
        package var fewestServing: Int
        package var wanted: Int
        /// Whether a fault that was injected had taken some.
        package var isExcused: Bool
        /// The longest time for which some were missing.
        package var longestGap: Interval?
    }

    package struct Happening: Codable, Sendable {
        package var at: Interval
        package var text: String
    }

    package var seed: UInt64
    package var weather: String
    /// What was done to the fabric, in order.
    package var acts: [Happening]
    package var events: Int
    /// How long the fabric lived, by its own clock.
    package var lived: Interval
    /// Executions by what they were and how they ended: `deploy succeeded`.
    package var executions: [String: Int]
    package var processes: [Process]
    /// From the end of all faults until everything was as git says.
    package var healing: Interval?
    package var broken: [String]

    package init(_ outcome: Scenario.Outcome, of scenario: Scenario) {
        let fleet = outcome.exercise.fleet
        seed = scenario.seed
        weather = scenario.weather.rawValue
        acts = outcome.exercise.done.map { Happening(at: $0.at, text: $0.text) }
        events = fleet.occurrenceCount
        lived = outcome.exercise.lived
        executions = [:]
        for execution in fleet.ended {
            executions["\(execution.kind.rawValue) \(execution.state.rawValue)", default: 0] += 1
        }
        processes = fleet.guardian.watched.map { process in
            let low = fleet.guardian.lows[process]
            return Process(
                process: process.description, fewestServing: low?.serving ?? fleet.guardian.wanted[process] ?? 0,
                wanted: low?.wanted ?? fleet.guardian.wanted[process] ?? 0, isExcused: low?.isExcused ?? false,
                longestGap: fleet.guardian.longestGap[process])
        }
        healing = outcome.exercise.healing
        broken = outcome.broken.map(\.text)
    }
}
