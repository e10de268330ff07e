package import Core

/// Asks for a plan, which is kept and not carried out.
package struct PlanRequest: Codable, Sendable {
    package enum Purpose: String, Codable, Hashable, Sendable, CaseIterable {
        /// Build `ref` (default: what git says) and roll it out.
        case deploy
        /// Go back to `release` (default: the one before).
        case rollback
        /// Repair what differs from what should be.
        case reconcile
        /// Make `commit` (default: the head) of the configuration repository the desired one.
        case apply
    }

    package var purpose: Purpose
    /// nil: every app that is concerned (for `reconcile` and `apply`).
    package var app: AppName?
    package var ref: String?
    package var release: Int?
    package var commit: String?
    package var filter: Filter?
    /// For `deploy`: what is done otherwise than the app's rollout says.
    package var rollout: RolloutOverrides?

    package init(
        purpose: Purpose, app: AppName? = nil, ref: String? = nil, release: Int? = nil, commit: String? = nil,
        filter: Filter? = nil, rollout: RolloutOverrides? = nil
    ) {
        self.purpose = purpose
        self.app = app
        self.ref = ref
        self.release = release
        self.commit = commit
        self.filter = filter
        self.rollout = rollout
    }
}

package struct ApplyRequest: Codable, Sendable {
    /// A commit of the configuration repository; nil: the head.
    package var commit: String?

    package init(commit: String? = nil) {
        self.commit = commit
    }
}

package struct DeployRequest: Codable, Sendable {
    /// A branch, tag or commit of the app's source; nil: what git says.
    package var ref: String?
    /// Only instances that match are changed.
    package var filter: Filter?
    /// All instances at once: short for the strategy `all-at-once`.
    package var now: Bool?
    /// What is done otherwise than the app's rollout says.
    package var rollout: RolloutOverrides?

    package init(
        ref: String? = nil, filter: Filter? = nil, now: Bool? = nil, rollout: RolloutOverrides? = nil
    ) {
        self.ref = ref
        self.filter = filter
        self.now = now
        self.rollout = rollout
    }
}

package struct RollbackRequest: Codable, Sendable {
    /// nil: the release before.
    package var release: Int?

    package init(release: Int? = nil) {
        self.release = release
    }
}

package struct ScaleRequest: Codable, Sendable {
    package var process: ProcessName
    /// nil: what git says.
    package var count: Int?

    package init(process: ProcessName, count: Int? = nil) {
        self.process = process
        self.count = count
    }
}

/// What people do with a running execution.
package struct ControlRequest: Codable, Sendable {
    package enum Action: String, Codable, Hashable, Sendable, CaseIterable {
        /// Begins no further step.
        case pause
        case resume
        /// Ends what runs and begins nothing more.
        case abort
        /// The step need not be done.
        case cancelStep
        /// Begins failed steps, or the one step, again.
        case retry
    }

    package var action: Action
    package var step: Int?

    package init(action: Action, step: Int? = nil) {
        self.action = action
        self.step = step
    }
}

package struct TokenRequest: Codable, Sendable {
    package var label: String
    package var role: Role
    /// nil: every fabric.
    package var fabric: FabricName?
    /// nil: it does not expire.
    package var expiresInSeconds: Int64?

    package init(label: String, role: Role, fabric: FabricName? = nil, expiresInSeconds: Int64? = nil) {
        self.label = label
        self.role = role
        self.fabric = fabric
        self.expiresInSeconds = expiresInSeconds
    }
}

package struct JoinTokenRequest: Codable, Sendable {
    /// The only host that may use it; nil: any host that git declares.
    package var host: HostName?
    /// nil: an hour.
    package var expiresInSeconds: Int64?

    package init(host: HostName? = nil, expiresInSeconds: Int64? = nil) {
        self.host = host
        self.expiresInSeconds = expiresInSeconds
    }
}

/// Sends something to a hook, to see whether it arrives.
package struct NotificationTestRequest: Codable, Hashable, Sendable {
    /// nil: every hook.
    package var hook: HookName?

    package init(hook: HookName? = nil) { self.hook = hook }
}
