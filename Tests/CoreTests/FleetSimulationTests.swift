import Core
import TestSupport
import Testing

/// Fleets that live through hours of deploys and faults in milliseconds.
///
/// `APUS_SEEDS=1..5000` tries others than the usual seeds.
@Suite("The fleet, simulated")
struct FleetSimulationTests {
    private static let acts = 30

    @Test("in calm weather no change takes an instance from those who need it", arguments: Seeds.ranges(of: 40))
    func calm(seeds: Range<UInt64>) { tryAll(seeds, .calm) }

    @Test("after a storm everything comes right by itself", arguments: Seeds.ranges(of: 40))
    func storm(seeds: Range<UInt64>) { tryAll(seeds, .storm) }

    private func tryAll(_ seeds: Range<UInt64>, _ weather: FleetExercise.Weather) {
        for seed in seeds {
            var exercise = FleetExercise(seed: seed, weather: weather)
            let broken = exercise.run(acts: Self.acts)
            guard !broken.isEmpty else { continue }
            let last = exercise.fleet.history.suffix(Seeds.historyCount).joined(separator: "\n")
            Issue.record("seed \(seed), \(weather): \(broken.prefix(5).joined(separator: "\n"))\n\(last)")
            return
        }
    }
}
