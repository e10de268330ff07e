import ControlPlane
import Core
import Hummingbird
import Wire

/// An app, its releases, and what people do with it.
struct AppPages {
    let context: PageContext

    func register(on board: inout Switchboard) {
        let context = context
        let operations = context.operations
        board.on(PageRoutes.app) { call in
            let detail = try await operations.app(try call.app())
            let errors = context.logs.errors(of: detail.app.name.text).map { LogErrorView($0.group, query: $0.query) }
            return try context.page(call, detail.app.name.text, .none) {
                "\(AppPage(detail: detail, errors: errors, viewer: $0).body)\(ChartFigure.rows(ReadyPages.app(detail.app.name)))"
            }
        }
        board.on(PageRoutes.diff) { call in
            let app = try call.app()
            let releases = try await operations.releases(of: app).map(\.number)
            let asked = (from: try call.integer("from", in: 1...Int.max), to: try call.integer("to", in: 1...Int.max))
            let to = asked.to ?? releases.first ?? 1
            let from = asked.from ?? releases.first { $0 < to } ?? to
            let diff = try await operations.releaseDiff(of: app, from: from, to: to)
            return try context.page(call, "\(app) r\(from) → r\(to)", .none) { DiffPage.body(diff, releases, $0) }
        }
        registerForms(on: &board)
    }

    private func registerForms(on board: inout Switchboard) {
        let context = context
        let operations = context.operations
        board.on(PageRoutes.deploy) { call in
            let form = try await context.form(call)
            let request = DeployRequest(ref: form.filled("ref"))
            return try .watch(
                await operations.deploy(call.app(), request, by: call.caller()), otherwise: Self.path(call))
        }
        board.on(PageRoutes.plan) { call in
            let form = try await context.form(call)
            let request = PlanRequest(purpose: .deploy, app: try call.app(), ref: form.filled("ref"))
            let plans = try await operations.makePlans(request, by: call.caller())
            let home = try Self.path(call)
            return .redirect(to: plans.first.map { "/plans/\($0.id)" } ?? home)
        }
        board.on(PageRoutes.rollback) { call in
            let form = try await context.form(call)
            let request = RollbackRequest(release: try Self.number(form, "release"))
            return try .watch(
                await operations.rollback(call.app(), request, by: call.caller()), otherwise: Self.path(call))
        }
        board.on(PageRoutes.scale) { call in
            let form = try await context.form(call)
            let request = ScaleRequest(
                process: try ProcessName(form["process"] ?? ""), count: try Self.number(form, "count"))
            return try .watch(
                await operations.scale(call.app(), request, by: call.caller()), otherwise: Self.path(call))
        }
    }

    private static func path(_ call: Call) throws(Problem) -> String { "/apps/\(try call.app())" }

    /// - Returns: nil for a field that is left empty.
    /// - Throws: `form.invalid`.
    private static func number(_ form: FormFields, _ name: String) throws(Problem) -> Int? {
        guard let text = form.filled(name) else { return nil }
        guard let number = Int(text), (0...100_000).contains(number) else {
            throw Problem(
                "form.invalid", "The form cannot be read.",
                cause: "\(quotedForMessage(text)) is not a number for \(name).",
                remedy: "Give a whole number.")
        }
        return number
    }
}
