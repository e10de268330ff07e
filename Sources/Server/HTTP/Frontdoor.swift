import Core
import HTTPTypes
import Hummingbird
import Logging
import Wire

/// Around every request: gives it a number, turns problems into answers, counts, and adds the
/// headers that browsers need to be careful.
struct Frontdoor: RouterMiddleware {
    typealias Context = BasicRequestContext

    let counters: ServerCounters
    let isSecure: Bool
    /// Shows a problem to people in a browser.
    let page: @Sendable (Request, Problem) -> Response?

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let id = String(UInt64.random(in: .min ... .max), radix: 36)
        var response: Response
        do {
            response = try await next(request, context)
        } catch let problem as Problem {
            response = answer(request, problem)
        } catch let error as HTTPError where error.status == .notFound {
            response = answer(
                request,
                Problem(
                    "route.unknown", "There is nothing at this address.",
                    cause: "\(request.method.rawValue) \(quotedForMessage(request.uri.path)) is not known.",
                    remedy: "GET /openapi.json lists what there is."))
        } catch let error as any HTTPResponseError {
            response = answer(
                request,
                Problem(
                    "request.invalid", "The request cannot be read.", cause: "HTTP status \(error.status.code).",
                    remedy: "Send a request as /openapi.json describes it."))
        } catch {
            context.logger.error("A request failed.", metadata: ["request": .string(id), "error": .string("\(error)")])
            response = answer(
                request,
                Problem(
                    "server.internal", "The server failed to answer.", cause: "An error that it did not expect.",
                    remedy: "Look for request \(id) in the server's log, and report it."))
        }
        counters.count(request.method, status: response.status.code)
        response.headers[.requestID] = id
        SecurityHeaders.add(to: &response.headers, isSecure: isSecure)
        return response
    }

    private func answer(_ request: Request, _ problem: Problem) -> Response {
        page(request, problem) ?? .problem(problem)
    }
}
