import Core
import Wire

/// What has become of an execution, as far as its events say.
///
/// Steps that have ended are lines that stay; those that run are lines that change. Times of
/// steps are the server's; how long one runs already is counted here, since the clocks of both
/// need not agree.
struct ExecutionProgress {
    private struct RunningStep {
        var title: String
        var startedAt: Instant
        var seenAt: Instant
        var output: [String] = []
    }

    private static let runningShownMax = 8
    private static let outputShownMax = 12

    private var running: [Int: RunningStep] = [:]
    private var firstEvent: Instant?
    private var lastEvent: Instant?
    private(set) var stepsDone = 0
    private(set) var state: ExecutionState?
    private(set) var problem: Problem?
    private(set) var traffic: ExecutionTraffic?

    /// By the server's clock, from its first event to its last.
    var took: Interval {
        (lastEvent ?? Instant(milliseconds: 0)) - (firstEvent ?? lastEvent ?? Instant(milliseconds: 0))
    }

    /// - Returns: lines that stay.
    mutating func receive(_ event: ExecutionEvent, of execution: ExecutionID, at now: Instant) -> [StyledText] {
        firstEvent = firstEvent ?? event.at
        lastEvent = event.at
        switch event.kind {
        case .stepStarted:
            if let step = event.step {
                running[step] = RunningStep(title: event.title ?? "step \(step)", startedAt: event.at, seenAt: now)
            }
            return []
        case .output:
            guard let step = event.step, let line = event.line else { return [] }
            running[step]?.output.append(line)
            if let count = running[step]?.output.count, count > Self.outputShownMax {
                running[step]?.output.removeFirst()
            }
            return []
        case .stepEnded: return end(event)
        case .state:
            let before = state
            state = event.state ?? state
            problem = event.problem ?? problem
            traffic = event.traffic ?? traffic
            if state == .paused {
                let why = running.values.lazy.map(\.title).first { $0.hasPrefix("wait for a person: ") }
                return [
                    StyledText("! paused\(why.map { " to \($0)" } ?? "")", .yellow),
                    "  go on with `apus resume \(execution)`, or go back with `apus abort \(execution)`",
                ]
            }
            return before == .paused && state == .running ? ["… goes on"] : []
        }
    }

    /// The steps that run now, the oldest first.
    func live(at now: Instant) -> [StyledText] {
        let steps = running.sorted { ($0.value.seenAt, $0.key) < ($1.value.seenAt, $1.key) }
        var lines = steps.prefix(Self.runningShownMax).map { _, step in
            StyledText("… ", .cyan) + StyledText(step.title)
                + StyledText("  \(Words.duration(now - step.seenAt))", .dim)
        }
        if steps.count > Self.runningShownMax {
            lines.append(StyledText("… and \(steps.count - Self.runningShownMax) more", .dim))
        }
        return lines
    }

    private func findings(_ event: ExecutionEvent) -> [StyledText] {
        (event.findings ?? []).map { StyledText("    \($0)", .dim) }
    }

    private mutating func end(_ event: ExecutionEvent) -> [StyledText] {
        guard let number = event.step else { return [] }
        let step = running.removeValue(forKey: number)
        let title = event.title ?? step?.title ?? "step \(number)"
        let took = StyledText(step.map { "  \(Words.duration(event.at - $0.startedAt))" } ?? "", .dim)
        switch event.stepState {
        case .succeeded:
            stepsDone += 1
            return [StyledText("✓ ", .green) + StyledText(title) + took] + findings(event)
        case .cancelled: return [StyledText("! ", .yellow) + StyledText("\(title): cancelled") + took]
        case .failed:
            var lines = [StyledText("✗ ", .red) + StyledText(title, .bold) + took]
            lines += findings(event)
            lines += (step?.output ?? []).map { StyledText("    \($0)", .dim) }
            if let problem = event.problem { lines += ProblemText.lines(problem).map { StyledText("  ") + $0 } }
            return lines
        // Not begun, or to be begun again: nothing happened.
        case .skipped, .waiting, .running, nil: return []
        }
    }
}
