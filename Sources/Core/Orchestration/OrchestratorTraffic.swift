/// What balancers count, kept with the executions.
extension Orchestrator {
    mutating func counted(
        _ host: HostName, _ balancer: BalancerName, _ servers: [ServerTraffic], isLast: Bool, at now: Instant
    ) {
        // A host speaks for the balancers that it was given, and they for the servers in their configuration.
        guard let configuration = balancers[BalancerKey(host: host, balancer: balancer)]?.configuration else { return }
        var configured: Set<InstanceID>?
        let news = traffic.count(servers, host: host, balancer: balancer, isLast: isLast) { instance in
            let known = configured ?? Set(configuration.backends.flatMap { $0.servers.map(\.instance) })
            configured = known
            return known.contains(instance)
        }
        for (app, releases) in news {
            trafficWindows[app, default: TrafficWindow()].add(releases, at: now)
            watches[app]?.add(releases, at: now)
        }
    }

    /// What was counted around an execution so far; nil when nothing is counted for it any more.
    package func traffic(of execution: Int64, at now: Instant) -> ExecutionTraffic? {
        watches.values.first { $0.execution == execution }?.figures(at: now, isFinal: false)
    }

    /// Begins to count for an execution that begins, or is tried again.
    mutating func beginWatch(of execution: Execution, at now: Instant) {
        finishWatch(of: execution.app, at: now)
        // Nothing balances an app without a route.
        guard desired?.configuration.apps[execution.app]?.routes.isEmpty == false else { return }
        let recent = trafficWindows[execution.app]?.recent(at: now) ?? [:]
        let length = min(now - startedAt, TrafficWindow.length)
        watches[execution.app] = TrafficWatch(
            execution: execution.id, app: execution.app, at: now, before: (recent, length))
        saveWatch(of: execution.app, at: now)
    }

    /// - Returns: the execution with what was counted until its end.
    mutating func endWatch(of execution: Execution, at now: Instant) -> Execution {
        guard watches[execution.app]?.execution == execution.id else { return execution }
        watches[execution.app]?.end(at: now)
        var execution = execution
        execution.traffic = watches[execution.app]?.figures(at: now, isFinal: false)
        saveWatch(of: execution.app, at: now)
        return execution
    }

    /// Tells and saves what was counted, and ends counting where its time is over.
    mutating func timePassedForWatches(at now: Instant) {
        for app in watches.keys.sorted() {
            guard let watch = watches[app] else { continue }
            if watches[app]?.takeNews() == true {
                pending.append(.announce(.trafficChanged(watch.execution, app)))
            }
            if watch.isOver(at: now) {
                finishWatch(of: app, at: now)
            } else if watch.isDue(at: now) {
                saveWatch(of: app, at: now)
            }
        }
    }

    /// Nothing more is counted: the figures are final.
    mutating func finishWatch(of app: AppName, at now: Instant) {
        guard var watch = watches.removeValue(forKey: app) else { return }
        watch.end(at: now)
        let figures = watch.figures(at: now, isFinal: true)
        if retryable[app]?.id == watch.execution { retryable[app]?.traffic = figures }
        pending.append(
            .saveTraffic(TrafficRecord(execution: watch.execution, figures: figures, checkpoint: nil)))
        pending.append(.announce(.trafficCounted(watch.execution, app)))
        let releases = Set(records.of(app).keys.map(\.instance.release))
        traffic.forget(app: app, except: releases)
    }

    private mutating func saveWatch(of app: AppName, at now: Instant) {
        watches[app]?.saved(at: now)
        guard let watch = watches[app] else { return }
        pending.append(
            .saveTraffic(
                TrafficRecord(
                    execution: watch.execution, figures: watch.figures(at: now, isFinal: false),
                    checkpoint: .init(watch: watch, positions: traffic.positions(of: app)))))
    }

    /// Goes on counting where the last run of the control plane had saved it.
    mutating func restoreWatches(_ saved: [TrafficRecord]) {
        for checkpoint in saved.sorted(by: { $0.execution < $1.execution }).compactMap(\.checkpoint) {
            var watch = checkpoint.watch
            // Its end was saved, and what was counted until then was not.
            if executions[watch.app]?.id != watch.execution { watch.end(at: watch.savedAt) }
            watches[watch.app] = watch
            traffic.restore(checkpoint.positions, of: watch.app)
        }
    }
}
