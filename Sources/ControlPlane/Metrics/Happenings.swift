import Core
import FoundationEssentials
import Synchronization
import Telemetry
import Wire

/// What happened, for marks on charts and `/events`: deploys and rollbacks by themselves, and what was posted.
actor Happenings {
    private static let look = Duration.seconds(3)
    /// What is kept of each kind.
    private static let eventsMax = 2000
    /// Executions that are read when the server starts.
    private static let executionsAtStart = 200
    /// That are looked at each time.
    private static let executionsAtOnce = 20

    private struct Posted: Codable, Sendable {
        var id: Int
        var time: Int64
        var what: String
        var tags: [String]
        var data: String
    }

    private let state: any StateStore
    private let executions: MetricsSources.Executions
    private let now: @Sendable () -> Instant
    private var posted: [GraphEvent] = []
    private var deploys: [ExecutionID: GraphEvent] = [:]
    private var running: Set<ExecutionID> = []
    private var isLoaded = false
    /// What statsd's clients and the server have said since the last look.
    private let heard = Mutex<[GraphEvent]>([])

    init(state: any StateStore, executions: MetricsSources.Executions, now: @escaping @Sendable () -> Instant) {
        self.state = state
        self.executions = executions
        self.now = now
    }

    func run() async {
        while !Task.isCancelled {
            // Marks can wait: a store that does not answer now is asked again.
            try? await lookAgain()
            try? await Task.sleep(for: Self.look)
        }
    }

    /// In order of time.
    func events(from: Int64, until: Int64) -> [GraphEvent] {
        (posted + deploys.values).filter { $0.time > from && $0.time <= until }.sorted {
            ($0.time, $0.id) < ($1.time, $1.id)
        }
    }

    /// Events that came with statsd's lines; kept soon.
    nonisolated func hear(_ notices: [StatsdNotice], at time: Int64) {
        let events = notices.filter { $0.kind == .event }.map {
            GraphEvent(id: 0, time: $0.time ?? time, what: $0.title, tags: $0.tags, data: $0.text)
        }
        heard.withLock { $0 += events.prefix(Self.eventsMax - min(Self.eventsMax, $0.count)) }
    }

    /// An event of the server's own; kept soon.
    nonisolated func tell(_ event: GraphEvent) {
        heard.withLock { if $0.count < Self.eventsMax { $0.append(event) } }
    }

    func post(_ event: GraphEvent) async throws(Problem) {
        try await load()
        var event = event
        event.id = (posted.last?.id ?? 0) + 1
        let record = Posted(
            id: event.id, time: event.time, what: event.what, tags: event.tags, data: event.data)
        var operations = [Operation.put(try Self.key(event.id), try StateJSON.encode(record))]
        if posted.count >= Self.eventsMax { operations.append(.delete(try Self.key(posted[0].id))) }
        _ = try await state.transact(StateTransaction(success: operations))
        if posted.count >= Self.eventsMax { posted.removeFirst() }
        posted.append(event)
    }

    private static func key(_ id: Int) throws(Problem) -> StateKey {
        try StateKey("metrics/events/\(StateKey.digits(id))")
    }

    private func load() async throws(Problem) {
        guard !isLoaded else { return }
        let kept = try await state.values(.prefix("metrics/events/"), as: Posted.self)
        guard !isLoaded else { return }
        isLoaded = true
        posted = kept.map {
            GraphEvent(id: $0.id, time: $0.time, what: $0.what, tags: $0.tags, data: $0.data)
        }.sorted { $0.id < $1.id }
        for execution in try await executions.latest(Self.executionsAtStart) { note(execution) }
    }

    private func lookAgain() async throws(Problem) {
        try await load()
        for event in heard.withLock({ events in
            defer { events = [] }
            return events
        }) { try await post(event) }
        // The newest ones, ended or not: a rollback may be over before the next look.
        let newest = try await executions.latest(Self.executionsAtOnce)
        for execution in newest { note(execution) }
        for id in running.subtracting(newest.map(\.id)) {
            running.remove(id)
            note(try await executions.one(id))
        }
    }

    private func note(_ execution: ExecutionView) {
        if execution.state.isEnded { running.remove(execution.id) } else { running.insert(execution.id) }
        guard let event = GraphEvent(execution) else { return }
        deploys[execution.id] = event
        if deploys.count > Self.eventsMax, let oldest = deploys.min(by: { $0.value.time < $1.value.time }) {
            deploys[oldest.key] = nil
        }
    }
}
