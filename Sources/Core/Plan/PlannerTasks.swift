/// Processes that run to their end once for each release, before everything else of it.
extension Planner {
    /// The longest that a step may take: how long a migration takes is for people to judge.
    private static let taskTimeout = Interval.minutes(12 * 60)

    struct OneOff {
        var target: InstanceKey
        var process: ProcessSpec
    }

    func isTask(_ id: InstanceID) -> Bool {
        (release?.processes[id.process] ?? desired.configuration.apps[app]?.processes[id.process])?.replacement == .once
    }

    /// What has to run before the release serves: nothing, if it serves or is warm somewhere, since it
    /// came through its tasks then; and nothing where a release comes back.
    func tasks() -> [OneOff] {
        guard let release, !isHeld, !slots.isEmpty, options.kind == .deploy || options.kind == .reconcile else {
            return []
        }
        let hasServed = records.values.contains { record in
            guard record.id.release == release.number else { return false }
            switch record.duty {
            case .serving, .warm: return true
            case .starting, .leaving: return false
            }
        }
        guard !hasServed else { return [] }
        return release.processes.values.sorted { $0.name < $1.name }.compactMap { process in
            let count = desired.configuration.apps[app]?.processes[process.name]?.instances ?? 0
            guard process.replacement == .once, count > 0, let host = taskHost(process) else { return nil }
            let id = InstanceID(app: app, process: process.name, slot: 1, release: release.number)
            return OneOff(target: InstanceKey(host: host, instance: id), process: process)
        }
    }

    /// A host that the app uses anyhow, if it may be one of them; else any that is open.
    private func taskHost(_ process: ProcessSpec) -> HostName? {
        let used = Set(slots.map(\.target.host)).sorted()
        let others = desired.configuration.hosts.keys.filter { standing[$0].isOpen }.sorted()
        return (used + others).first { name in
            guard isInContact(name), let host = desired.configuration.hosts[name] else { return false }
            return process.placement.isUnrestricted
                || process.placement.admits(host, classLabels: desired.classLabels(of: host))
        }
    }

    /// Each runs to its end, one after another, and leaves nothing behind.
    func running(_ tasks: [OneOff], into builder: inout PlanBuilder) -> PlanNode? {
        let nodes = tasks.compactMap { task -> PlanNode? in
            let reason = "it runs once, before \(release?.label ?? app.text) serves"
            builder.note(.add, task.target.instance.description, on: task.target.host, reason: reason)
            var nodes = [LifecyclePhase.install, .configure, .start].map {
                step($0, of: task.target, reason: reason, into: &builder)
            }
            nodes.append(
                builder.step(
                    .awaitReady(task.target.host, task.target.instance), reason: "it must end with 0",
                    timeout: Self.taskTimeout))
            nodes += [LifecyclePhase.stop, .unconfigure, .uninstall].map {
                step($0, of: task.target, reason: "it has done its work", into: &builder)
            }
            return .inOrder("run \(task.target)", nodes)
        }
        return .inOrder("run once", nodes)
    }
}
