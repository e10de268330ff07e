package import Core
import FoundationEssentials
import GRDB
import ServiceLifecycle
import Synchronization

/// The state store in an SQLite file: the embedded default of the state seam.
///
/// As a service it ends leases whose time is over and forgets old history; without being run, it
/// does so when `tick()` is called.
package final class SQLiteStateStore: StateStore, Service {
    /// How many revisions a watch can look back.
    package static let historyMax: Int64 = 10_000
    private static let tickInterval = Duration.milliseconds(500)
    /// Most changes in one element of a watch.
    private static let watchBatchMax = 500
    private static let compactionStep: Int64 = 100

    private let database: StateDatabase
    private let now: @Sendable () -> Instant
    private let signal: RevisionSignal
    private let leases: Mutex<LeaseTable>
    private let compacted = Mutex<Int64>(0)

    /// - Parameter now: the wall clock.
    package init(database: StateDatabase, now: @escaping @Sendable () -> Instant) throws(Problem) {
        self.database = database
        self.now = now
        let (revision, found) = try database.readBlocking { database in
            (
                try Counter.revision.read(database),
                try Row.fetchAll(database, sql: "SELECT id, ttl FROM lease").map {
                    ($0["id"] as Int64, $0["ttl"] as Int64)
                }
            )
        }
        signal = RevisionSignal(revision)
        // A lease does not end because the server was away: its holder gets the whole time again.
        let start = now()
        var table = LeaseTable(at: start)
        for (id, milliseconds) in found {
            table.grant(LeaseID(id), for: Interval(milliseconds: milliseconds), at: start)
        }
        leases = Mutex(table)
    }

    package func run() async throws {
        while !Task.isShuttingDownGracefully && !Task.isCancelled {
            // A full disk must not end the server: the next round tries again.
            try? await tick()
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.tickInterval) }
        }
    }

    /// Ends watches. The database is closed by whoever opened it.
    package func close() { signal.close() }

    /// Deletes the keys of leases whose time is over, and history that is older than `historyMax`.
    package func tick() async throws(Problem) {
        let ended = leases.withLock { table in
            table.tick(at: now())
            return table.ended
        }
        if !ended.isEmpty { try await deleteKeys(of: ended) }
        let horizon = signal.current - Self.historyMax
        // In steps, so that not every tick pays for it.
        guard horizon >= compacted.withLock({ $0 }) + Self.compactionStep else { return }
        try await compact(through: horizon)
    }

    /// Forgets history up to a revision: a watch from before it throws `state.compacted`.
    package func compact(through revision: Int64) async throws(Problem) {
        try await database.write { database in
            guard try Counter.compacted.read(database) < revision else { return }
            try database.execute(sql: "DELETE FROM history WHERE revision <= ?", arguments: [revision])
            try Counter.compacted.write(database, revision)
        }
        compacted.withLock { $0 = max($0, revision) }
    }

    package func get(_ key: StateKey) async throws(Problem) -> StateEntry? {
        try await database.read { database in try EntryTable.find(key, in: database) }
    }

    package func range(_ range: KeyRange, limit: Int?) async throws(Problem) -> StateRange {
        try await database.read { database in
            var entries = try EntryTable.find(range, limit: limit.map { max(0, $0) + 1 }, in: database)
            let hasMore = limit.map { entries.count > max(0, $0) } ?? false
            if hasMore { entries.removeLast() }
            return StateRange(revision: try Counter.revision.read(database), entries: entries, hasMore: hasMore)
        }
    }

    package func transact(_ transaction: StateTransaction) async throws(Problem) -> TransactionResult {
        try transaction.check()
        try refuseEndedLeases(of: transaction)
        let result = try await database.write { database in
            try TransactionWriter.carryOut(transaction, in: database)
        }
        signal.raise(to: result.revision)
        return result
    }

    package func watch(_ range: KeyRange, from revision: Int64?) -> AsyncThrowingStream<[StateChange], any Error> {
        let next = Mutex(max(1, revision ?? signal.current + 1))
        return AsyncThrowingStream { [database, signal] in
            while await signal.wait(above: next.withLock { $0 } - 1) {
                let from = next.withLock { $0 }
                let batch = try await database.read { database in
                    try HistoryTable.changes(in: range, from: from, countMax: Self.watchBatchMax, database)
                }
                next.withLock { $0 = batch.next }
                if !batch.changes.isEmpty { return batch.changes }
            }
            return nil
        }
    }

    package func grantLease(for timeToLive: Interval) async throws(Problem) -> Lease {
        guard (1...86_400_000).contains(timeToLive.milliseconds) else {
            throw Problem(
                "state.lease-invalid", "The lease was not granted.", cause: "It would last \(timeToLive).",
                remedy: "Ask for one millisecond to one day.")
        }
        let id = try await database.write { database in
            let id = try Counter.lease.read(database) + 1
            try Counter.lease.write(database, id)
            try database.execute(sql: "INSERT INTO lease VALUES (?, ?)", arguments: [id, timeToLive.milliseconds])
            return LeaseID(id)
        }
        leases.withLock { $0.grant(id, for: timeToLive, at: now()) }
        return Lease(id: id, timeToLive: timeToLive)
    }

    package func keepAlive(_ lease: LeaseID) async throws(Problem) {
        guard leases.withLock({ $0.keepAlive(lease, at: now()) }) else { throw LeaseTable.ended(lease) }
    }

    package func revokeLease(_ lease: LeaseID) async throws(Problem) {
        leases.withLock { $0.end(lease) }
        try await deleteKeys(of: [lease])
    }

    /// A lease that is over takes no more keys, even before its own are deleted.
    private func refuseEndedLeases(of transaction: StateTransaction) throws(Problem) {
        for operation in transaction.success + transaction.failure {
            if case .put(_, _, let lease?) = operation {
                let isHeld = leases.withLock { table in
                    table.tick(at: now())
                    return table.isHeld(lease)
                }
                guard isHeld else { throw LeaseTable.ended(lease) }
            }
        }
    }

    private func deleteKeys(of ended: Set<LeaseID>) async throws(Problem) {
        let revision = try await database.write { database in
            try TransactionWriter.endLeases(ended.sorted(), in: database)
        }
        leases.withLock { $0.forget(ended) }
        signal.raise(to: revision)
    }
}

extension LeaseTable {
    static func ended(_ lease: LeaseID) -> Problem {
        Problem(
            "state.lease-ended", "Nothing was done: the lease is over.",
            cause: "Lease \(lease) was not kept alive in time, or was given back.",
            remedy: "Begin again with a new lease, and look at what happened since.")
    }
}
