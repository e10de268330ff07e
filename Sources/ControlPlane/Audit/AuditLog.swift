import Crypto
package import Core
import FoundationEssentials
import GRDB
import Synchronization

/// The append-only record of every action, in the state file's own table.
///
/// Each row's hash covers the row and the hash before it, so that a row that was changed or taken
/// out later shows in `verify()`. SQLite refuses updates and deletes of the table by trigger.
package final class AuditLog: Sendable {
    /// The end of the chain: kept elsewhere, it shows whether the log's tail was cut off.
    package struct Head: Codable, Hashable, Sendable {
        package var sequence: Int64
        package var hash: Core.Digest
    }

    private static let streamBatchMax = 200
    private static let emptyHash = Data(count: SHA256.byteCount)

    private let database: StateDatabase
    private let now: @Sendable () -> Instant
    private let signal: RevisionSignal

    package init(database: StateDatabase, now: @escaping @Sendable () -> Instant) throws(Problem) {
        self.database = database
        self.now = now
        signal = RevisionSignal(
            try database.readBlocking { database in
                try Int64.fetchOne(database, sql: "SELECT max(sequence) FROM audit") ?? 0
            })
    }

    /// Writes the action down, on the disk, before it is done.
    /// - Throws: when it cannot be written; the action must not be done then.
    package func record(before action: AuditAction) async throws(Problem) -> AuditTicket {
        let entry = try await append(action, .started, concerns: nil)
        return AuditTicket(log: self, started: entry)
    }

    /// Writes down what was not allowed, and so not done.
    package func record(refused action: AuditAction, _ problem: Problem) async throws(Problem) {
        _ = try await append(action, .refused(problem), concerns: nil)
    }

    /// Records, does, and records how it ended.
    package nonisolated(nonsending) func recording<Value: Sendable>(
        _ action: AuditAction, _ body: nonisolated(nonsending) () async throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        let ticket = try await record(before: action)
        do {
            let value = try await body()
            try await ticket.complete(.succeeded)
            return value
        } catch {
            try await ticket.complete(.failed(error))
            throw error
        }
    }

    /// The newest entries first.
    /// - Parameter sequence: only entries before this one: the last of the page before.
    package func entries(
        _ filter: AuditFilter = AuditFilter(), before sequence: Int64? = nil, limit: Int = 100
    ) async throws(Problem) -> [AuditEntry] {
        try await database.read { database in
            try Data.fetchAll(
                database,
                sql: """
                    SELECT body FROM audit
                    WHERE (?1 IS NULL OR sequence < ?1) AND (?2 IS NULL OR who = ?2) AND (?3 IS NULL OR what = ?3)
                    AND (?4 IS NULL OR subject = ?4 OR substr(subject, 1, length(?4) + 1) = ?4 || '/')
                    AND (?5 IS NULL OR at >= ?5) AND (?6 IS NULL OR at < ?6)
                    ORDER BY sequence DESC LIMIT ?7
                    """,
                arguments: [
                    sequence, filter.who, filter.what, filter.subject, filter.since?.milliseconds,
                    filter.until?.milliseconds, max(0, limit),
                ]
            ).map(Self.entry)
        }
    }

    /// Entries behind `sequence` (nil: from now on), as they come. Ends when the log is closed.
    package func stream(after sequence: Int64?) -> AsyncThrowingStream<[AuditEntry], any Error> {
        let last = Mutex(sequence ?? signal.current)
        return AsyncThrowingStream { [database, signal] in
            let after = last.withLock { $0 }
            guard await signal.wait(above: after) else { return nil }
            let entries = try await database.read { database in
                try Data.fetchAll(
                    database, sql: "SELECT body FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?",
                    arguments: [after, Self.streamBatchMax]
                ).map(Self.entry)
            }
            last.withLock { $0 = entries.last?.sequence ?? after }
            return entries
        }
    }

    /// Walks the whole chain.
    /// - Throws: `audit.broken` at the first row that is not as it was written.
    package func verify() async throws(Problem) -> Head {
        try await database.read { database in
            var head = Head(sequence: 0, hash: Core.Digest(bytes: Self.emptyHash))
            var previous = Self.emptyHash
            let rows = try Row.fetchCursor(
                database, sql: "SELECT sequence, at, who, what, subject, body, hash FROM audit ORDER BY sequence")
            while let row = try rows.next() {
                let sequence: Int64 = row["sequence"]
                let body: Data = row["body"]
                let hash: Data = row["hash"]
                guard sequence == head.sequence + 1 else { throw Self.broken(head.sequence + 1, "It is missing.") }
                guard hash == Self.hash(previous, body) else { throw Self.broken(sequence, "Its hash is another.") }
                let entry = try Self.entry(body)
                let isSame =
                    entry.sequence == sequence && entry.at.milliseconds == row["at"] as Int64
                    && entry.action.who == row["who"] as String && entry.action.what == row["what"] as String
                    && entry.action.subject == row["subject"] as String
                guard isSame else { throw Self.broken(sequence, "Its columns say something else than its body.") }
                previous = hash
                head = Head(sequence: sequence, hash: Core.Digest(bytes: hash))
            }
            return head
        }
    }

    package func close() { signal.close() }

    /// To write the end of an action down that was begun before this run of the server.
    func ticket(of started: AuditEntry) -> AuditTicket { AuditTicket(log: self, started: started) }

    fileprivate func append(
        _ action: AuditAction, _ outcome: AuditEntry.Outcome, concerns: Int64?
    ) async throws(Problem) -> AuditEntry {
        let at = now()
        let entry = try await database.write { database in
            let last = try Row.fetchOne(
                database, sql: "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
            let sequence = (last?["sequence"] as Int64? ?? 0) + 1
            let entry = AuditEntry(sequence: sequence, at: at, action: action, outcome: outcome, concerns: concerns)
            let body = try StateJSON.encode(entry)
            try database.execute(
                sql: "INSERT INTO audit (sequence, at, who, what, subject, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    sequence, at.milliseconds, action.who, action.what, action.subject, body,
                    Self.hash(last?["hash"] as Data? ?? Self.emptyHash, body),
                ])
            return entry
        }
        signal.raise(to: entry.sequence)
        return entry
    }

    private static func hash(_ previous: Data, _ body: Data) -> Data {
        var hash = SHA256()
        hash.update(data: previous)
        hash.update(data: body)
        return Data(hash.finalize())
    }

    private static func entry(_ body: Data) throws -> AuditEntry {
        try JSONDecoder().decode(AuditEntry.self, from: body)
    }

    private static func broken(_ sequence: Int64, _ cause: String) -> Problem {
        Problem(
            "audit.broken", "The audit log is not as it was written.", cause: "Row \(sequence): \(cause)",
            remedy: "Compare it with a backup, and find out who could write to the state file.")
    }
}

/// An action that is written down and under way.
package struct AuditTicket: Sendable {
    private let log: AuditLog
    package let started: AuditEntry

    fileprivate init(log: AuditLog, started: AuditEntry) {
        self.log = log
        self.started = started
    }

    /// Writes down how it ended.
    package func complete(_ outcome: AuditEntry.Outcome) async throws(Problem) {
        _ = try await log.append(started.action, outcome, concerns: started.sequence)
    }
}
