package import Core
import FoundationEssentials
package import Logging
import ServiceLifecycle
package import Wire

/// Tells hooks what happens in the fabric.
///
/// What is to be told is kept in the transaction that makes it so, and until a hook has taken it:
/// each hook is told everything at least once and in order.
package actor NotificationService: Service {
    private static let tick = Duration.milliseconds(500)

    private struct Delivery: Sendable {
        var item: NotificationQueue.Item
        var hook: NotificationHook
        var attempt: Int
    }

    private let fabric: FabricName
    private let store: any StateStore
    private let secrets: WebhookSecrets
    private let sender: WebhookSender
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let deliveries: (stream: AsyncStream<Delivery>, continuation: AsyncStream<Delivery>.Continuation)
    private var queue = NotificationQueue()
    private var hooks: [NotificationHook] = []
    private var lastSequence: Int64
    private var lostHosts: Set<HostName> = []
    /// What was kept when the last run of the server ended.
    private var kept: [NotificationQueue.Item]

    /// Brings back what was not told.
    package init(
        fabric: FabricName, store: any StateStore, secrets: WebhookSecrets, sender: WebhookSender = WebhookSender(),
        now: @escaping @Sendable () -> Instant, logger: Logger
    ) async throws(Problem) {
        self.fabric = fabric
        self.store = store
        self.secrets = secrets
        self.sender = sender
        self.now = now
        self.logger = logger
        deliveries = AsyncStream<Delivery>.makeStream()
        kept = try await store.values(.prefix(NotificationKeys.waiting), as: NotificationQueue.Item.self)
            .sorted { $0.sequence < $1.sequence }
        lastSequence = max(
            try await store.get(NotificationKeys.last(), as: Int64.self) ?? 0, kept.last?.sequence ?? 0)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: Self.tick)
                        await self.receive(.timePassed)
                    }
                }
                for await delivery in self.deliveries.stream { group.addTask { await self.deliver(delivery) } }
            }
        }
    }

    /// Goes on with what the last run of the server had not told.
    func begin(hooks: [NotificationHook]) async {
        self.hooks = hooks
        await added([])
    }

    /// What is to be kept in the transaction that saves the actions, and told when it is kept.
    func items(
        for actions: [Orchestrator.Action], hooks: [NotificationHook]
    ) -> (items: [NotificationQueue.Item], isNews: Bool) {
        let isNews = hooks != self.hooks
        self.hooks = hooks
        guard !hooks.isEmpty else { return ([], isNews) }
        let bodies = NotificationBody.all(in: actions, fabric: fabric, at: now()).filter(isWorthTelling)
        return (bodies.flatMap { body in items(body, for: hooks.filter { $0.wants(body.kind) }) }, isNews)
    }

    static func operations(_ items: [NotificationQueue.Item]) throws(Problem) -> [(StateKey, Operation)] {
        var operations: [(StateKey, Operation)] = []
        for item in items {
            let key = try NotificationKeys.item(item.hook, item.sequence)
            operations.append((key, .put(key, try StateJSON.encode(item))))
        }
        if let last = items.last {
            let key = try NotificationKeys.last()
            operations.append((key, .put(key, try StateJSON.encode(last.sequence))))
        }
        return operations
    }

    /// The items are kept: they may be told.
    func added(_ items: [NotificationQueue.Item]) async {
        await receive(.configured(hooks))
        let all = kept + items
        kept = []
        if !all.isEmpty { await receive(.added(all)) }
    }

    /// Tells hooks something that is not the loop's to say.
    /// - Parameter operations: what is kept in the same transaction.
    package func tell(_ body: NotificationBody, with operations: [Operation]) async throws(Problem) {
        let items = items(body, for: hooks.filter { $0.wants(body.kind) })
        _ = try await store.transact(
            StateTransaction(success: operations + (try Self.operations(items)).map(\.1)))
        await added(items)
    }

    package func views() -> [NotificationHookView] {
        hooks.map { hook in
            let standing = queue.standing(of: hook.name)
            return NotificationHookView(
                name: hook.name, webhook: hook.webhook.withoutPath.text, events: hook.events, waiting: standing.waiting,
                lastTakenAt: standing.lastTakenAt, gaveUp: standing.gaveUp, problem: standing.problem)
        }
    }

    /// Calls hooks once, now, and beside what waits.
    /// - Throws: `hook.unknown`.
    package func test(_ name: HookName?, by who: String) async throws(Problem) -> [NotificationTestView] {
        let meant = hooks.filter { name == nil || $0.name == name }
        guard !meant.isEmpty else {
            throw Problem(
                "hook.unknown", "There is no such notification hook.",
                cause: name.map { "\($0) is not in `notify` of the fabric." } ?? "The fabric has none.",
                remedy: "Declare it in fabrics/\(fabric).yaml: notify: { chat: { webhook: https://…, secret: chat } }.")
        }
        var views: [NotificationTestView] = []
        for hook in meant {
            let body = NotificationBody(
                .test, at: now(), fabric: fabric, sentence: "\(who) asks whether this arrives")
            guard let item = items(body, for: [hook]).first else { continue }
            let begun = ContinuousClock.now
            let outcome = await call(hook, item)
            let took = begun.duration(to: .now)
            var view = NotificationTestView(
                hook: hook.name,
                milliseconds: took.components.seconds * 1000 + took.components.attoseconds / 1_000_000_000_000_000)
            if case .failed(let problem, _) = outcome { view.problem = problem }
            views.append(view)
        }
        return views
    }

    private func items(_ body: NotificationBody, for hooks: [NotificationHook]) -> [NotificationQueue.Item] {
        guard let data = try? StateJSON.encode(body) else { return [] }
        return hooks.map { hook in
            lastSequence += 1
            return NotificationQueue.Item(
                hook: hook.name, sequence: lastSequence, at: body.at, kind: body.kind,
                body: String(decoding: data, as: UTF8.self))
        }
    }

    /// A host that connects is news only when it was lost.
    private func isWorthTelling(_ body: NotificationBody) -> Bool {
        guard let host = body.host else { return true }
        switch body.kind {
        case .hostLost:
            lostHosts.insert(host)
            return true
        case .hostBack: return lostHosts.remove(host) != nil
        default: return true
        }
    }

    private func receive(_ event: NotificationQueue.Event) async {
        var removals: [NotificationQueue.Item] = []
        for action in queue.receive(event, at: now()) {
            switch action {
            case .deliver(let item, let hook, let attempt):
                deliveries.continuation.yield(Delivery(item: item, hook: hook, attempt: attempt))
            case .remove(let item): removals.append(item)
            case .gaveUp(let item, let problem):
                logger.error(
                    "notification given up", metadata: ["notification": "\(item.id)", "problem": "\(problem)"])
            }
        }
        await forget(removals)
    }

    private func deliver(_ delivery: Delivery) async {
        let outcome = await call(delivery.hook, delivery.item)
        if case .failed(let problem, _) = outcome {
            // A receiver that is away for a day is worth one line, and one a minute after that.
            logger.log(
                level: delivery.attempt == 1 ? .warning : .info, "notification not taken",
                metadata: [
                    "notification": "\(delivery.item.id)", "attempt": "\(delivery.attempt)", "problem": "\(problem)",
                ])
        }
        await receive(.attempted(delivery.item, outcome))
    }

    private func call(_ hook: NotificationHook, _ item: NotificationQueue.Item) async -> NotificationQueue.Outcome {
        do throws(Problem) {
            let secret = try secrets.secret(hook.secret)
            let timestamp = now().milliseconds / 1000
            let status = try await sender.post(
                hook.webhook,
                headers: [
                    ("content-type", "application/json"), ("user-agent", "apus/\(ProgramVersion.text)"),
                    ("webhook-id", item.id), ("webhook-timestamp", "\(timestamp)"),
                    ("webhook-signature", secret.signature(id: item.id, timestamp: timestamp, body: item.body)),
                ], body: item.body, allowsLoopback: hook.allowsLoopback)
            if (200..<300).contains(status) { return .taken }
            let problem = Problem(
                "webhook.refused", "The webhook did not take the notification.",
                cause: "\(hook.webhook.host) answered with HTTP status \(status).",
                remedy: "Look at the receiver: it is to answer 2xx, and not to redirect.")
            return .failed(problem, isAnswer: (400..<500).contains(status) && ![408, 425, 429].contains(status))
        } catch {
            return .failed(error, isAnswer: false)
        }
    }

    /// What cannot be deleted now is told again after the next start.
    private func forget(_ items: [NotificationQueue.Item]) async {
        for item in items {
            do throws(Problem) {
                // With the highest sequence: of two who give sequences at once the later one may have been kept first.
                let last = Operation.put(try NotificationKeys.last(), try StateJSON.encode(lastSequence))
                _ = try await store.transact(
                    StateTransaction(
                        success: [.delete(try NotificationKeys.item(item.hook, item.sequence)), last]))
            } catch {
                logger.error("notification not forgotten", metadata: ["problem": "\(error)"])
            }
        }
    }
}
