package import Core
package import Telemetry

extension Problem {
    /// What an engine says, part by part.
    package init(_ problem: TelemetryProblem) {
        self.init(problem.code, problem.sentence, cause: problem.cause, remedy: problem.remedy)
    }
}

/// Runs what an engine does, and gives its problems on as the product's.
package func told<Value>(_ body: () throws(TelemetryProblem) -> Value) throws(Problem) -> Value {
    do { return try body() } catch { throw Problem(error) }
}

package func told<Value>(_ body: () async throws(TelemetryProblem) -> Value) async throws(Problem) -> Value {
    do { return try await body() } catch { throw Problem(error) }
}
