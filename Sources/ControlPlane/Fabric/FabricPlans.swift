import ConfigRepository
package import Core
package import Wire

/// Plans that are shown, kept, and carried out when somebody approves.
extension FabricService {
    package func makePlans(_ request: PlanRequest, by principal: Principal) async throws(Problem) -> [PlanView] {
        switch request.purpose {
        case .deploy:
            guard let name = request.app else { throw Self.appMissing }
            let (app, configuration) = try await declared(name)
            try request.rollout?.applied(to: app.rollout).check()
            let release = try await maker.make(app, in: configuration, ref: request.ref, by: principal.label) { _ in }
            await orchestrator.receive { $0.receive(.releaseAdded(release), at: $1) }
            return [try await keep(name, .deploy, release: release.number, request, by: principal)]
        case .rollback:
            guard let name = request.app else { throw Self.appMissing }
            let number = if let release = request.release { release } else { try await previousRelease(of: name) }
            let release = try await releases.existing(name, number)
            await orchestrator.receive { $0.receive(.releaseAdded(release), at: $1) }
            return [try await keep(name, .rollback, release: number, request, by: principal)]
        case .reconcile:
            var views: [PlanView] = []
            for app in try await apps(concernedBy: request) {
                views.append(try await keep(app, .reconcile, release: nil, request, by: principal))
            }
            return views
        case .apply: return try await planApply(request, by: principal)
        }
    }

    package func plan(_ id: PlanID) async throws(Problem) -> PlanView {
        guard let kept = plans[id] else { throw Self.unknown(id) }
        var view = kept.view
        view.stale = await staleness(of: kept)
        return view
    }

    package func approve(_ id: PlanID, by principal: Principal) async throws(Problem) -> AcceptedView {
        guard let kept = plans[id] else { throw Self.unknown(id) }
        if let commit = kept.commit {
            guard principal.role >= .operator else {
                throw Problem(
                    "access.denied", "Applying a commit is not yours to approve.",
                    cause: "It asks for the role operator.",
                    remedy: "Ask an operator to approve plan \(id).")
            }
            return try await apply(ApplyRequest(commit: commit), by: principal)
        }
        if let stale = await staleness(of: kept) {
            throw Problem(
                "plan.stale", "The plan is stale.", cause: stale, remedy: "Make the plan again, and look at it.")
        }
        var request = kept.request
        request.requestedBy = principal.label
        request.approved = kept.plan
        let approved = request
        let execution = try await orchestrator.perform { (loop, now) throws(Problem) in
            let begun = try loop.begin(approved, at: now)
            return (begun.execution, begun.actions)
        }
        plans[id]?.view.execution = execution.map { ExecutionID(checked: "\($0)") }
        return AcceptedView(
            app: kept.view.app, executions: execution.map { [ExecutionID(checked: "\($0)")] } ?? [],
            sentence: execution == nil ? "There is nothing to do." : "Plan \(id) is being carried out.")
    }

    private func previousRelease(of app: AppName) async throws(Problem) -> Int {
        let current = await orchestrator.snapshot.desired?.releases[app]?.number
        if let served = try await history.releases(of: app).last(where: { $0 != current }) { return served }
        throw Problem(
            "rollback.nowhere", "\(app) cannot go back.", cause: "No other release of it has served.",
            remedy: "Name a release: see `apus releases \(app)`.")
    }

    private func apps(concernedBy request: PlanRequest) async throws(Problem) -> [AppName] {
        guard let configuration = await orchestrator.snapshot.desired?.configuration else { throw Self.nothingDesired }
        guard let app = request.app else { return configuration.apps.keys.sorted() }
        guard configuration.apps[app] != nil else { throw Self.unknown(app, in: configuration) }
        return [app]
    }

    private func keep(
        _ app: AppName, _ kind: Plan.Kind, release: Int?, _ request: PlanRequest, by principal: Principal
    ) async throws(Problem) -> PlanView {
        let loop = await orchestrator.snapshot
        guard let configuration = loop.desired?.configuration else { throw Self.nothingDesired }
        let wanted = Orchestrator.Request(
            app: app, kind: kind, release: release, requestedBy: principal.label,
            rollout: request.rollout ?? RolloutOverrides(),
            filter: request.filter.flatMap { Self.slotFilter($0, configuration) })
        let plan = try loop.plan(wanted, at: now())
        return keep(plan, wanted, purpose: request.purpose, commit: nil, in: configuration, loop, by: principal)
    }

    private func keep(
        _ plan: Plan, _ request: Orchestrator.Request, purpose: PlanRequest.Purpose, commit: String?,
        in configuration: FabricConfiguration, _ loop: Orchestrator, by principal: Principal
    ) -> PlanView {
        let view = PlanView(
            plan, id: PlanID(checked: nextIdentifier()), purpose: purpose,
            releaseBefore: loop.servingRelease(of: plan.app),
            commit: configuration.commit, createdAt: now(), createdBy: principal.label)
        plans[view.id] = KeptPlan(view: view, plan: plan, request: request, commit: commit)
        planOrder.append(view.id)
        if planOrder.count > Self.plansKept { plans[planOrder.removeFirst()] = nil }
        return view
    }

    /// What a commit would do, with the releases that run now; apps that ask for another release
    /// say so, since that is only made when the commit is applied.
    private func planApply(_ request: PlanRequest, by principal: Principal) async throws(Problem) -> [PlanView] {
        let head =
            if let commit = request.commit { try await source.read(commit) } else { try await source.refresh().head }
        let configuration = try head.reading.configuration(of: fabric)
        var loop = await orchestrator.snapshot
        let gone = loop.desired?.configuration.apps.keys.filter { configuration.apps[$0] == nil } ?? []
        // The copy is thrown away: what it would begin, nobody carries out.
        loop.configure(configuration)
        var views: [PlanView] = []
        for app in (configuration.apps.keys + gone).sorted() where request.app == nil || request.app == app {
            let wanted = Orchestrator.Request(app: app, kind: .reconcile, requestedBy: principal.label)
            var plan = try loop.plan(wanted, at: now())
            if let spec = configuration.apps[app],
                try await maker.wantsRelease(spec, configCommit: configuration.commit)
            {
                plan.warnings.append(
                    "\(app) asks for another release: it is built and rolled out when the commit is applied.")
            }
            if plan.isEmpty && plan.warnings.isEmpty { continue }
            views.append(
                keep(plan, wanted, purpose: .apply, commit: head.commit, in: configuration, loop, by: principal))
        }
        return views
    }

    private func staleness(of kept: KeptPlan) async -> String? {
        if kept.view.execution != nil { return "It was carried out already." }
        guard kept.commit == nil else { return nil }
        let loop = await orchestrator.snapshot
        do throws(Problem) {
            let plan = try loop.plan(kept.request, at: now())
            return plan.root == kept.plan.root ? nil : "What would be done now differs from what the plan says."
        } catch {
            return error.cause
        }
    }

    private static let appMissing = Problem(
        "plan.app-missing", "Which app is the plan for?", cause: "The request names none.", remedy: "Give `app`.")

    private static func unknown(_ id: PlanID) -> Problem {
        Problem(
            "plan.unknown", "There is no such plan.",
            cause: "\(id) was never made, or was made before the server started.",
            remedy: "Make the plan again.")
    }
}
