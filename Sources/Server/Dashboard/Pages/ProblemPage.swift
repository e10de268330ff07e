import Core
import HTTPTypes
import Hummingbird
import Wire

/// What a person in a browser sees when a request fails.
enum ProblemPage {
    /// - Returns: nil for a program, which gets the problem as JSON.
    @Sendable static func response(_ request: Request, _ problem: Problem) -> Response? {
        let path = request.uri.path
        guard !path.hasPrefix("/v1/"), request.headers[.accept]?.contains("text/html") == true else { return nil }
        if request.method == .get, problem.code == Refusal.missing.code {
            let target = path + (request.uri.query.map { "?\($0)" } ?? "")
            return .redirect(to: target == "/" ? "/login" : "/login?next=\(percentEncoded(target))")
        }
        let body: HTML = """
            <section class="card">
              <h1>That did not work</h1>
              \(Controls.problem(problem))
              <p><a href="/">To the overview</a></p>
            </section>
            """
        return .html(Layout.bare(title: "That did not work", body: body), status: problem.status)
    }
}
