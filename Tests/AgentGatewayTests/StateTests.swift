import Core
import FoundationEssentials
import Logging
import Testing
import Wire

@testable import Agent
@testable import ControlPlane

private func command(_ id: String, fence: Int64 = 1) -> AgentCommand {
    AgentCommand(id: CommandID(id), fence: fence, timeout: .seconds(5), operation: .cancel(CommandID("x")))
}

@Suite("The command ledger")
struct CommandLedgerTests {
    @Test("A command that arrives again is not carried out again: it runs, or its outcome is said")
    func again() {
        var ledger = CommandLedger()
        guard case .carryOut = ledger.receive(command("a")) else { return #expect(Bool(false)) }
        guard case .runs = ledger.receive(command("a")) else { return #expect(Bool(false)) }
        ledger.end(CommandID("a"), with: nil)
        guard case .ended(let outcome) = ledger.receive(command("a")) else { return #expect(Bool(false)) }
        #expect(outcome.problem == nil)
        ledger.acknowledge(CommandID("a"))
        #expect(ledger.pending.isEmpty)
        guard case .ended = ledger.receive(command("a")) else { return #expect(Bool(false)) }
    }

    @Test("A command of a lease before is refused, also after a restart")
    func fence() throws {
        var ledger = CommandLedger()
        _ = ledger.receive(command("a", fence: 7))
        ledger = try JSONDecoder().decode(CommandLedger.self, from: JSONEncoder().encode(ledger))
        guard case .outdated(let problem) = ledger.receive(command("b", fence: 6)) else { return #expect(Bool(false)) }
        #expect(problem.code == "command.outdated")
        // The server that leads may give a command of the same name.
        guard case .carryOut = ledger.receive(command("b", fence: 7)) else { return #expect(Bool(false)) }
        guard case .carryOut = ledger.receive(command("a", fence: 7)) else { return #expect(Bool(false)) }
    }

    @Test("What it remembers is bounded")
    func bounded() {
        var ledger = CommandLedger()
        for number in 0..<CommandLedger.runningMax { _ = ledger.receive(command("\(number)")) }
        guard case .ended(let outcome) = ledger.receive(command("more")) else { return #expect(Bool(false)) }
        #expect(outcome.problem?.code == "command.too-many")
        for number in 0..<CommandLedger.runningMax { ledger.end(CommandID("\(number)"), with: nil) }
        for outcome in ledger.pending { ledger.acknowledge(outcome.command) }
        #expect(ledger.pending.isEmpty)
    }
}

@Suite("Reconnecting")
struct ReconnectionTests {
    @Test("Waits grow from 100 ms to 5 s, and half of each is drawn by lot")
    func waits() {
        var machine = Reconnection()
        let start = Instant(milliseconds: 0)
        #expect(machine.receive(.started, at: start, lot: 0) == .connect)
        let waits = (0..<8).map { _ in machine.receive(.ended, at: start, lot: 1) }
        #expect(waits == [100, 200, 400, 800, 1600, 3200, 5000, 5000].map { .wait(Interval(milliseconds: $0)) })
        #expect(machine.receive(.ended, at: start, lot: 0) == .wait(Interval(milliseconds: 2500)))
        #expect(machine.receive(.waited, at: start, lot: 0) == .connect)
    }

    @Test("Only a connection that lasted makes the next wait short")
    func lasting() {
        var machine = Reconnection()
        for _ in 0..<5 { _ = machine.receive(.ended, at: Instant(milliseconds: 0), lot: 1) }
        #expect(machine.receive(.connected, at: Instant(milliseconds: 0), lot: 1) == nil)
        #expect(machine.receive(.ended, at: Instant(milliseconds: 10), lot: 1) == .wait(Interval(milliseconds: 3200)))
        _ = machine.receive(.connected, at: Instant(milliseconds: 20), lot: 1)
        #expect(machine.receive(.ended, at: Instant(milliseconds: 9000), lot: 1) == .wait(Interval(milliseconds: 100)))
    }

    @Test("A server that refuses is asked again slowly")
    func refused() {
        var machine = Reconnection()
        #expect(machine.receive(.refused, at: Instant(milliseconds: 0), lot: 1) == .wait(.seconds(5)))
    }
}

@Suite("Buffered events")
final class EventBufferTests {
    private let folder = TemporaryFolder()
    private let now = Instant(milliseconds: 1)

    private func open(eventsMax: Int = 100) throws -> EventBuffer {
        try EventBuffer(folder: folder.path, eventsMax: eventsMax, logger: quiet)
    }

    @Test("Events survive the agent, and acknowledged ones do not come back")
    func survive() throws {
        var events = try open()
        for number in 1...3 { events.record(.crashLoop, text: "\(number)", at: now) }
        events.acknowledge(through: 1)
        events = try open()
        #expect(events.events(after: 0, max: 10).map(\.text) == ["2", "3"])
        events.acknowledge(through: 3)
        events = try open()
        events.record(.crashLoop, text: "4", at: now)
        #expect(events.events(after: 0, max: 10).map(\.sequence) == [4])
    }

    @Test("The oldest are dropped and counted when there are too many")
    func bounded() throws {
        let events = try open(eventsMax: 10)
        for number in 1...25 { events.record(.crashLoop, text: "\(number)", at: now) }
        #expect(events.events(after: 0, max: 100).map(\.sequence) == Array(16...25))
        #expect(events.droppedCount == 15)
    }

    @Test("A line that a crash cut short is left out")
    func torn() throws {
        var events = try open()
        events.record(.crashLoop, text: "whole", at: now)
        let path = "\(folder.path)/events.jsonl"
        let bytes = try #require(try PrivateFile.read(path))
        try PrivateFile.write(bytes + Array(#"{"sequence":2,"at"#.utf8), to: path)
        events = try open()
        #expect(events.events(after: 0, max: 10).map(\.text) == ["whole"])
    }
}

@Suite("Commands that wait for a host")
struct CommandQueuesTests {
    @Test("A command that is given twice waits once, in its place, until it is removed")
    func order() throws {
        let host = try HostName("web-1")
        var queues = CommandQueues()
        #expect(try queues.add(command("a"), for: host))
        #expect(try queues.add(command("b"), for: host))
        #expect(try !queues.add(command("a"), for: host))
        #expect(queues.waiting(for: host).map(\.id.text) == ["a", "b"])
        queues.remove(CommandID("a"), for: host)
        #expect(queues.waiting(for: host).map(\.id.text) == ["b"])
    }

    @Test("A queue that nobody reads is full at some time")
    func full() throws {
        let host = try HostName("web-1")
        var queues = CommandQueues()
        for number in 0..<CommandQueues.commandsMax { _ = try queues.add(command("\(number)"), for: host) }
        #expect(throws: Problem.self) { try queues.add(command("more"), for: host) }
    }
}
