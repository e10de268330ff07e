import ControlPlane
import Core
import Hummingbird
import Logs
import Telemetry
import Wire

/// Lines of logs: searched, watched, and looked at from the line's own neighbourhood.
struct LogPages {
    private static let linesMax = 200
    private static let bucketsMax = 80

    let context: PageContext

    func register(on board: inout Switchboard) {
        let context = context
        board.on(PageRoutes.logs) { call in
            var page = LogPage(
                query: call.query["query"] ?? "", from: call.query.filled("from") ?? "-1h",
                until: call.query.filled("until"))
            do throws(Problem) {
                page.answer = try await Self.answer(
                    page, after: call.query.filled("after"), onlyLines: call.query["only"] == "lines", context)
            } catch {
                page.fault = error
            }
            return try context.page(call, "Logs", .logs) { _ in page.html }
        }
        board.on(PageRoutes.logErrors) { call in
            let app = call.query.filled("app")
            let errors = context.logs.errors(of: app).map { LogErrorView($0.group, query: $0.query) }
            return try context.page(call, "Errors", .logs) { _ in LogErrorsPage(app: app, errors: errors).html }
        }
        board.on(PageRoutes.logContext) { call in
            let position = try LogsEndpoints.position(call.query.filled("position") ?? "")
            let found = try await told { () async throws(TelemetryProblem) in
                try await context.logs.search.context(of: position, before: 50, after: 50)
            }
            return try context.page(call, "A line and those around it", .logs) { _ in LogPage.context(found) }
        }
    }

    private static func answer(
        _ page: LogPage, after: String?, onlyLines: Bool, _ context: PageContext
    ) async throws(Problem) -> LogPage.Answer {
        let question = try LogQuestion(query: page.query, from: page.from, until: page.until, now: context.now())
        let position = try after.map { text throws(Problem) in try LogsEndpoints.position(text) }
        var search = context.logs.search
        search.limits.lines = min(linesMax, question.query.limit ?? linesMax)
        let limited = search
        let found = try await told { () async throws(TelemetryProblem) in
            LogPage.Answer(
                question: question,
                found: try await limited.answer(question.query, in: question.window, after: position))
        }
        // What the script adds to the list of a page that is there.
        guard !onlyLines else { return found }
        return try await told { () async throws(TelemetryProblem) in
            var answer = found
            answer.counts = try await limited.levelCounts(
                question.filter, in: question.window, spansMax: bucketsMax)
            if case .lines = answer.found {
                answer.fields = try await limited.fields(question.filter, in: question.window, sample: 2000, top: 6)
            }
            return answer
        }.adding(try await context.metrics.events(from: question.seconds.from, until: question.seconds.until))
    }
}

extension LogQuestion {
    /// The window in seconds.
    var seconds: (from: Int64, until: Int64) { (window.from / 1_000_000_000, window.until / 1_000_000_000) }
}
