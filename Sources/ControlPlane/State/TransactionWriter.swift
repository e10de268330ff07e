import Core
import FoundationEssentials
import GRDB

/// Carries out transactions inside one of SQLite's.
struct TransactionWriter {
    private let database: Database
    private let revision: Int64
    private var changeCount = 0
    private var deleted = 0

    static func carryOut(_ transaction: StateTransaction, in database: Database) throws -> TransactionResult {
        let succeeded = try transaction.compare.allSatisfy { try holds($0, in: database) }
        var writer = try TransactionWriter(database)
        for operation in succeeded ? transaction.success : transaction.failure { try writer.carryOut(operation) }
        return TransactionResult(succeeded: succeeded, revision: try writer.end(), deleted: writer.deleted)
    }

    /// - Returns: the store's revision afterwards.
    static func endLeases(_ leases: [LeaseID], in database: Database) throws -> Int64 {
        var writer = try TransactionWriter(database)
        for lease in leases {
            let keys = try String.fetchAll(
                database, sql: "SELECT key FROM entry WHERE lease = ? ORDER BY key", arguments: [lease.number])
            for key in keys { try writer.delete(StateKey(key)) }
            try database.execute(sql: "DELETE FROM lease WHERE id = ?", arguments: [lease.number])
        }
        return try writer.end()
    }

    private init(_ database: Database) throws {
        self.database = database
        revision = try Counter.revision.read(database) + 1
    }

    /// Raises the revision, if anything was changed.
    private func end() throws -> Int64 {
        guard changeCount > 0 else { return revision - 1 }
        try Counter.revision.write(database, revision)
        return revision
    }

    private mutating func carryOut(_ operation: Operation) throws {
        switch operation {
        case .put(let key, let value, let lease): try put(key, value, lease)
        case .delete(let key):
            if try EntryTable.find(key, in: database) != nil { try delete(key) }
        case .deleteRange(let range):
            for key in try EntryTable.keys(in: range, database) { try delete(key) }
        }
    }

    private mutating func put(_ key: StateKey, _ value: Data, _ lease: LeaseID?) throws {
        if let lease {
            let row = try Row.fetchOne(database, sql: "SELECT id FROM lease WHERE id = ?", arguments: [lease.number])
            guard row != nil else { throw LeaseTable.ended(lease) }
        }
        let found = try EntryTable.find(key, in: database)
        let entry = StateEntry(
            key: key, value: value, createRevision: found?.createRevision ?? revision, modRevision: revision,
            version: (found?.version ?? 0) + 1, lease: lease)
        try EntryTable.put(entry, in: database)
        try HistoryTable.append(StateChange(revision: revision, key: key, kind: .put(entry)), in: database)
        changeCount += 1
    }

    private mutating func delete(_ key: StateKey) throws {
        try database.execute(sql: "DELETE FROM entry WHERE key = ?", arguments: [key.text])
        try HistoryTable.append(StateChange(revision: revision, key: key, kind: .delete), in: database)
        changeCount += 1
        deleted += 1
    }

    private static func holds(_ comparison: Comparison, in database: Database) throws -> Bool {
        switch comparison {
        case .exists(let key): try EntryTable.find(key, in: database) != nil
        case .absent(let key): try EntryTable.find(key, in: database) == nil
        case .modRevision(let key, let revision): try EntryTable.find(key, in: database)?.modRevision == revision
        case .version(let key, let version): try EntryTable.find(key, in: database)?.version == version
        case .lease(let key, let lease): try EntryTable.find(key, in: database)?.lease == lease
        }
    }
}
