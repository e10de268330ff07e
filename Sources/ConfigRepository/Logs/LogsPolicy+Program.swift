package import Core
package import Logs
package import Telemetry

extension LogsPolicy {
    /// What the server does to lines, ready to run.
    package func program() throws(TelemetryProblem) -> LogProgram { try LogProgram(try serverPipelines()) }

    /// All that is done to a line on its way into the store, to try it out (`LogTrial`): what hosts make unreadable,
    /// then what the server does.
    package func trialPipelines() throws(TelemetryProblem) -> [LogPipeline] {
        guard !redactions.isEmpty else { return try serverPipelines() }
        let steps = redactions.map { LogStep.redact(LogRedaction($0)) }
        return [LogPipeline(name: "redact", steps: steps)] + (try serverPipelines())
    }

    /// Without any pipeline of git's the form of every line is recognised.
    private func serverPipelines() throws(TelemetryProblem) -> [LogPipeline] {
        guard !pipelines.isEmpty else { return [LogPipeline(name: "auto", steps: [.parse(.auto)])] }
        var compiled: [LogPipeline] = []
        for pipeline in pipelines { compiled.append(try LogPipeline(pipeline)) }
        return compiled
    }
}
