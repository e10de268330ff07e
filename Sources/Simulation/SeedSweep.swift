/// Many seeds, on several cores at once.
package struct SeedSweep: Sendable {
    package struct Result: Sendable {
        package var seed: UInt64
        package var weather: Weather
        package var events: Int
        package var executions: Int
        package var broken: [BrokenRule]
    }

    package struct Total: Sendable {
        package var runs = 0
        package var events = 0
        package var executions = 0
        /// The fewest events of one run.
        package var eventsMin = Int.max
        package var failures: [Result] = []

        mutating func add(_ result: Result) {
            runs += 1
            events += result.events
            executions += result.executions
            eventsMin = min(eventsMin, result.events)
            if !result.broken.isEmpty { failures.append(result) }
        }
    }

    private let seeds: ClosedRange<UInt64>
    private let weathers: [Weather]
    private let make: @Sendable (UInt64, Weather) -> Scenario

    /// - Parameter make: the scenario of a seed.
    package init(
        seeds: ClosedRange<UInt64>, weathers: [Weather] = Weather.allCases,
        make: @escaping @Sendable (UInt64, Weather) -> Scenario
    ) {
        self.seeds = seeds
        self.weathers = weathers
        self.make = make
    }

    /// Seeds take turns with the weathers.
    private func run(_ seed: UInt64) -> Result {
        let weather = weathers[Int(seed % UInt64(weathers.count))]
        let outcome = make(seed, weather).run()
        return Result(
            seed: seed, weather: weather, events: outcome.exercise.fleet.occurrenceCount,
            executions: outcome.exercise.fleet.ended.count, broken: outcome.broken)
    }

    /// - Parameters:
    ///   - lanes: how many run at once.
    ///   - failuresMax: after so many failures no other seed begins.
    package func run(
        lanes: Int, failuresMax: Int = 10, progress: @escaping @Sendable (Total) -> Void = { _ in }
    ) async -> Total {
        await withTaskGroup(of: Result.self) { group in
            var next = seeds.lowerBound
            var total = Total()
            func begin() {
                guard next <= seeds.upperBound, total.failures.count < failuresMax else { return }
                let seed = next
                next += 1
                group.addTask { run(seed) }
            }
            for _ in 0..<max(1, lanes) { begin() }
            while let result = await group.next() {
                total.add(result)
                if total.runs % 500 == 0 { progress(total) }
                begin()
            }
            total.failures.sort { $0.seed < $1.seed }
            return total
        }
    }
}
