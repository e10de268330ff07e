import Core
import Wire

/// What people see of a fabric at one moment, kept until something has changed.
///
/// In a small fabric it is made anew for whoever asks after a change. In one where that takes long,
/// who asks is shown what was seen last, and it is made anew beside that, with pauses: the pages
/// are told when there is something new to see. So a page opens at once however large the fabric
/// is, and looking at it never takes more than a part of a processor.
struct FabricSight: Sendable {
    /// What may be waited for.
    static let patience = Duration.milliseconds(50)
    /// How much longer than the making the pause after it is, and how long it is at most.
    static let pauseFactor = 3
    static let pauseMax = Duration.seconds(5)

    var views: FabricViews
    /// Why not everything is as it should be, beside what the views say.
    var warnings: [String]
    /// Whether something has no place.
    var isShort: Bool
    /// The number of the last change that it knows.
    var change: Int64
    var cost: Duration

    init(_ loop: Orchestrator, _ desired: DesiredModel, change: Int64, executions: [ExecutionView], at now: Instant) {
        let began = ContinuousClock.now
        let live = loop.live(at: now)
        let placed = loop.placed(at: now)
        let records = loop.records.values
        let deltas =
            placed.map {
                Delta.all(desired: desired, live: live, records: loop.records, placement: $0.placement)
            } ?? []
        views = FabricViews(desired: desired, live: live, records: records, deltas: deltas, executions: executions)
        let refusals = placed?.placement.refusals ?? []
        warnings = (placed?.standing.blindness.map { [$0] } ?? []) + refusals.prefix(10).map(\.text)
        isShort = !refusals.isEmpty
        self.change = change
        cost = began.duration(to: .now)
    }
}

extension FabricService {
    /// Everything that can be seen.
    func views() async throws(Problem) -> FabricViews { try await sight().views }

    func sight() async throws(Problem) -> FabricSight {
        if let kept = keptSight {
            if await orchestrator.changeNumber == kept.change { return kept }
            if kept.cost > FabricSight.patience {
                sightRequest.yield()
                return kept
            }
        }
        return try await lookAnew()
    }

    /// Makes the kept sight anew whenever somebody has asked for a newer one.
    func keepSight() async {
        for await _ in sightRequests {
            guard let seen = try? await lookAnew() else { continue }
            orchestrator.feed.republish(at: now())
            try? await Task.sleep(for: min(seen.cost * FabricSight.pauseFactor, FabricSight.pauseMax))
        }
    }

    private func lookAnew() async throws(Problem) -> FabricSight {
        let (loop, change) = await orchestrator.numberedSnapshot
        guard let desired = loop.desired else { throw Self.nothingDesired }
        let executions = loop.executions.values.sorted { $0.id < $1.id }.map { view($0, withSteps: false) }
        let seen = await Self.look(loop, desired, change, executions, now())
        if keptSight.map({ $0.change <= seen.change }) ?? true { keptSight = seen }
        return seen
    }

    /// Beside the service: others are answered meanwhile.
    @concurrent
    private static func look(
        _ loop: Orchestrator, _ desired: DesiredModel, _ change: Int64, _ executions: [ExecutionView], _ now: Instant
    ) async -> FabricSight {
        FabricSight(loop, desired, change: change, executions: executions, at: now)
    }
}
