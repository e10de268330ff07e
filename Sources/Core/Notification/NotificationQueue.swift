/// What hooks have still to be told, as a value: each hook is told one thing after another, again
/// and again with growing waits until it has taken it, or until that is too old to matter.
package struct NotificationQueue: Sendable {
    /// Something to tell one hook. What is sent is the same in every attempt.
    package struct Item: Codable, Hashable, Sendable {
        package var hook: HookName
        /// Counts up over a fabric's life.
        package var sequence: Int64
        package var at: Instant
        package var kind: NotificationKind
        /// JSON.
        package var body: String

        package init(hook: HookName, sequence: Int64, at: Instant, kind: NotificationKind, body: String) {
            self.hook = hook
            self.sequence = sequence
            self.at = at
            self.kind = kind
            self.body = body
        }

        /// The same in every attempt: what a receiver tells doubles by.
        package var id: String { "\(hook).\(sequence)" }
    }

    package enum Outcome: Hashable, Sendable {
        case taken
        /// - Parameter isAnswer: whether the receiver itself said that it does not want it.
        case failed(Problem, isAnswer: Bool)
    }

    package enum Event: Sendable {
        case configured([NotificationHook])
        case added([Item])
        case attempted(Item, Outcome)
        case timePassed
    }

    package enum Action: Hashable, Sendable {
        case deliver(Item, NotificationHook, attempt: Int)
        /// It need not be kept any longer.
        case remove(Item)
        /// It was given up, and will not be told.
        case gaveUp(Item, Problem)
    }

    /// How a hook gets on, for people.
    package struct Standing: Codable, Hashable, Sendable {
        package var waiting = 0
        package var lastTakenAt: Instant?
        /// Why the last attempt failed; nil after one that went well.
        package var problem: Problem?
        /// What was given up since the control plane's start.
        package var gaveUp = 0
    }

    private struct Line {
        var items: [Item] = []
        var isUnderWay = false
        var attempts = 0
        var refusals = 0
        var notBefore = Instant(milliseconds: 0)
        var standing = Standing()
    }

    /// More than a hook can owe: the oldest go.
    static let itemsMax = 1000
    /// After this long nobody wants to hear it any more.
    static let ageMax = Interval.minutes(24 * 60)
    /// A receiver that refuses one thing so often will not take it.
    static let refusalsMax = 8
    private static let waitMax = Interval.minutes(5)

    private var hooks: [HookName: NotificationHook] = [:]
    private var lines: [HookName: Line] = [:]

    package init() {}

    package func standing(of hook: HookName) -> Standing {
        var standing = lines[hook]?.standing ?? Standing()
        standing.waiting = lines[hook]?.items.count ?? 0
        return standing
    }

    package var isEmpty: Bool { lines.values.allSatisfy(\.items.isEmpty) }

    package mutating func receive(_ event: Event, at now: Instant) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .configured(let configured):
            hooks = Dictionary(configured.map { ($0.name, $0) }) { $1 }
            for name in lines.keys.sorted() where hooks[name] == nil {
                actions += (lines.removeValue(forKey: name)?.items ?? []).map { .remove($0) }
            }
        case .added(let items):
            for item in items {
                // A hook that is no more is told nothing.
                guard hooks[item.hook] != nil else {
                    actions.append(.remove(item))
                    continue
                }
                lines[item.hook, default: Line()].items.append(item)
            }
        case .attempted(let item, let outcome): actions += attempted(item, outcome, at: now)
        case .timePassed: break
        }
        for name in lines.keys.sorted() { actions += next(of: name, at: now) }
        return actions
    }

    private mutating func attempted(_ item: Item, _ outcome: Outcome, at now: Instant) -> [Action] {
        guard var line = lines[item.hook], line.isUnderWay else { return [] }
        line.isUnderWay = false
        defer { lines[item.hook] = line }
        switch outcome {
        case .taken:
            line.standing.lastTakenAt = now
            line.standing.problem = nil
            line.attempts = 0
            line.refusals = 0
            line.notBefore = now
            guard line.items.first == item else { return [] }
            line.items.removeFirst()
            return [.remove(item)]
        case .failed(let problem, let isAnswer):
            line.standing.problem = problem
            line.attempts += 1
            line.refusals += isAnswer ? 1 : 0
            line.notBefore = now + min(.seconds(1 << Int64(min(line.attempts - 1, 9))), Self.waitMax)
            return []
        }
    }

    private mutating func next(of name: HookName, at now: Instant) -> [Action] {
        guard var line = lines[name], let hook = hooks[name], !line.isUnderWay else { return [] }
        defer { lines[name] = line }
        var actions: [Action] = []
        while let first = line.items.first {
            let isRefused = line.refusals >= Self.refusalsMax
            guard isRefused || line.items.count > Self.itemsMax || first.at + Self.ageMax < now else { break }
            line.items.removeFirst()
            line.attempts = 0
            line.refusals = 0
            line.standing.gaveUp += 1
            actions += [.gaveUp(first, line.standing.problem ?? Self.tooMany), .remove(first)]
        }
        if let first = line.items.first, line.notBefore <= now {
            line.isUnderWay = true
            actions.append(.deliver(first, hook, attempt: line.attempts + 1))
        }
        return actions
    }

    private static let tooMany = Problem(
        "notification.too-many", "A notification was given up.", cause: "More waited for the hook than is kept.",
        remedy: "See `apus notify`.")
}
