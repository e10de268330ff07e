import Core
import Simulation

#if canImport(Glibc)
    import Glibc
#endif

/// `simulate FIRST..LAST [calm|storm] [LANES [FAILURES]]`: seeds of the simulated fabric, one after another on
/// every core, and the shortest way to repeat what breaks. Ends with 1 if a rule was broken.
let arguments = CommandLine.arguments.dropFirst()
let bounds = (arguments.first ?? "1..1000").split(separator: ".").compactMap { UInt64($0) }
let weathers = arguments.compactMap(Weather.init(rawValue:))
let lanes = arguments.dropFirst().compactMap { Int($0) }.first ?? 2
guard let first = bounds.first, let last = bounds.last, first <= last else {
    print("usage: simulate FIRST..LAST [calm|storm] [LANES]")
    exit(2)
}

let began = ContinuousClock.now
let sweep = SeedSweep(seeds: first...last, weathers: weathers.isEmpty ? Weather.allCases : weathers) {
    Scenario.drawn(seed: $0, weather: $1)
}
let total = await sweep.run(
    lanes: lanes, failuresMax: Int(arguments.dropFirst().compactMap { Int($0) }.dropFirst().first ?? 10)
) { total in
    print(
        "\(total.runs) seeds, \(total.events) events, \(total.failures.count) failures, \(ContinuousClock.now - began)")
}
for failure in total.failures.prefix(3) {
    print(FailureReport(Scenario.drawn(seed: failure.seed, weather: failure.weather)).text(historyMax: 60))
}
for failure in total.failures { print("seed \(failure.seed), \(failure.weather): \(failure.broken.first?.text ?? "")") }
print(
    "\(total.runs) seeds, \(total.events) events (at least \(total.eventsMin) each), \(total.executions) executions, \(total.failures.count) failures, \(ContinuousClock.now - began)"
)
exit(total.failures.isEmpty ? 0 : 1)
