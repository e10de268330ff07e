import Core
import Wire

/// A deploy that has to succeed before another app's begins.
struct AwaitedDeploy: Sendable {
    var app: AppName
    var build: BuildID?
    /// The execution that ran when the other deploy was asked for.
    var execution: Int64?
}

/// Apps whose deploys wait for those of others: `after` in their configuration.
extension FabricService {
    /// What is under way now of the apps that come before.
    func awaitedDeploys(before app: AppName, in configuration: FabricConfiguration) async -> [AwaitedDeploy] {
        let loop = await orchestrator.snapshot
        return AppOrder(configuration).ancestors(of: app).sorted().compactMap { parent in
            if let build = builds.running(parent) { return AwaitedDeploy(app: parent, build: build.id) }
            guard let running = loop.executions[parent], running.kind == .deploy else { return nil }
            return AwaitedDeploy(app: parent, execution: running.id)
        }
    }

    /// Returns when all of them have succeeded.
    /// - Throws: `deploy.parent-failed` when one has not.
    func whenDone(_ awaited: [AwaitedDeploy], before job: DeployJob) async throws(Problem) {
        for deploy in awaited {
            builds.output("Waits for the deploy of \(deploy.app).", of: job.build)
            var execution = deploy.execution
            if let build = deploy.build {
                while builds.view(build)?.state == .running { try await pause() }
                let view = builds.view(build)
                if let problem = view?.problem { throw Self.parentFailed(deploy.app, before: job.app.name, problem) }
                execution = view?.execution.flatMap { Int64($0.text) }
            }
            guard let execution else { continue }
            while await orchestrator.snapshot.executions[deploy.app]?.id == execution { try await pause() }
            // What has ended in memory may not be on the disk yet.
            var ended = try await orchestrator.store.execution(execution)
            while ended?.state.isEnded == false {
                try await pause()
                ended = try await orchestrator.store.execution(execution)
            }
            guard ended?.state == .succeeded else {
                throw Self.parentFailed(deploy.app, before: job.app.name, ended?.machine.problem)
            }
        }
    }

    private func pause() async throws(Problem) {
        do {
            try await Task.sleep(for: .milliseconds(100))
        } catch {
            throw Problem(
                "deploy.interrupted", "The deploy was not begun.", cause: "The server ends.",
                remedy: "Deploy again when it is back.")
        }
    }

    private static func parentFailed(_ parent: AppName, before app: AppName, _ problem: Problem?) -> Problem {
        let cause = problem.map { " \($0.sentence) \($0.cause)" } ?? ""
        return Problem(
            "deploy.parent-failed", "\(app) was not deployed.",
            cause: "It comes after \(parent), whose deploy did not succeed.\(cause)",
            remedy: "Mend \(parent), and deploy both: apus deploy \(parent) \(app).")
    }
}
