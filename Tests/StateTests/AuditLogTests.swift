@testable import ControlPlane
import Core
import FoundationEssentials
import GRDB
import Testing

@Suite("The audit log is written before the action, and never changed")
struct AuditLogTests {
    private let folder = TemporaryFolder()
    private let clock = ManualClock()

    private func log() throws -> (StateDatabase, AuditLog) {
        let clock = clock
        let database = try StateDatabase(path: folder.file("state.db"))
        return (database, try AuditLog(database: database) { clock.now() })
    }

    private func action(_ what: String, _ subject: String, who: String = "ann") -> AuditAction {
        AuditAction(who: who, role: "deployer", what: what, subject: subject)
    }

    @Test("An action is two rows, and an unfinished one shows") func tickets() async throws {
        let (_, log) = try log()
        let ticket = try await log.record(before: action("deploy", "app/shop"))
        #expect(try await log.entries().map(\.outcome) == [.started])
        try await ticket.complete(.succeeded)
        let entries = try await log.entries()
        #expect(entries.map(\.outcome) == [.succeeded, .started])
        #expect(entries[0].concerns == entries[1].sequence)
        let problem = Problem("x.y", "No.", cause: "Because.", remedy: "Do.")
        #expect(
            await code { try await log.recording(action("scale", "app/shop")) { () throws(Problem) in throw problem } }
                == "x.y")
        #expect(try await log.entries(limit: 1).first?.outcome == .failed(problem))
        try await log.record(refused: action("drain", "host/a"), problem)
        #expect(try await log.verify().sequence == 5)
    }

    @Test("Entries are filtered and paged") func filters() async throws {
        let (_, log) = try log()
        for index in 1...6 {
            _ = try await log.record(
                before: action(index % 2 == 0 ? "deploy" : "scale", index < 4 ? "app/shop/web" : "app/shopper"))
            clock.advance(.seconds(1))
        }
        #expect(try await log.entries(AuditFilter(subject: "app/shop")).count == 3)
        #expect(try await log.entries(AuditFilter(what: "deploy")).map(\.sequence) == [6, 4, 2])
        #expect(try await log.entries(before: 4, limit: 2).map(\.sequence) == [3, 2])
        #expect(try await log.entries(AuditFilter(who: "' OR 1=1 --")).isEmpty)
        let start = Instant(milliseconds: 1_700_000_000_000)
        #expect(
            try await log.entries(AuditFilter(since: start + .seconds(2), until: start + .seconds(4))).map(\.sequence)
                == [4, 3])
    }

    @Test("A stream has what was and what comes") func streams() async throws {
        let (_, log) = try log()
        _ = try await log.record(before: action("deploy", "app/a"))
        var iterator = log.stream(after: 0).makeAsyncIterator()
        #expect(try await iterator.next()?.map(\.sequence) == [1])
        _ = try await log.record(before: action("deploy", "app/b"))
        #expect(try await iterator.next()?.map(\.sequence) == [2])
        log.close()
        #expect(try await iterator.next() == nil)
    }

    @Test("Rows cannot be changed, and a change made around the lock shows") func tampering() async throws {
        let (database, log) = try log()
        for name in ["a", "b", "c"] { _ = try await log.record(before: action("deploy", "app/\(name)")) }
        #expect(await code { try await database.write { try $0.execute(sql: "UPDATE audit SET who = 'bob'") } } != nil)
        #expect(await code { try await database.write { try $0.execute(sql: "DELETE FROM audit") } } != nil)
        let head = try await log.verify()
        #expect(head.sequence == 3)
        try await database.write { database in
            try database.execute(sql: "DROP TRIGGER audit_is_not_updated")
            try database.execute(sql: "UPDATE audit SET who = 'bob' WHERE sequence = 2")
        }
        #expect(await code { _ = try await log.verify() } == "audit.broken")
    }
}
