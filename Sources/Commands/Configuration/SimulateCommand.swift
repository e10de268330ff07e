import ArgumentParser
import ConfigRepository
import Core
import Simulation

struct SimulateCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Live through deploys, failures and outages with a configuration repository, in seconds.",
        discussion: """
            Needs no server and touches no host: control plane, hosts, network and time are simulated, and everything \
            that happens is drawn from a seed. It deploys, rolls back, scales and drains; releases are bad, servers \
            restart and disks fail; in a storm hosts and instances die too. It ends with 1 if a rule was broken: too \
            few instances that serve, something done twice, or a fabric that does not come right by itself.
            """)

    private static let actsPerHour = 120
    private static let pace = Interval.seconds(60)

    @OptionGroup var repository: RepositoryOptions
    @Option(help: "The fabric; not needed if there is only one.") var fabric: String?
    @Option(help: "Where chance begins.") var seed: UInt64 = 1
    @Option(help: "Many seeds, as FIRST..LAST, in place of one.") var seeds: String?
    @Option(help: "How long the fabric is worked on, in its own hours: 0.1 to 100.") var hours = 1.0
    @Option(help: "calm: nobody who asks for a page may notice. storm: hosts die too.") var faults = "calm"
    @Option(help: "Only these of the acts that the seed draws: 3,7,12.") var acts: String?
    @Flag(help: "A fabric that is drawn from the seed, in place of the repository's.") var sample = false
    @OptionGroup var output: OutputOptions

    func run(_ console: Console) async throws {
        let weather = try self.weather()
        guard (0.1...100).contains(hours) else {
            throw Self.invalid("--hours", "\(hours)", remedy: "Give 0.1 to 100.")
        }
        let configuration = sample ? nil : try await repository.read().configuration(named: fabric)
        let hours = hours
        let make: @Sendable (UInt64, Weather) -> Scenario = { seed, weather in
            guard let configuration else { return Scenario.drawn(seed: seed, weather: weather) }
            return Scenario(
                seed: seed, weather: weather, configuration: configuration,
                count: max(1, Int(hours * Double(Self.actsPerHour))), pace: Self.pace)
        }
        if let seeds { return try await sweep(try Self.range(seeds), weather, make, console) }
        var scenario = make(seed, weather)
        if let acts { scenario = scenario.keeping(try Self.numbers(acts)) }
        let outcome = scenario.run()
        let report = SimulationReport(outcome, of: scenario)
        try console.show(report, json: output.json) { report, _ in SimulationText.lines(report) }
        guard !outcome.broken.isEmpty else { return }
        if acts == nil { explain(scenario, console) }
        throw ExitCode(1)
    }

    private func sweep(
        _ seeds: ClosedRange<UInt64>, _ weather: Weather, _ make: @escaping @Sendable (UInt64, Weather) -> Scenario,
        _ console: Console
    ) async throws {
        let total = await SeedSweep(seeds: seeds, weathers: [weather], make: make).run(lanes: 2) { total in
            console.words.print(StyledText("\(total.runs) seeds, \(total.failures.count) broken", .dim))
        }
        struct Summary: Encodable {
            var seeds: Int
            var events: Int
            var executions: Int
            var broken: [UInt64: String]
        }
        let summary = Summary(
            seeds: total.runs, events: total.events, executions: total.executions,
            broken: Dictionary(total.failures.map { ($0.seed, $0.broken.first?.text ?? "") }) { first, _ in first })
        try console.show(summary, json: output.json) { summary, _ in
            total.failures.map { StyledText("seed \($0.seed): ", .bold) + StyledText($0.broken.first?.text ?? "") } + [
                StyledText(
                    "\(Words.count(summary.seeds, "seed")), \(summary.events) events, \(Words.count(summary.executions, "execution")), \(summary.broken.count) broken"
                )
            ]
        }
        guard let first = total.failures.first else { return }
        explain(make(first.seed, weather), console)
        throw ExitCode(1)
    }

    /// The fewest acts that break the rule, and how to see it again.
    private func explain(_ scenario: Scenario, _ console: Console) {
        let failure = FailureReport(scenario)
        console.words.print(StyledText("The fewest acts that do it:", .bold))
        for line in failure.acts { console.words.print(StyledText("  \(line)")) }
        let place = sample ? "--sample" : "\(repository.path)\(fabric.map { " --fabric \($0)" } ?? "") --hours \(hours)"
        console.suggest("See it again with `apus simulate \(place) \(failure.replay)`.")
    }

    private func weather() throws(Problem) -> Weather {
        guard let weather = Weather(rawValue: faults) else {
            throw Self.invalid("--faults", faults, remedy: "Write calm or storm.")
        }
        return weather
    }

    private static func range(_ text: String) throws(Problem) -> ClosedRange<UInt64> {
        let parts = text.split(separator: ".", omittingEmptySubsequences: true).map(String.init)
        guard parts.count == 2, text.contains(".."), let first = UInt64(parts[0]), let last = UInt64(parts[1]),
            first <= last, last - first < 1_000_000
        else { throw invalid("--seeds", text, remedy: "Write FIRST..LAST, at most a million seeds: 1..1000.") }
        return first...last
    }

    private static func numbers(_ text: String) throws(Problem) -> [Int] {
        let numbers = text.split(separator: ",").map { Int($0) }
        guard !numbers.isEmpty, numbers.allSatisfy({ ($0 ?? 0) > 0 }) else {
            throw invalid("--acts", text, remedy: "Write the numbers of acts: 3,7,12.")
        }
        return numbers.compactMap(\.self)
    }

    private static func invalid(_ option: String, _ text: String, remedy: String) -> Problem {
        Problem(
            "simulation.invalid", "The simulation cannot begin.", cause: "\(option) is \(quotedForMessage(text)).",
            remedy: remedy)
    }
}

enum SimulationText {
    static func lines(_ report: SimulationReport) -> [StyledText] {
        var lines = report.acts.map { act in
            StyledText(time(act.at), .dim) + StyledText("  \(act.text)")
        }
        lines.append(StyledText(""))
        lines.append(
            StyledText(
                "Seed \(report.seed), \(report.weather): \(Words.count(report.acts.count, "act")) and \(report.events) events in \(time(report.lived)) of the fabric's time."
            ))
        for (kind, count) in report.executions.sorted(by: { $0.key < $1.key }) {
            lines.append(StyledText("  \(count) × \(kind)"))
        }
        for process in report.processes {
            let gap = process.longestGap.map { ", for at most \(time($0))" } ?? ""
            let text =
                process.fewestServing >= process.wanted
                ? "never fewer than the \(process.wanted) that were wanted served"
                : "at worst \(process.fewestServing) of \(process.wanted) served\(gap)\(process.isExcused ? ", for a fault" : "")"
            lines.append(StyledText("  \(process.process): ", .cyan) + StyledText(text))
        }
        if let healing = report.healing {
            lines.append(StyledText("  All was as git says \(time(healing)) after the last fault."))
        }
        for rule in report.broken { lines.append(StyledText("✗ ", .red) + StyledText(rule)) }
        if report.broken.isEmpty { lines.append(StyledText("✓ ", .green) + StyledText("No rule was broken.")) }
        return lines
    }

    /// `1:02:03`, or `2:03`.
    private static func time(_ interval: Interval) -> String {
        let seconds = interval.milliseconds / 1000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let rest = "\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        return seconds >= 3600 ? "\(seconds / 3600):\(rest)" : rest
    }
}
