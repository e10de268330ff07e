import Core
import FoundationEssentials
import GRDB

/// Numbers that only rise.
enum Counter: String {
    case revision, compacted, lease

    func read(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT value FROM counter WHERE name = ?", arguments: [rawValue]) ?? 0
    }

    func write(_ database: Database, _ value: Int64) throws {
        try database.execute(sql: "UPDATE counter SET value = ? WHERE name = ?", arguments: [value, rawValue])
    }
}

/// What is there now.
enum EntryTable {
    private static let columns = "key, value, created, modified, version, lease"

    static func find(_ key: StateKey, in database: Database) throws -> StateEntry? {
        try Row.fetchOne(database, sql: "SELECT \(columns) FROM entry WHERE key = ?", arguments: [key.text]).map(entry)
    }

    static func find(_ range: KeyRange, limit: Int?, in database: Database) throws -> [StateEntry] {
        try Row.fetchAll(
            database,
            sql: "SELECT \(columns) FROM entry WHERE key >= ?1 AND (?2 IS NULL OR key < ?2) ORDER BY key LIMIT ?3",
            arguments: [range.lower, range.upper, limit ?? -1]
        ).map(entry)
    }

    static func keys(in range: KeyRange, _ database: Database) throws -> [StateKey] {
        try String.fetchAll(
            database, sql: "SELECT key FROM entry WHERE key >= ?1 AND (?2 IS NULL OR key < ?2) ORDER BY key",
            arguments: [range.lower, range.upper]
        ).map { try StateKey($0) }
    }

    static func put(_ entry: StateEntry, in database: Database) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO entry (\(columns)) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                entry.key.text, entry.value, entry.createRevision, entry.modRevision, entry.version,
                entry.lease?.number,
            ])
    }

    private static func entry(_ row: Row) throws -> StateEntry {
        StateEntry(
            key: try StateKey(row["key"]), value: row["value"], createRevision: row["created"],
            modRevision: row["modified"], version: row["version"], lease: (row["lease"] as Int64?).map { LeaseID($0) })
    }
}

/// What happened, for watches that look back.
enum HistoryTable {
    static func append(_ change: StateChange, in database: Database) throws {
        switch change.kind {
        case .put(let entry):
            try database.execute(
                sql: "INSERT INTO history (revision, key, value, created, version, lease) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    change.revision, change.key.text, entry.value, entry.createRevision, entry.version,
                    entry.lease?.number,
                ])
        case .delete:
            try database.execute(
                sql: "INSERT INTO history (revision, key) VALUES (?, ?)", arguments: [change.revision, change.key.text])
        }
    }

    /// - Returns: changes of whole revisions, `countMax` or a little more, and where to go on.
    static func changes(
        in range: KeyRange, from revision: Int64, countMax: Int, _ database: Database
    ) throws -> (changes: [StateChange], next: Int64) {
        let compacted = try Counter.compacted.read(database)
        guard revision > compacted else {
            throw Problem(
                "state.compacted", "The changes since then are no longer kept.",
                cause: "Revision \(revision) was asked for; history begins at \(compacted + 1).",
                remedy: "Read the whole range, and watch from the revision after it.")
        }
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT revision, key, value, created, version, lease FROM history
                WHERE revision >= ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3) ORDER BY revision, key
                """,
            arguments: [revision, range.lower, range.upper])
        var changes: [StateChange] = []
        while let row = try rows.next() {
            let change = try change(row)
            if changes.count >= countMax, let last = changes.last, last.revision != change.revision {
                return (changes, change.revision)
            }
            changes.append(change)
        }
        return (changes, max(revision, try Counter.revision.read(database) + 1))
    }

    private static func change(_ row: Row) throws -> StateChange {
        let key = try StateKey(row["key"])
        let revision: Int64 = row["revision"]
        guard let value = row["value"] as Data? else { return StateChange(revision: revision, key: key, kind: .delete) }
        let entry = StateEntry(
            key: key, value: value, createRevision: row["created"], modRevision: revision, version: row["version"],
            lease: (row["lease"] as Int64?).map { LeaseID($0) })
        return StateChange(revision: revision, key: key, kind: .put(entry))
    }
}
