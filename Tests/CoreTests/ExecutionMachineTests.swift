import Core
import Simulation
import Testing

@Suite("Executions")
struct ExecutionMachineTests {
    private static let host = HostName(checked: "web-1")
    private let start = Instant(milliseconds: 0)
    private let fault = Problem("x.y", "It failed.", cause: "So.", remedy: "None.")

    private static func step(_ id: Int) -> PlanNode {
        .step(
            Step(
                id: id,
                action: .awaitReady(
                    host,
                    InstanceID(app: AppName(checked: "a"), process: ProcessName(checked: "p"), slot: id, release: 1)),
                reason: "", timeout: .seconds(10)))
    }

    private static func machine(_ root: PlanNode) -> ExecutionMachine {
        ExecutionMachine(
            plan: Plan(
                app: AppName(checked: "a"), kind: .deploy, release: 1, desiredRevision: 1, liveRevision: 1, root: root,
                changes: [],
                summary: Plan.Summary(), warnings: []))
    }

    /// Step 1, then 2 to 5 two at a time, then 6.
    private static let tree = PlanNode.sequential(
        title: "",
        [
            step(1), .parallel(title: "", limit: 2, [step(2), .sequential(title: "", [step(3), step(4)]), step(5)]),
            step(6),
        ])

    private func begun(_ actions: [ExecutionMachine.Action]) -> [Int] {
        actions.compactMap { if case .begin(let step, _) = $0 { step.id } else { nil } }
    }

    @Test("steps begin in order, as many at once as allowed")
    func order() {
        var machine = Self.machine(Self.tree)
        #expect(begun(machine.receive(.started, at: start)) == [1])
        #expect(begun(machine.receive(.stepEnded(1, nil), at: start)) == [2, 3])
        #expect(begun(machine.receive(.stepEnded(3, nil), at: start)) == [4])
        #expect(begun(machine.receive(.stepEnded(4, nil), at: start)) == [5])
        #expect(begun(machine.receive(.stepEnded(5, nil), at: start)) == [])
        #expect(begun(machine.receive(.stepEnded(2, nil), at: start)) == [6])
        #expect(machine.receive(.stepEnded(6, nil), at: start).last == .stateChanged(.succeeded))
    }

    @Test("a failure lets what runs end, begins nothing more, and can be retried")
    func failure() {
        var machine = Self.machine(Self.tree)
        _ = machine.receive(.started, at: start)
        _ = machine.receive(.stepEnded(1, nil), at: start)
        #expect(begun(machine.receive(.stepEnded(2, fault), at: start)) == [])
        #expect(machine.state == .running)
        _ = machine.receive(.stepEnded(3, nil), at: start)
        #expect(machine.state == .failed)
        #expect(machine.problem == fault)
        #expect(
            machine.steps.map(\.state.word) == ["succeeded", "failed", "succeeded", "skipped", "skipped", "skipped"])
        #expect(begun(machine.receive(.retryRequested, at: start)) == [2, 4])
        #expect(machine.steps[1].attempt == 2)
        for step in [2, 4, 5, 6] { _ = machine.receive(.stepEnded(step, nil), at: start) }
        #expect(machine.state == .succeeded)
    }

    @Test("what was interrupted from outside is begun again by a retry")
    func interrupted() {
        for event in [ExecutionMachine.Event.failed(fault), .abortRequested] {
            var machine = Self.machine(Self.tree)
            _ = machine.receive(.started, at: start)
            let actions = machine.receive(event, at: start)
            #expect(actions.contains { if case .cancel(let step, 1) = $0 { step.id == 1 } else { false } })
            #expect(machine.state.isEnded)
            #expect(begun(machine.receive(.retryRequested, at: start)) == [1])
            #expect(machine.state == .running)
            for step in 1...6 { _ = machine.receive(.stepEnded(step, nil), at: start) }
            #expect(machine.state == .succeeded)
        }
    }

    @Test("a cancelled step counts as done, whether it runs, waits or has failed")
    func cancelled() {
        var machine = Self.machine(Self.tree)
        _ = machine.receive(.started, at: start)
        #expect(begun(machine.receive(.stepCancelled(1), at: start)) == [2, 3])
        _ = machine.receive(.stepCancelled(5), at: start)
        _ = machine.receive(.stepEnded(2, fault), at: start)
        _ = machine.receive(.stepEnded(3, nil), at: start)
        #expect(machine.state == .failed)
        _ = machine.receive(.stepCancelled(2), at: start)
        #expect(begun(machine.receive(.retryRequested, at: start)) == [4])
        #expect(begun(machine.receive(.stepEnded(4, nil), at: start)) == [6])
        #expect(
            machine.steps.map(\.state.word)
                == ["succeeded", "cancelled", "succeeded", "succeeded", "cancelled", "running"].enumerated().map {
                    $0.offset == 0 ? "cancelled" : $0.element
                })
    }

    @Test("a pause begins nothing, and a resumption begins all that may")
    func paused() {
        var machine = Self.machine(Self.tree)
        _ = machine.receive(.started, at: start)
        _ = machine.receive(.stepEnded(1, nil), at: start)
        #expect(machine.receive(.pauseRequested, at: start) == [.stateChanged(.paused)])
        #expect(begun(machine.receive(.stepEnded(2, nil), at: start)) == [])
        #expect(begun(machine.receive(.stepEnded(3, nil), at: start)) == [])
        #expect(begun(machine.receive(.resumeRequested, at: start)) == [4, 5])
    }

    @Test("a step that is not answered fails; a late answer changes nothing")
    func unanswered() {
        var machine = Self.machine(Self.tree)
        _ = machine.receive(.started, at: start)
        #expect(machine.receive(.timePassed, at: start + .seconds(30)).isEmpty)
        _ = machine.receive(.timePassed, at: start + .seconds(31))
        #expect(machine.state == .failed)
        #expect(machine.problem?.code == "step.unanswered")
        #expect(machine.receive(.stepEnded(1, nil), at: start + .seconds(32)).isEmpty)
    }

    @Test("a machine that is restored anywhere goes on as if nothing had been", arguments: 0...6)
    func restored(count: Int) {
        var machine = Self.machine(Self.tree)
        let begun = machine
        _ = machine.receive(.started, at: start)
        for step in [1, 3, 2, 4, 5, 6].prefix(count) { _ = machine.receive(.stepEnded(step, nil), at: start) }
        for base in [begun, machine] {
            var restored = base
            restored.restore(steps: machine.steps, state: machine.state, problem: nil)
            #expect(self.begun(restored.underWay()) == machine.steps.filter { $0.state == .running }.map(\.step.id))
            #expect(self.begun(restored.receive(.started, at: start)) == [])
            for step in [1, 3, 2, 4, 5, 6].dropFirst(count) { _ = restored.receive(.stepEnded(step, nil), at: start) }
            #expect(restored.state == .succeeded)
        }
    }

    @Test("an empty plan succeeds, and a single step is a plan")
    func small() {
        var empty = Self.machine(.sequential(title: "", [.parallel(title: "", limit: 3, [])]))
        #expect(empty.receive(.started, at: start) == [.stateChanged(.succeeded)])
        var single = Self.machine(Self.step(1))
        #expect(begun(single.receive(.started, at: start)) == [1])
        #expect(single.receive(.stepEnded(1, nil), at: start).last == .stateChanged(.succeeded))
    }

    @Test("a hundred thousand steps cost time in proportion, also behind one that is slow")
    func linear() {
        let count = 100_000
        var machine = Self.machine(.parallel(title: "", limit: 20, (1...count).map(Self.step)))
        let clock = ContinuousClock()
        let time = clock.measure {
            _ = machine.receive(.started, at: start)
            for step in 2...count { _ = machine.receive(.stepEnded(step, nil), at: start) }
            _ = machine.receive(.stepEnded(1, nil), at: start)
        }
        #expect(machine.state == .succeeded)
        // Were it quadratic, it would take minutes.
        #expect(time < .seconds(20), "it took \(time)")
    }
}
