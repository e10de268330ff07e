import ArgumentParser
import Core
import Wire

/// Stays with what an action has set in motion, and says how it ended.
struct Follower {
    private static let tickMilliseconds = 100

    private let session: Session
    private let json: Bool
    private let display: ProgressDisplay

    init(session: Session, json: Bool) {
        self.session = session
        self.json = json
        display = ProgressDisplay(session.console, json: json)
    }

    /// Follows what several actions have set in motion, one after another.
    /// - Throws: what failed first, when everything has ended.
    func follow(_ accepted: [AcceptedView], waits: Bool) async throws {
        var failure: (any Error)?
        for view in accepted {
            do {
                try await follow(view, waits: waits)
            } catch {
                // The last one is told by the program itself.
                if let problem = failure as? Problem, !json {
                    session.console.words.print([StyledText("✗ ", .red)] + ProblemText.lines(problem))
                }
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// - Throws: exit code 1 when something failed, after having said what.
    func follow(_ accepted: AcceptedView, waits: Bool) async throws {
        if json {
            session.console.data.write(try JSONText.line(FollowedLine.accepted(accepted)) + "\n")
        } else {
            session.console.words.print(StyledText(accepted.sentence))
        }
        guard waits else { return suggestToFollow(accepted) }
        var executions = accepted.executions
        var subject = accepted.app?.text
        if let build = accepted.build {
            guard let ended = try await follow(build) else { return }
            subject = "\(ended.app)\(ended.release.map { " r\($0)" } ?? "")"
            if let execution = ended.execution, !executions.contains(execution) { executions.append(execution) }
        }
        try await follow(executions, subject: subject)
    }

    /// Follows executions, one after another; their events are kept from the beginning.
    func follow(_ executions: [ExecutionID], subject: String? = nil) async throws {
        var hasFailed = false
        for id in executions {
            let progress = try await show(id)
            if progress.state == .succeeded {
                let text = "\(subject.map { "\($0): " } ?? "")\(summary(progress)) (execution \(id))"
                say(StyledText("✓ ", .green) + StyledText(text))
                sayTraffic(progress)
            } else {
                hasFailed = true
                try await explain(id, progress)
            }
        }
        if hasFailed { throw ExitCode(1) }
    }

    /// - Returns: the build when it has ended well; nil when the server no longer knows.
    private func follow(_ build: BuildID) async throws -> BuildView? {
        for try await event in session.client.buildEvents(build) {
            try await display.receive(event)
            guard let ended = event.build else { continue }
            if let problem = ended.problem { throw problem }
            let release = ended.release.map { "\(ended.app) r\($0)" } ?? ended.app.text
            let took = ended.endedAt.map { " in \(Words.duration($0 - ended.startedAt))" } ?? ""
            if ended.execution == nil {
                say(StyledText("✓ ", .green) + StyledText("\(release): nothing had to be changed"))
            } else if !json {
                session.console.words.print(StyledText("✓ ", .green) + StyledText("built \(release)\(took)"))
            }
            return ended
        }
        return nil
    }

    private func show(_ id: ExecutionID) async throws -> ExecutionProgress {
        let (session, display) = (session, display)
        let hasTimers = !json && session.console.words.isTerminal
        await display.begin()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for try await event in session.client.executionEvents(id) { try await display.receive(event, of: id) }
                return true
            }
            if hasTimers {
                group.addTask {
                    while (try? await Task.sleep(for: .milliseconds(Self.tickMilliseconds))) != nil {
                        await display.tick()
                    }
                    return false
                }
            }
            defer { group.cancelAll() }
            // The timers never end by themselves.
            while let isAtEnd = try await group.next(), !isAtEnd {}
        }
        return await display.current
    }

    /// Says why it failed, and follows the rollback that came of it.
    private func explain(_ id: ExecutionID, _ progress: ExecutionProgress) async throws {
        let failed = try await session.client.execution(id)
        let what = "\(ExecutionText.what(failed)) of \(failed.app)"
        let how = failed.state.isEnded ? (failed.state == .aborted ? "was aborted" : "failed") : "has not ended"
        let problem = failed.problem ?? progress.problem
        if !json {
            session.console.words.print(
                [StyledText("✗ The \(what) \(how).", .red)] + (problem.map(ProblemText.lines) ?? []))
        }
        sayTraffic(progress)
        if let back = try await rollback(after: failed) {
            let release = "\(failed.app) \(back.release.map { "r\($0)" } ?? "the release before")"
            if !json { session.console.words.print(StyledText("It goes back by itself to \(release).", .yellow)) }
            let after = try await show(back.id)
            say(
                after.state == .succeeded
                    ? StyledText(
                        "! The \(what) \(how); back at \(release): \(summary(after)) (execution \(back.id))", .yellow)
                    : StyledText("✗ The \(what) \(how), and going back to \(release) too (execution \(back.id))", .red))
            sayTraffic(after)
        }
        if !json { session.console.suggest("See its steps with `apus executions \(id)`.") }
    }

    /// The execution that went back because another failed. It begins in the moment that the
    /// other ends, with a higher number.
    private func rollback(after failed: ExecutionView) async throws -> ExecutionView? {
        guard failed.kind == .deploy, failed.state == .failed, let number = Int64(failed.id.text) else { return nil }
        let later = try await session.client.executions(of: failed.app, limit: 10).filter { execution in
            execution.kind == .rollback && (Int64(execution.id.text) ?? 0) > number
        }
        return later.min { (Int64($0.id.text) ?? 0) < (Int64($1.id.text) ?? 0) }
    }

    private func summary(_ progress: ExecutionProgress) -> String {
        "\(Words.count(progress.stepsDone, "step")) in \(Words.duration(progress.took))"
    }

    /// The proof: what was answered while it ran, and what failed.
    private func sayTraffic(_ progress: ExecutionProgress) {
        progress.traffic.map(TrafficText.lines)?.forEach(say)
    }

    private func say(_ line: StyledText) {
        if !json { session.console.data.print(line) }
    }

    private func suggestToFollow(_ accepted: AcceptedView) {
        guard !json else { return }
        if let execution = accepted.executions.first {
            session.console.suggest("Follow it with `apus executions \(execution) --follow`.")
        } else {
            session.console.suggest("See how it gets on with `apus executions`.")
        }
    }
}
