import ControlPlane
import Core
import Hummingbird
import Wire

/// The control plane itself: its health, the commit that waits, and who may come in.
struct ControlPages {
    let context: PageContext

    func register(on board: inout Switchboard) {
        let context = context
        let operations = context.operations
        board.on(PageRoutes.doctor) { call in
            let findings = try await operations.doctor()
            let hooks = try await operations.notifications()
            return try context.page(call, "Doctor", .doctor) { DoctorPage.body(findings, hooks, $0) }
        }
        board.on(PageRoutes.commit) { call in
            let pending = try await operations.pendingCommit()
            return try context.page(call, "Commit", .overview) { CommitPage.body(pending, $0) }
        }
        board.on(PageRoutes.apply) { call in
            let form = try await context.form(call)
            let request = ApplyRequest(commit: form.filled("commit"))
            return .watch(try await operations.apply(request, by: call.caller()), otherwise: "/")
        }
        registerTokens(on: &board)
    }

    private func registerTokens(on board: inout Switchboard) {
        let context = context
        let access = context.access
        board.on(PageRoutes.tokens) { call in
            let tokens = try await access.tokens()
            return try context.page(call, "Tokens", .tokens) { TokensPage(tokens: tokens, viewer: $0).body }
        }
        board.on(PageRoutes.createToken) { call in
            let form = try await context.form(call)
            let issued = try await access.createToken(
                Self.request(form, fabric: context.operations.fabric), by: call.caller())
            let tokens = try await access.tokens()
            // Shown in answer to the form, and nowhere after it: no address leads to the secret.
            return try context.page(call, "Tokens", .tokens) {
                TokensPage(tokens: tokens, issued: issued, viewer: $0).body
            }
        }
        board.on(PageRoutes.revokeToken) { call in
            _ = try await context.form(call)
            try await access.revokeToken(call.path["token"] ?? "", by: call.caller())
            return .redirect(to: "/tokens")
        }
    }

    /// - Throws: `form.invalid`.
    private static func request(_ form: FormFields, fabric: FabricName) throws(Problem) -> TokenRequest {
        guard let role = Role(rawValue: form["role"] ?? "") else {
            throw Problem(
                "form.invalid", "The form cannot be read.",
                cause: "\(quotedForMessage(form["role"] ?? "")) is not a role.", remedy: "Choose one of the list.")
        }
        var seconds: Int64?
        if let text = form.filled("days") {
            guard let days = Int64(text), (1...3650).contains(days) else {
                throw Problem(
                    "form.invalid", "The form cannot be read.",
                    cause: "\(quotedForMessage(text)) is not a number of days.", remedy: "Give 1 to 3650, or nothing.")
            }
            seconds = days * 86_400
        }
        return TokenRequest(label: form["label"] ?? "", role: role, fabric: fabric, expiresInSeconds: seconds)
    }
}
