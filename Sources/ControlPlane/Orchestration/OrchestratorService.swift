package import Core
package import Logging
import ServiceLifecycle
import Synchronization
import Wire

/// Owns the loop: gives it events, one at a time, and carries out its actions in their order.
/// What is to be saved is on the disk before anything that depends on it is sent.
package actor OrchestratorService: Service {
    private static let tickInterval = Duration.milliseconds(500)
    private static let pauseMax = Duration.seconds(3)
    /// Every so many ticks it asks whether it leads, since one that has nothing to save would not
    /// learn that another has taken its place.
    private static let ticksBetweenAsking = 10

    let store: OrchestrationStore
    /// Which releases have served.
    let history: ServedHistory
    private let audit: AuditLog
    private let link: any HostLink
    private let notifier: NotificationService?
    private var hadHooks = false
    private let now: @Sendable () -> Instant
    private let logger: Logger
    let feed = ChangeFeed()
    let progress = ExecutionFeed()
    private var orchestrator: Orchestrator
    private var turn = Turn()
    private var tickets: [Int64: AuditTicket] = [:]
    private var fence: Int64
    private(set) var changeNumber: Int64 = 0
    private var lastTick = ContinuousClock.now
    private var tickCount = 0
    /// Why the last state could not be saved; nil while all is well.
    private(set) var stateProblem: Problem?
    /// Set when another server has taken the state over: this one changes and sends nothing more.
    private var supersession: Problem?
    private let heartbeats = Mutex<Set<HostName>>([])
    /// Hosts whose words wait to be dealt with, and how many of each: what they say next is not read
    /// before, and their silence is ours.
    private var speaking: [HostName: Int] = [:]
    private var gathering = Gathering()

    /// Brings the loop's state back.
    package init(
        store: any StateStore, releases: ReleaseStore, audit: AuditLog, link: any HostLink,
        notifier: NotificationService? = nil, now: @escaping @Sendable () -> Instant, logger: Logger
    ) async throws(Problem) {
        history = ServedHistory(store: store)
        self.audit = audit
        self.link = link
        self.notifier = notifier
        self.now = now
        self.logger = logger
        // A lease's number is higher than every one before: agents refuse what an older run sends.
        let lease = try await store.grantLease(for: .seconds(60))
        fence = lease.id.number
        try await store.revokeLease(lease.id)
        self.store = try await OrchestrationStore(store: store, releases: releases, fence: fence)
        orchestrator = Orchestrator(
            memory: try await self.store.load(), settings: Orchestrator.Settings(fence: fence), at: now())
    }

    package func run() async throws {
        if let desired = orchestrator.desired { await notifier?.begin(hooks: desired.configuration.policy.hooks) }
        await recoverAudit()
        await receive { $0.resume(at: $1) }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, await self.supersession == nil {
                try? await Task.sleep(for: Self.tickInterval)
                await self.tick()
            }
        }
        if let supersession { throw supersession }
    }

    /// Time has passed, and hosts were heard. A pause of the server's own, when the disk or the whole
    /// machine stood still, is no silence of theirs: what they said meanwhile has not been read yet.
    private func tick() async {
        await turn.begin()
        defer { turn.end() }
        guard supersession == nil else { return }
        tickCount += 1
        if tickCount.isMultiple(of: Self.ticksBetweenAsking), let problem = await store.supersession() {
            logger.critical("this server does not lead any more", metadata: ["problem": "\(problem)"])
            supersession = problem
            return
        }
        let before = orchestrator.desired
        let pause = lastTick.duration(to: .now)
        lastTick = .now
        var heard = takeHeartbeats().union(speaking.keys)
        if pause > Self.pauseMax {
            heard.formUnion(orchestrator.hosts.values.filter { $0.contact == .connected }.map(\.name))
        }
        let events = heard.sorted().map { Orchestrator.Event.heard($0) } + [.timePassed]
        await carryOut(orchestrator.receive(events, at: now()), before: before)
    }

    /// A host is there. Thousands say so every second: the loop hears of them together, at its
    /// next tick.
    package nonisolated func heard(_ host: HostName) { heartbeats.withLock { _ = $0.insert(host) } }

    private nonisolated func takeHeartbeats() -> Set<HostName> {
        heartbeats.withLock { heard in
            defer { heard.removeAll(keepingCapacity: true) }
            return heard
        }
    }

    /// The loop as it is now, to be read.
    package var snapshot: Orchestrator { orchestrator }

    /// The same, with the number of the last change: whoever has kept something of that number
    /// knows what there is to know, but for when hosts were last heard.
    var numberedSnapshot: (loop: Orchestrator, change: Int64) { (orchestrator, changeNumber) }

    /// Gives the loop something to do, and carries out what follows.
    /// - Parameter body: changes the loop and answers its actions.
    @discardableResult
    package func perform<Value: Sendable>(
        _ body: @Sendable (inout Orchestrator, Instant) throws(Problem) -> (Value, [Orchestrator.Action])
    ) async throws(Problem) -> Value {
        await turn.begin()
        defer { turn.end() }
        if let supersession { throw supersession }
        let before = orchestrator.desired
        let (value, actions) = try body(&orchestrator, now())
        await carryOut(actions, before: before)
        if let supersession { throw supersession }
        return value
    }

    package func receive(_ body: @Sendable (inout Orchestrator, Instant) -> [Orchestrator.Action]) async {
        await turn.begin()
        defer { turn.end() }
        guard supersession == nil else { return }
        let before = orchestrator.desired
        let actions = body(&orchestrator, now())
        await carryOut(actions, before: before)
    }

    /// Takes what an agent says; returns when it is kept.
    package func observe(_ observation: AgentObservation) async {
        switch observation {
        case .connected(let host, _): await joined(host)
        case .disconnected(let host):
            // What it said before must not be heard after.
            heartbeats.withLock { _ = $0.remove(host) }
            await take(.disconnected(host))
        case .report(let report): await take(.reported(report), from: report.host)
        case .traffic(let host, let balancers):
            for traffic in balancers {
                await take(.counted(host, traffic.balancer, traffic.servers, isLast: traffic.isLast))
            }
        case .outcome(let host, let outcome):
            // A host that was taken over must not speak for another.
            guard orchestrator.host(ofOrder: outcome.command.text) == host else { return }
            await take(.orderEnded(outcome.command.text, outcome.problem), from: host)
        case .output(let host, let command, let line):
            guard orchestrator.host(ofOrder: command.text) == host else { return }
            note(line, of: command)
        case .event(let host, let event):
            logger.info(
                "host event",
                metadata: ["host": "\(host)", "kind": "\(event.kind.rawValue)", "text": "\(event.text)"])
        }
    }

    /// Gives the loop what an agent says, together with all that others have said by the time that
    /// it is this one's turn: what the loop does after an event costs as much after a hundred. The
    /// first who comes does it for those who come meanwhile, and leaves the rest to the next.
    private func take(_ event: Orchestrator.Event, from host: HostName? = nil) async {
        if let host { speaking[host, default: 0] += 1 }
        defer {
            if let host, let count = speaking[host] { speaking[host] = count > 1 ? count - 1 : nil }
        }
        gathering.events.append(event)
        if gathering.isLed {
            let leads = await withCheckedContinuation { gathering.waiting.append($0) }
            guard leads else { return }
        }
        gathering.isLed = true
        await turn.begin()
        let before = orchestrator.desired
        let events = gathering.events
        let others = gathering.waiting
        gathering = Gathering(isLed: true)
        await carryOut(orchestrator.receive(events, at: now()), before: before)
        turn.end()
        for other in others { other.resume(returning: false) }
        if gathering.waiting.isEmpty {
            gathering.isLed = false
        } else {
            gathering.waiting.removeFirst().resume(returning: true)
        }
    }

    private func joined(_ host: HostName) async {
        guard orchestrator.hosts[host]?.lastHeard == nil else { return }
        await untilSaved { () throws(Problem) in try await self.store.saveJoined([host]) }
    }

    private func note(_ line: String, of command: CommandID) {
        let parts = command.text.split(separator: "/")
        guard parts.count == 4, parts[0] == "execution", let execution = Int64(parts[1]), let step = Int(parts[2])
        else {
            return
        }
        progress.output(line, step: step, of: execution, at: now())
    }

    private func carryOut(_ actions: [Orchestrator.Action], before: DesiredModel?) async {
        guard !actions.isEmpty else { return }
        changeNumber += 1
        let hooks = orchestrator.desired?.configuration.policy.hooks ?? []
        // Most fabrics tell nobody, and the notifier need not be asked for each heartbeat's change.
        let notifications =
            hooks.isEmpty && !hadHooks ? nil : await notifier?.items(for: actions, hooks: hooks)
        hadHooks = !hooks.isEmpty
        let isSaved = await untilSaved { () throws(Problem) in
            try await self.store.save(actions, before: before, notifications: notifications?.items ?? [])
        }
        guard isSaved else { return }
        if let notifications, notifications.isNews || !notifications.items.isEmpty {
            await notifier?.added(notifications.items)
        }
        var ended: [Execution] = []
        for action in actions {
            switch action {
            case .send(let order): send(order)
            case .cancelOrder(let id, let host): cancel(id, on: host)
            case .announce(let happening): await announce(happening)
            case .saveStep(let execution, let step): progress.changed(step, of: execution, at: now())
            case .saveExecution(let execution):
                progress.changed(execution, at: now())
                if execution.state.isEnded { ended.append(execution) }
            case .saveRecords, .saveDesired, .saveTraffic: break
            }
        }
        for execution in ended {
            // First what a restart does again for an execution whose audit entry is open.
            await note(execution)
            await completeAudit(of: execution)
        }
        feed.publish(
            at: now(), desired: orchestrator.desired?.revision ?? 0, live: orchestrator.liveRevision)
    }

    /// Nothing may be sent that is not on the disk. While the disk refuses, the loop waits, and
    /// says so.
    /// - Returns: whether it is on the disk. It is not when the server ends meanwhile, or another leads.
    @discardableResult
    private func untilSaved(_ body: () async throws(Problem) -> Void) async -> Bool {
        while true {
            do {
                try await body()
                stateProblem = nil
                return true
            } catch {
                stateProblem = error
                logger.critical("state cannot be saved", metadata: ["problem": "\(error)"])
                if error.code == OrchestrationStore.supersededCode {
                    supersession = error
                    return false
                }
                if Task.isCancelled { return false }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func send(_ order: HostOrder) {
        let command = AgentCommand(
            id: CommandID(order.id), fence: fence, timeout: order.timeout,
            operation: AgentCommand.Operation(order.operation))
        do {
            try link.send(command, to: order.host)
        } catch {
            logger.error("command not sent", metadata: ["host": "\(order.host)", "problem": "\(error)"])
        }
    }

    private func cancel(_ id: String, on host: HostName) {
        link.withdraw(CommandID(id), from: host)
        let command = AgentCommand(
            id: CommandID("cancel/\(fence)/\(id)"), fence: fence, timeout: .seconds(10),
            operation: .cancel(CommandID(id)))
        try? link.send(command, to: host)
    }

    private func announce(_ happening: Orchestrator.Happening) async {
        feed.note(happening)
        switch happening {
        case .executionStarted(let id, _, _):
            guard let execution = orchestrator.executions.values.first(where: { $0.id == id }) else { return }
            await beginAudit(of: execution)
        case .hostChanged(let host, let contact):
            logger.info("host changed", metadata: ["host": "\(host)", "contact": "\(contact.rawValue)"])
        case .rolledBackAutomatically(let app, let from, let to, let cause):
            logger.warning(
                "rolled back automatically",
                metadata: [
                    "app": "\(app)", "from": "\(from ?? 0)", "to": "\(to)", "cause": "\(cause?.description ?? "")",
                ])
        case .blind(let reason): logger.critical("nothing is moved", metadata: ["reason": "\(reason)"])
        case .balancerRefused(let host, let balancer, let problem):
            logger.error(
                "balancer refused its configuration",
                metadata: ["host": "\(host)", "balancer": "\(balancer)", "problem": "\(problem)"])
        case .planRefused(let app, let problem):
            logger.critical("an unsafe plan is refused", metadata: ["app": "\(app)", "problem": "\(problem)"])
        case .executionChanged, .stepChanged, .liveChanged, .sightRegained, .trafficChanged, .trafficCounted: break
        }
    }

    /// The server may have been killed between two of its writes: what goes on has its beginning in
    /// the audit log before its next order is sent, and what has ended has its end in it.
    private func recoverAudit() async {
        let running = orchestrator.executions.values.sorted { $0.id < $1.id }
        await untilSaved { () throws(Problem) in
            let found = try await self.audit.executions(known: Set(running.map { "\($0.id)" }))
            for execution in running {
                if let ticket = found.open["\(execution.id)"] {
                    self.tickets[execution.id] = ticket
                } else if !found.begun.contains("\(execution.id)") {
                    self.tickets[execution.id] = try await self.audit.record(before: self.action(of: execution))
                }
            }
            for (id, ticket) in found.open.sorted(by: { $0.value.started.sequence < $1.value.started.sequence }) {
                guard let number = Int64(id), self.tickets[number] == nil,
                    let execution = try await self.store.execution(number), execution.state.isEnded
                else { continue }
                try await self.history.note(execution)
                try await ticket.complete(Self.outcome(of: execution))
            }
        }
    }

    private func note(_ execution: Execution) async {
        await untilSaved { () throws(Problem) in try await self.history.note(execution) }
    }

    private func action(of execution: Execution) -> AuditAction {
        AuditAction(
            who: execution.startedBy, role: execution.startedBy == "apus" ? "apus" : "deployer",
            what: execution.kind.rawValue, subject: "app/\(execution.app)",
            details: execution.machine.plan.summary.text,
            commit: execution.configCommit.isEmpty ? nil : execution.configCommit,
            execution: "\(execution.id)", address: nil)
    }

    private func beginAudit(of execution: Execution) async {
        await untilSaved { () throws(Problem) in
            self.tickets[execution.id] = try await self.audit.record(before: self.action(of: execution))
        }
    }

    private func completeAudit(of execution: Execution) async {
        // A retry that ended at once has not been begun in the log.
        if tickets[execution.id] == nil { await beginAudit(of: execution) }
        guard let ticket = tickets.removeValue(forKey: execution.id) else { return }
        await untilSaved { () throws(Problem) in try await ticket.complete(Self.outcome(of: execution)) }
    }

    private static func outcome(of execution: Execution) -> AuditEntry.Outcome {
        switch execution.state {
        case .succeeded: .succeeded
        default:
            .failed(
                execution.machine.problem
                    ?? Problem(
                        "execution.aborted", "The execution was ended before it was done.",
                        cause: "Somebody aborted it.", remedy: "Deploy again when it is time."))
        }
    }
}

extension AgentCommand.Operation {
    init(_ operation: HostOrder.Operation) {
        switch operation {
        case .prefetch(let package): self = .prefetch(package)
        case .phase(let phase, let spec): self = .phase(phase, spec)
        case .awaitReady(let id): self = .awaitReady(id)
        case .link(let app, let identity): self = .link(app: app, releaseIdentity: identity)
        case .balance(let configuration, let drained): self = .balance(configuration, drained: drained)
        }
    }
}

/// Events that wait for the loop, and those who wait until they are dealt with.
private struct Gathering {
    var events: [Orchestrator.Event] = []
    var waiting: [CheckedContinuation<Bool, Never>] = []
    /// Whether somebody takes them to the loop now.
    var isLed = false
}

/// Lets callers of an actor in one after another, also across their awaits.
struct Turn {
    private final class Line: Sendable {
        // Guarded by the actor that owns the turn.
        nonisolated(unsafe) var isTaken = false
        nonisolated(unsafe) var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let line = Line()

    nonisolated(nonsending) func begin() async {
        guard line.isTaken else {
            line.isTaken = true
            return
        }
        await withCheckedContinuation { line.waiting.append($0) }
    }

    func end() {
        if line.waiting.isEmpty {
            line.isTaken = false
        } else {
            line.waiting.removeFirst().resume()
        }
    }
}
