import ControlPlane
import Core
import Hummingbird
import Wire

/// Plans, executions and builds.
struct ExecutionPages {
    let context: PageContext

    func register(on board: inout Switchboard) {
        let context = context
        let operations = context.operations
        board.on(PageRoutes.showPlan) { call in
            let plan = try await operations.plan(try call.plan())
            return try context.page(call, "Plan \(plan.id)", .executions) { PlanPage.body(plan, $0) }
        }
        board.on(PageRoutes.approve) { call in
            _ = try await context.form(call)
            let id = try call.plan()
            return .watch(
                try await ActingEndpoints.approve(id, by: call.caller(), operations), otherwise: "/plans/\(id)")
        }
        board.on(PageRoutes.executions) { call in
            let executions = try await operations.executions(of: nil, running: false, limit: 100)
            return try context.page(call, "Executions", .executions) {
                "<h1>Executions</h1>\(ExecutionPage.table(executions, $0))"
            }
        }
        board.on(PageRoutes.execution) { call in
            let execution = try await operations.execution(try call.execution())
            return try context.page(call, "\(execution.kind.rawValue) \(execution.app)", .executions) {
                ExecutionPage(execution: execution, viewer: $0).body
            }
        }
        board.on(PageRoutes.control) { call in
            let form = try await context.form(call)
            let id = try call.execution()
            guard let action = ControlRequest.Action(rawValue: form["action"] ?? "") else {
                throw Problem(
                    "form.invalid", "The form cannot be read.", cause: "The action is not known.",
                    remedy: "Load the page again.")
            }
            let request = ControlRequest(action: action, step: form.filled("step").flatMap { Int($0) })
            _ = try await operations.control(id, request, by: call.caller())
            return .redirect(to: "/executions/\(id)")
        }
        board.on(PageRoutes.build) { call in
            let build = try await operations.build(try call.build())
            return try context.page(call, "Build of \(build.app)", .executions) { BuildPage.body(build, $0) }
        }
    }
}
