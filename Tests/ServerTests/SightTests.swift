import ControlPlane
import Core
import Simulation
import Testing
import Wire

@Suite("What is seen of a fabric is made from what was seen before and what has changed")
struct SightTests {
    /// Whatever happens to a fabric, and however much of it has changed since somebody looked.
    @Test("and is the same as what is made from nothing", arguments: Weather.allCases, 1...UInt64(3))
    func sameAsFromNothing(weather: Weather, seed: UInt64) throws {
        var exercise = FleetExercise(scenario: Scenario.drawn(seed: seed, weather: weather))
        var last: FabricSight?
        var looks = 0
        _ = exercise.run { fleet in
            looks += 1
            // People do not look after each change.
            guard looks % Int(1 + seed % 3) == 0 else { return }
            let loop = fleet.orchestrator
            let executions = loop.executions.values.sorted { $0.id < $1.id }.map(Self.view)
            func sight(after before: FabricSight?) -> FabricSight? {
                FabricSight(
                    loop, after: before, change: Int64(looks), executions: executions, percentMax: 100, at: fleet.now)
            }
            let whole = sight(after: nil)
            last = sight(after: last)
            expectSame(last?.views, whole?.views, "after \(looks) acts of seed \(seed)")
        }
        #expect(looks > 20)
    }

    private func expectSame(_ seen: FabricViews?, _ whole: FabricViews?, _ when: String) {
        #expect(seen?.instances == whole?.instances, "instances \(when)")
        #expect(seen?.hosts.map(Self.withoutTime) == whole?.hosts.map(Self.withoutTime), "hosts \(when)")
        #expect(seen?.apps == whole?.apps, "apps \(when)")
        for host in whole?.hosts ?? [] {
            #expect(seen?.host(host.name)?.instances == whole?.host(host.name)?.instances, "\(host.name) \(when)")
        }
    }

    /// When a host was last heard is not a part of what is kept.
    private static func withoutTime(_ host: HostView) -> HostView {
        var host = host
        host.lastHeard = nil
        return host
    }

    private static func view(_ execution: Execution) -> ExecutionView {
        ExecutionView(
            id: ExecutionID(checked: "\(execution.id)"), app: execution.app, kind: execution.kind,
            state: execution.state,
            release: execution.machine.plan.release, commit: "", startedBy: execution.startedBy,
            startedAt: execution.startedAt,
            summary: "", stepsDone: 0, stepsTotal: 0, steps: [])
    }
}
