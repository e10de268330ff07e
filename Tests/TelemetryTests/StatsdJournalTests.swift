import Synchronization
import SystemPackage
import Testing

@testable import Telemetry

/// A server that takes agents' snapshots, with a disk that fails or stops wherever a test wants it to.
@Suite("statsd's journal")
struct StatsdJournalTests {
    private static let begin = StoreUnderTest.start
    private static let rules = [RetentionRule(pattern: "**", archives: [Archive(step: 10, retention: 86_400)])]
    private static let folder = FilePath("/statsd")

    /// A store and a statsd on it, as after a start.
    private final class Server {
        let test: StoreUnderTest
        let aggregator: StatsdAggregator
        let tally = StatsdTally(seed: 5)

        init(_ disk: TestDisk, now: Int64) throws {
            test = try StoreUnderTest(disk, now: now, rules: rules) { $0.durability = .whenAsked }
            let store = test.store
            aggregator = StatsdAggregator(settings: StatsdSettings(), sink: store, seed: 5)
            let (journal, contents) = try SnapshotJournal.open(folder, on: disk)
            aggregator.restore(
                contents,
                StatsdJournaling(journal: journal) { () throws(TelemetryProblem) in try store.sync() })
        }

        /// Whether an agent is told that its snapshot is there.
        func take(_ snapshot: StatsdSnapshot) -> Bool {
            do {
                let (_, position) = try aggregator.merge(snapshot, encoded: snapshot.encoded())
                try aggregator.journal?.journal.sync(through: position)
                return true
            } catch {
                return false
            }
        }

        func flush(at time: Int64) {
            test.time = time + 1
            try? aggregator.flush(tally, at: time)
            tally.clear()
        }
    }

    /// The snapshot of an agent: a counter, a timer and a gauge that goes up.
    private static func snapshot(_ agent: String, _ number: Int) -> StatsdSnapshot {
        let tally = StatsdTally(seed: 3)
        tally.start = (begin + Int64(number) * 10) * 1000
        tally.setClock(tally.start + 5)
        Array("c:\(number + 1)|c\nt:\(number)|ms\ng:+1|g".utf8).withUnsafeBytes { tally.receive($0) }
        return StatsdSnapshot(tally, agent: agent, interval: UInt64(1000 + number))
    }

    /// What two agents still have to send, in order.
    private final class Agents {
        var waiting: [[StatsdSnapshot]] = []
        private(set) var made = 0

        func gather(_ count: Int) {
            waiting = waiting.isEmpty ? [[], []] : waiting
            for _ in 0..<count {
                for agent in 0..<2 { waiting[agent].append(snapshot("host-\(agent)", made)) }
                made += 1
            }
        }

        /// Sends until one is not taken, as over a connection.
        func send(to server: Server) {
            for agent in waiting.indices {
                while let first = waiting[agent].first, server.take(first) { waiting[agent].removeFirst() }
            }
        }
    }

    private static let rounds = 4

    /// Some intervals, until the process is lost; then a new one on the same disk goes on to the end.
    private static func live(_ disk: TestDisk, powerLost: Bool, _ comment: Comment) async throws {
        let agents = Agents()
        var disk = disk
        var server = try? Server(disk, now: begin)
        for round in 0..<rounds {
            agents.gather(1)
            let time = begin + Int64(round + 1) * 10
            if disk.state.withLock({ $0.isStopped }) || server == nil {
                server = nil
                disk = disk.restarted(powerLost: powerLost)
                server = try Server(disk, now: time)
            }
            guard let server else { continue }
            agents.send(to: server)
            server.tally.receive(Array("own:1|c".utf8))
            server.flush(at: time)
        }
        // What is still on its way.
        server = nil
        let last = try Server(disk.restarted(powerLost: powerLost), now: begin + 1000)
        agents.send(to: last)
        #expect(agents.waiting == [[], []], comment)
        last.flush(at: begin + 1000)
        let expected = 2.0 * Double((1...rounds).reduce(0, +))
        let counts = try await last.test.read("stats.counters.c.count", from: begin, until: begin + 1010)
        #expect(counts.values.reduce(0, +) == expected, comment)
        let timers = try await last.test.read("stats.timers.t.count", from: begin, until: begin + 1010)
        #expect(timers.values.reduce(0, +) == Double(2 * rounds), comment)
        let gauge = try await last.test.read("stats.gauges.g", from: begin, until: begin + 1010)
        #expect(gauge.max { $0.key < $1.key }?.value == Double(2 * rounds), comment)
    }

    @Test(
        "a process that is lost at any byte or operation: what was acknowledged is there, and once",
        arguments: [false, true])
    func lost(powerLost: Bool) async throws {
        let whole = TestDisk()
        try await Self.live(whole, powerLost: false, "no loss")
        let operations = whole.operations.count
        for at in stride(from: powerLost ? 0 : 1, to: operations, by: 2) {
            let disk = TestDisk { number, _, _, _, _ in number == at ? .stop(after: 0) : nil }
            try await Self.live(disk, powerLost: powerLost, "lost at operation \(at)")
        }
        for at in stride(from: 0, to: whole.written, by: max(1, whole.written / 40)) {
            let disk = TestDisk { _, _, _, bytes, written in written + bytes > at ? .stop(after: at - written) : nil }
            try await Self.live(disk, powerLost: powerLost, "lost at byte \(at)")
        }
    }

    @Test("a disk that refuses for a while costs nothing that was acknowledged", arguments: [0, 7])
    func refusing(cut: Int) async throws {
        let whole = TestDisk()
        try await Self.live(whole, powerLost: false, "no fault")
        for at in stride(from: cut, to: whole.operations.count, by: 9) {
            for length in [2, 20] {
                let disk = TestDisk { number, operation, _, bytes, _ in
                    guard (at..<at + length).contains(number), [.append, .sync, .create].contains(operation) else {
                        return nil
                    }
                    return operation == .append && bytes > cut ? .cut(.noSpace, after: cut) : .refuse(.noSpace)
                }
                try await Self.live(disk, powerLost: false, "\(length) refused from operation \(at)")
            }
        }
    }

    @Test("a statsd that ends keeps what has come for the one that begins next")
    func ending() async throws {
        let disk = TestDisk()
        let server = try Server(disk, now: Self.begin)
        #expect(server.take(Self.snapshot("a", 0)))
        server.tally.receive(Array("c:5|c".utf8))
        #expect(server.aggregator.keep(server.tally))
        let next = try Server(disk.restarted(powerLost: true), now: Self.begin)
        #expect(next.take(Self.snapshot("a", 0)))
        next.flush(at: Self.begin + 10)
        let counts = try await next.test.read("stats.counters.c.count", from: Self.begin, until: Self.begin + 20)
        #expect(Array(counts.values) == [6])
    }

    @Test("the journal stays small, and gauges outlast it")
    func small() async throws {
        let disk = TestDisk()
        let server = try Server(disk, now: Self.begin)
        server.tally.receive(Array("level:41|g".utf8))
        let many = (0..<2000).map { "name.number.\($0):1|c" }.joined(separator: "\n")
        for round in 0..<120 {
            let tally = StatsdTally(seed: 3)
            tally.receive(Array(many.utf8))
            #expect(server.take(StatsdSnapshot(tally, agent: "a", interval: UInt64(round))))
            server.flush(at: Self.begin + 10 * Int64(round + 1))
        }
        let bytes = disk.state.withLock { state in
            state.files.filter { $0.key.hasPrefix(Self.folder.string) }.reduce(0) {
                $0 + $1.value.bytes.withLock { $0.count }
            }
        }
        #expect(bytes < 6 << 20)
        let next = try Server(disk.restarted(), now: Self.begin + 1300)
        next.tally.receive(Array("level:+1|g".utf8))
        next.flush(at: Self.begin + 1300)
        let level = try await next.test.read("stats.gauges.level", from: Self.begin + 1290, until: Self.begin + 1300)
        #expect(level[Self.begin + 1300] == 42)
    }
}

extension StatsdTally {
    func receive(_ bytes: [UInt8]) { bytes.withUnsafeBytes { receive($0) } }
}
