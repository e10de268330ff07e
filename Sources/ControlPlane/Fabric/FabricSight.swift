package import Core
import Glibc
package import Wire

/// What people see of a fabric at one moment, kept until something has changed.
///
/// Where it takes long to make, who asks is shown what was seen last, and it is made anew beside
/// that, with pauses: the pages are told when there is something new to see. So a page opens at once
/// however large the fabric is, and looking at it never takes more than a part of a processor. Only
/// what differs from what was seen last is made anew, unless that is much of the fabric.
package struct FabricSight: Sendable {
    /// What may be waited for, of a processor's time.
    static let patience = Duration.milliseconds(10)
    /// How much longer than the making the pause after it is, and how long it is at most.
    static let pauseFactor = 3
    static let pauseMax = Duration.seconds(5)

    package var views: FabricViews
    /// Why not everything is as it should be, beside what the views say.
    var warnings: [String]
    /// Whether something has no place.
    var isShort: Bool
    /// The number of the last change that it knows.
    var change: Int64
    /// The processor's time that it took.
    var cost: Duration
    private let placement: Placement?

    /// - Parameters:
    ///   - before: what was seen last.
    ///   - percentMax: the hosts so many may differ; where more do, everything is made anew.
    package init?(
        _ loop: Orchestrator, after before: FabricSight? = nil, change: Int64, executions: [ExecutionView],
        percentMax: Int = 25, at now: Instant
    ) {
        guard let desired = loop.desired else { return nil }
        let began = Self.processorTime
        let live = loop.live(at: now)
        let placed = loop.placed(at: now)
        let records = loop.records
        placement = placed?.placement
        if let before, let formerPlacement = before.placement, let placement,
            let changes = FabricChanges(
                from: before.views, formerPlacement, to: desired, live, records, placement, executions),
            changes.hosts.count * 100 <= live.hosts.count * percentMax
        {
            let deltas = Delta.all(
                desired: desired, live: live, records: records, placement: placement, on: changes.hosts)
            views = FabricViews(
                following: before.views, desired: desired, live: live, records: records, executions: executions,
                hosts: changes.hosts, apps: changes.apps, deltas: deltas)
        } else {
            let deltas =
                placement.map { Delta.all(desired: desired, live: live, records: records, placement: $0) } ?? []
            views = FabricViews(desired: desired, live: live, records: records, deltas: deltas, executions: executions)
        }
        let refusals = placement?.refusals ?? []
        warnings = (placed?.standing.blindness.map { [$0] } ?? []) + refusals.prefix(10).map(\.text)
        isShort = !refusals.isEmpty
        self.change = change
        cost = Self.processorTime - began
    }

    /// Of this thread: how busy others keep the machine says nothing about the fabric.
    private static var processorTime: Duration {
        // A `timespec`, by its layout: which module its fields are of differs from link to link.
        var time: (seconds: Int64, nanoseconds: Int64) = (0, 0)
        _ = withUnsafeMutableBytes(of: &time) { bytes in
            bytes.baseAddress.map { clock_gettime(CLOCK_THREAD_CPUTIME_ID, $0.assumingMemoryBound(to: timespec.self)) }
        }
        return .seconds(time.seconds) + .nanoseconds(time.nanoseconds)
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
        let executions = loop.executions.values.sorted { $0.id < $1.id }.map { view($0, withSteps: false) }
        guard let seen = await Self.look(loop, keptSight, change, executions, now()) else {
            throw Self.nothingDesired
        }
        if keptSight.map({ $0.change <= seen.change }) ?? true { keptSight = seen }
        return seen
    }

    /// Beside the service: others are answered meanwhile.
    @concurrent
    private static func look(
        _ loop: Orchestrator, _ before: FabricSight?, _ change: Int64, _ executions: [ExecutionView], _ now: Instant
    ) async -> FabricSight? {
        FabricSight(loop, after: before, change: change, executions: executions, at: now)
    }
}
