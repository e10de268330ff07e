package struct HookName: Name {
    package static var noun: String { "notification hook" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

/// Names a secret that the server has in a file or a variable, and that git never has.
package struct SecretName: Name {
    package static var noun: String { "secret" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

/// What a hook can be told of.
package enum NotificationKind: String, Codable, Hashable, Sendable, CaseIterable {
    case executionStarted = "execution.started"
    case executionPaused = "execution.paused"
    case executionResumed = "execution.resumed"
    case executionSucceeded = "execution.succeeded"
    case executionFailed = "execution.failed"
    case executionAborted = "execution.aborted"
    /// What was served and failed around an execution is final.
    case executionCounted = "execution.counted"
    /// Apus would have done something by itself that its own check of plans calls unsafe.
    case planRefused = "plan.refused"
    case rolledBack = "app.rolled-back"
    case hostLost = "host.lost"
    case hostBack = "host.back"
    /// Too many hosts are out of sight for the control plane to trust its sight.
    case blind = "fabric.blind"
    case sighted = "fabric.sighted"
    case balancerRefused = "balancer.refused"
    /// An app logs errors: of a kind that is new, or that goes on.
    case appErrors = "app.errors"
    /// Somebody asked for it.
    case test
}

/// Where a fabric tells what happens: a key of `notify:` in `fabrics/NAME.yaml`.
package struct NotificationHook: Codable, Hashable, Sendable {
    package var name: HookName
    package var webhook: WebhookURL
    /// What every request is signed with.
    package var secret: SecretName
    /// In their order; nil: all.
    package var events: [NotificationKind]?
    /// Whether this machine itself may be called, and without TLS.
    package var allowsLoopback: Bool

    package init(
        name: HookName, webhook: WebhookURL, secret: SecretName, events: [NotificationKind]? = nil,
        allowsLoopback: Bool = false
    ) {
        self.name = name
        self.webhook = webhook
        self.secret = secret
        self.events = events
        self.allowsLoopback = allowsLoopback
    }

    package func wants(_ kind: NotificationKind) -> Bool { kind == .test || events?.contains(kind) ?? true }

    /// Without the path, which may be all that keeps strangers from calling it.
    package var withoutPath: NotificationHook {
        var hook = self
        hook.webhook = webhook.withoutPath
        return hook
    }
}
