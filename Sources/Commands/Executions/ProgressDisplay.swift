import Core
import Wire

/// Shows what is followed while it runs: fed by events, and by a tick for its timers.
actor ProgressDisplay {
    private let console: Console
    private let json: Bool
    private var lines: LiveLines
    private var progress = ExecutionProgress()

    init(_ console: Console, json: Bool) {
        self.console = console
        self.json = json
        lines = LiveLines(console.words)
    }

    /// How far the execution is that was shown last.
    var current: ExecutionProgress { progress }

    func begin() { progress = ExecutionProgress() }

    func receive(_ event: ExecutionEvent, of execution: ExecutionID) throws(Problem) {
        let now = console.now()
        let staying = progress.receive(event, of: execution, at: now)
        if json {
            try write(.execution(execution, event))
        } else {
            lines.show(staying: staying, live: event.isLast ? [] : progress.live(at: now))
        }
    }

    func tick() {
        if !json { lines.show(staying: [], live: progress.live(at: console.now())) }
    }

    func receive(_ event: BuildEvent) throws(Problem) {
        if json {
            try write(.build(event))
        } else if let line = event.line {
            lines.show(staying: [StyledText("  \(line)", .dim)], live: [])
        }
    }

    private func write(_ line: FollowedLine) throws(Problem) { console.data.write(try JSONText.line(line) + "\n") }
}
