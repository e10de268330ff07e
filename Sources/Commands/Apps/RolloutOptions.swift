import ArgumentParser
import Core

/// How one deploy is rolled out, in place of what git says.
struct RolloutOptions: ParsableArguments {
    @Option(help: "rolling, all-at-once, blue-green or canary.") var strategy: String?
    @Option(help: ArgumentHelp("How many instances change at a time: 2 or 25%.", valueName: "share"))
    var batch: String?
    @Option(help: ArgumentHelp("How many instances may be missing meanwhile: 0, 2 or 25%.", valueName: "share"))
    var maxUnavailable: String?
    @Option(help: ArgumentHelp("How many more instances may run meanwhile: 0, 2 or 25%.", valueName: "share"))
    var surge: String?
    @Option(
        help: ArgumentHelp(
            "Wait for `apus resume` after: canary, first-batch, each-batch, ready or switch.", valueName: "point"))
    var pauseAfter: String?
    @Flag(help: "All instances at once: short for --strategy all-at-once.") var now = false

    func validate() throws {
        if now && strategy != nil { throw ValidationError("--now is --strategy all-at-once: give one of them.") }
        let _: RolloutPolicy.Strategy? = try choice(strategy, "--strategy")
        let _: RolloutPolicy.PausePoint? = try choice(pauseAfter, "--pause-after")
    }

    /// - Returns: nil when all is as git says.
    func overrides() throws -> RolloutOverrides? {
        let overrides = RolloutOverrides(
            strategy: now ? .allAtOnce : try choice(strategy, "--strategy"), batch: try batch.map { try Share($0) },
            unavailableMax: try maxUnavailable.map { try Allowance($0) }, surge: try surge.map { try Allowance($0) },
            pause: try choice(pauseAfter, "--pause-after"))
        return overrides.isEmpty ? nil : overrides
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ text: String?, _ option: String
    ) throws -> Choice? {
        guard let text else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(option) is one of \(known), not \(text).")
        }
        return choice
    }
}
