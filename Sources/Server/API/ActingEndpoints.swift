import ControlPlane
import Core
import Hummingbird
import Wire

/// Decode, call, encode: what changes something.
struct ActingEndpoints {
    let operations: any FabricOperations
    let access: any AccessOperations

    func register(on board: inout Switchboard) {
        registerPlans(on: &board)
        registerActions(on: &board)
        registerNotifications(on: &board)
        registerAccess(on: &board)
    }

    private func registerPlans(on board: inout Switchboard) {
        let operations = operations
        board.on(Routes.makePlan) { call in
            let plans = try await operations.makePlans(call.input(), by: call.caller())
            return try .json(plans, status: .created)
        }
        board.on(Routes.approvePlan) { call in
            let accepted = try await Self.approve(call.plan(), by: call.caller(), operations)
            return try .json(accepted, status: .accepted)
        }
        board.on(Routes.controlExecution) { call in
            try .json(await operations.control(call.execution(), call.input(), by: call.caller()))
        }
    }

    private func registerActions(on board: inout Switchboard) {
        let operations = operations
        board.on(Routes.apply) { call in
            try .json(await operations.apply(call.input(), by: call.caller()), status: .accepted)
        }
        board.on(Routes.deploy) { call in
            try .json(await operations.deploy(call.app(), call.input(), by: call.caller()), status: .accepted)
        }
        board.on(Routes.rollback) { call in
            try .json(await operations.rollback(call.app(), call.input(), by: call.caller()), status: .accepted)
        }
        board.on(Routes.scale) { call in
            try .json(await operations.scale(call.app(), call.input(), by: call.caller()), status: .accepted)
        }
        board.on(Routes.drain) { call in
            try .json(await operations.drain(call.host(), by: call.caller()), status: .accepted)
        }
        board.on(Routes.undrain) { call in
            try .json(await operations.undrain(call.host(), by: call.caller()), status: .accepted)
        }
    }

    private func registerNotifications(on board: inout Switchboard) {
        let operations = operations
        board.on(Routes.testNotifications) { call in
            try .json(await operations.testNotifications(call.input(), by: call.caller()))
        }
    }

    private func registerAccess(on board: inout Switchboard) {
        let access = access
        board.on(Routes.tokens) { _ in try .json(await access.tokens()) }
        board.on(Routes.createToken) { call in
            try .json(await access.createToken(call.input(), by: call.caller()), status: .created)
        }
        board.on(Routes.revokeToken) { call in
            try await access.revokeToken(call.path["token"] ?? "", by: call.caller())
            return Response(status: .noContent)
        }
        board.on(Routes.revokeHost) { call in
            try await access.revokeHost(call.host(), by: call.caller())
            return Response(status: .noContent)
        }
        board.on(Routes.createJoinToken) { call in
            try .json(await access.createJoinToken(call.input(), by: call.caller()), status: .created)
        }
    }

    /// What a plan is for decides who may let it be carried out.
    static func approve(_ id: PlanID, by principal: Principal, _ operations: any FabricOperations) async throws(Problem)
        -> AcceptedView
    {
        let plan = try await operations.plan(id)
        if plan.purpose == .apply, principal.role < .operator { throw Refusal.role(principal, needs: .operator) }
        return try await operations.approve(id, by: principal)
    }
}
