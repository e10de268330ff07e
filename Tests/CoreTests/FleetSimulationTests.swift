import Core
import Simulation
import Testing

/// Fleets that live through hours of deploys and faults in milliseconds.
///
/// `APUS_SEEDS=1..5000` tries others than the usual seeds; `bin/test` tries ten thousand of them in a
/// release build.
@Suite("The fleet, simulated")
struct FleetSimulationTests {
    @Test("in calm weather no change takes an instance from those who need it", arguments: Seeds.ranges(of: 24))
    func calm(seeds: Range<UInt64>) { tryAll(seeds, .calm) }

    @Test("after a storm everything comes right by itself", arguments: Seeds.ranges(of: 24))
    func storm(seeds: Range<UInt64>) { tryAll(seeds, .storm) }

    private func tryAll(_ seeds: Range<UInt64>, _ weather: Weather) {
        for seed in seeds {
            let scenario = Scenario.drawn(seed: seed, weather: weather)
            guard !scenario.run().broken.isEmpty else { continue }
            Issue.record("\(FailureReport(scenario).text(historyMax: Seeds.historyCount))")
            return
        }
    }
}
