package import Core
package import Wire

/// Who is told what happens.
extension FabricService {
    package func notifications() async throws(Problem) -> [NotificationHookView] { await notifier?.views() ?? [] }

    package func testNotifications(
        _ request: NotificationTestRequest, by principal: Principal
    ) async throws(Problem) -> [NotificationTestView] {
        guard let notifier else { return [] }
        let action = AuditAction(
            who: principal.label, role: principal.role.rawValue, what: "notify.test",
            subject: request.hook.map { "hook/\($0)" } ?? "hooks")
        return try await audit.recording(action) { () throws(Problem) in
            try await notifier.test(request.hook, by: principal.label)
        }
    }
}
