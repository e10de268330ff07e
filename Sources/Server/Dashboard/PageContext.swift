import ControlPlane
import Core
import HTTPTypes
import Hummingbird
import Wire

/// What every page is made with.
struct PageContext: Sendable {
    let operations: any FabricOperations
    let metrics: any MetricsOperations
    let logs: any LogsOperations
    let access: any AccessOperations
    let isSecure: Bool
    let now: @Sendable () -> Instant

    /// A page for the caller.
    /// - Parameter host: the one that the page is about, if it is about one.
    func page(
        _ call: Call, _ title: String, _ section: Layout.Section, host: HostName? = nil,
        _ body: (Viewer) throws -> HTML
    ) throws -> Response {
        let viewer = Viewer(
            principal: try call.caller(), csrf: call.session?.csrf, fabric: operations.fabric, now: now())
        return .html(Layout.page(title: title, section: section, viewer: viewer, host: host, body: try body(viewer)))
    }

    /// The fields of a form that the session itself sent.
    /// - Throws: `session.form-stale`.
    func form(_ call: Call) async throws(Problem) -> FormFields {
        let form = try await call.form()
        guard let session = call.session, Gate.isGenuine(form, session) else { throw Refusal.form }
        return form
    }
}

/// Who looks at a page, and when.
struct Viewer: Sendable {
    let principal: Principal
    /// nil for a program that shows a token: it gets no forms.
    let csrf: String?
    let fabric: FabricName
    let now: Instant

    func may(_ role: Role) -> Bool { csrf != nil && principal.role >= role }
}

extension Response {
    static func html(_ html: HTML, status: HTTPResponse.Status = .ok) -> Response {
        .text(html.text, type: "text/html; charset=utf-8", status: status)
    }

    /// Where to watch what an action has begun.
    static func watch(_ accepted: AcceptedView, otherwise path: String) -> Response {
        if let build = accepted.build { return .redirect(to: "/builds/\(build)") }
        if accepted.executions.count == 1 { return .redirect(to: "/executions/\(accepted.executions[0])") }
        return .redirect(to: path)
    }
}
