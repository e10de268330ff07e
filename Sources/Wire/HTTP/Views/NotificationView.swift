package import Core

/// A hook that is told what happens.
package struct NotificationHookView: Codable, Hashable, Sendable {
    package var name: HookName
    /// Without its path, which may be all that keeps strangers from calling it.
    package var webhook: String
    /// nil: all.
    package var events: [NotificationKind]?
    /// What it has still to be told.
    package var waiting: Int
    package var lastTakenAt: Instant?
    /// What was given up since the server's start: too old, or refused too often.
    package var gaveUp: Int
    /// Why the last attempt failed; nil after one that went well.
    package var problem: Problem?

    package init(
        name: HookName, webhook: String, events: [NotificationKind]? = nil, waiting: Int = 0,
        lastTakenAt: Instant? = nil, gaveUp: Int = 0, problem: Problem? = nil
    ) {
        self.name = name
        self.webhook = webhook
        self.events = events
        self.waiting = waiting
        self.lastTakenAt = lastTakenAt
        self.gaveUp = gaveUp
        self.problem = problem
    }
}

/// Whether a hook took what it was sent to try it.
package struct NotificationTestView: Codable, Hashable, Sendable {
    package var hook: HookName
    package var milliseconds: Int64
    /// nil: it was taken.
    package var problem: Problem?

    package init(hook: HookName, milliseconds: Int64, problem: Problem? = nil) {
        self.hook = hook
        self.milliseconds = milliseconds
        self.problem = problem
    }
}
