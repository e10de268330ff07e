package import Telemetry

/// Pipelines, ready to run: names have numbers and patterns are compiled.
package struct LogProgram: Sendable {
    struct Pipeline: Sendable {
        var name: String
        var lines: RecordFilter
        var steps: [CompiledStep]
    }

    /// Names behind `ProgramNames`, by their numbers.
    let names: [String]
    let pipelines: [Pipeline]

    /// Without pipelines nothing is done to lines.
    /// - Throws: `logs.pattern`, `logs.grok` or `logs.step`, for the first step that cannot be used.
    package init(_ pipelines: [LogPipeline]) throws(TelemetryProblem) {
        var compiler = ProgramCompiler()
        var compiled: [Pipeline] = []
        for pipeline in pipelines {
            compiled.append(
                Pipeline(
                    name: pipeline.name, lines: compiler.filter(pipeline.lines),
                    steps: try compiler.steps(pipeline.steps)))
        }
        self.pipelines = compiled
        names = compiler.names
    }

    /// Names only: the steps are run by somebody else.
    init(names: [String]) {
        self.names = names
        pipelines = []
    }
}
