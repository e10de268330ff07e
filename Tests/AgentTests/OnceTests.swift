import Core
import Testing
import Wire

@testable import Agent

@Suite("What runs once")
struct OnceTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

    private func started() -> Supervisor {
        var supervisor = Supervisor(policy: .init(probe: nil, stop: StopSpec(), runsOnce: true))
        #expect(supervisor.receive(.startRequested, at: at(0)) == [.spawn])
        #expect(supervisor.receive(.started(processID: 9), at: at(0)) == [])
        return supervisor
    }

    @Test("It is done when it has ended with 0, and not while it runs")
    func done() {
        var supervisor = started()
        #expect(!supervisor.isReady)
        #expect(supervisor.receive(.ended(.exited(0)), at: at(90_000)) == [])
        #expect(supervisor.isReady && supervisor.processID == nil && supervisor.restarts == 0)
        #expect(supervisor.receive(.stopRequested, at: at(91_000)) == [])
        #expect(supervisor.isIdle)
    }

    @Test(
        "Any other end is its failure, and it is not started again",
        arguments: [Supervisor.End.exited(3), .signalled(9), .outOfMemory, .unknown, .notStarted("exec")])
    func failed(end: Supervisor.End) {
        var supervisor = started()
        #expect(supervisor.receive(.ended(end), at: at(10)) == [.report(.instanceEnded, end.text)])
        #expect(!supervisor.isReady && supervisor.failure == end.text && supervisor.health == .unhealthy)
    }

    @Test("It is stopped like every other, and what an earlier agent started goes on")
    func stopped() {
        var supervisor = Supervisor(policy: .init(probe: nil, stop: StopSpec(), runsOnce: true))
        _ = supervisor.receive(.startRequested, at: at(0))
        #expect(supervisor.receive(.adopted(processID: 7, health: .starting), at: at(5)) == [])
        #expect(supervisor.receive(.stopRequested, at: at(10)).first == .signal(.term))
        #expect(supervisor.receive(.ended(.signalled(15)), at: at(20)) == [])
        #expect(supervisor.isIdle)
    }
}
