import Core
import FoundationEssentials
import GRDB
import Glibc
import SystemPackage

/// How the state file begins, and what must be true of it. `docs/formats/state.md` has the tables.
enum StateFile {
    private static let magic = Array("SQLite format 3\0".utf8)
    private static let applicationIDOffset = 68

    static func isMissing(_ path: String) throws -> Bool {
        do {
            _ = try FilePath(path).stat()
            return false
        } catch Errno.noSuchFileOrDirectory {
            return true
        } catch {
            throw unavailable(path)
        }
    }

    /// Makes the file beside its place and renames it there, so that a file with our name is
    /// always a whole one.
    static func create(_ path: String) throws {
        let draft = path + ".new"
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(draft + suffix) }
        var configuration = Configuration()
        configuration.label = "apus.state.new"
        let queue = try DatabaseQueue(path: draft, configuration: configuration)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA application_id = \(StateDatabase.applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(StateDatabase.formatVersion)")
            try database.inTransaction {
                try database.execute(sql: schema)
                return .commit
            }
        }
        try queue.close()
        chmod(draft, 0o600)
        guard rename(draft, path) == 0 else { throw unavailable(path) }
        try synchronizeFolder(of: path)
    }

    /// Looks at the header before SQLite touches the file: opening a stranger's would change it.
    static func check(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unavailable(path) }
        defer { _ = Glibc.close(descriptor) }
        var header = [UInt8](repeating: 0, count: 100)
        let count = Glibc.read(descriptor, &header, header.count)
        guard count == header.count, Array(header.prefix(magic.count)) == magic else {
            throw foreign(path, "It is not an SQLite file.")
        }
        let found = header[applicationIDOffset..<applicationIDOffset + 4].reduce(Int32(0)) { $0 << 8 | Int32($1) }
        guard found == StateDatabase.applicationID else {
            throw foreign(path, "It is an SQLite file of another program (application id \(found)).")
        }
        try WriteAheadLogCheck.check(path + "-wal")
        // Read only: a damaged file is evidence.
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "apus.state.check"
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.read(checkContents)
        try queue.close()
    }

    private static func checkContents(_ database: Database) throws {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version == StateDatabase.formatVersion else {
            throw Problem(
                "state.newer", "The state file was written by another version of Apus.",
                cause: "Its format is \(version); this version reads \(StateDatabase.formatVersion).",
                remedy: "Run the version that wrote it.")
        }
        let faults = try String.fetchAll(database, sql: "PRAGMA quick_check(5)")
        guard faults == ["ok"] else { throw StateDatabase.corrupt(faults.joined(separator: "; ")) }
        let tables = Set(try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'"))
        guard tables.isSuperset(of: ["counter", "entry", "history", "lease", "audit"]) else {
            throw StateDatabase.corrupt("A table is missing.")
        }
    }

    private static func synchronizeFolder(of path: String) throws {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let descriptor = open(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder, O_RDONLY | O_DIRECTORY)
        guard descriptor >= 0 else { throw unavailable(path) }
        defer { _ = Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw unavailable(path) }
    }

    private static func unavailable(_ path: String) -> Problem {
        Problem(
            "state.unavailable", "The state file cannot be opened.",
            cause: "\(quotedForMessage(path, lengthMax: 200)): \(String(cString: strerror(errno))).",
            remedy: "Check that the file and its folder are there and can be written.")
    }

    private static func foreign(_ path: String, _ cause: String) -> Problem {
        Problem(
            "state.foreign", "This is not a state file of Apus, and is left as it is.",
            cause: "\(quotedForMessage(path, lengthMax: 200)) was found. \(cause)",
            remedy: "Give the path of a state file, or of a file that is not there yet.")
    }

    private static let schema = """
        CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO counter VALUES ('revision', 0), ('compacted', 0), ('lease', 0);
        CREATE TABLE lease (id INTEGER PRIMARY KEY, ttl INTEGER NOT NULL) STRICT;
        CREATE TABLE entry (
            key TEXT PRIMARY KEY, value BLOB NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
            version INTEGER NOT NULL, lease INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX entry_lease ON entry (lease) WHERE lease IS NOT NULL;
        CREATE TABLE history (
            revision INTEGER NOT NULL, key TEXT NOT NULL, value BLOB, created INTEGER, version INTEGER, lease INTEGER,
            PRIMARY KEY (revision, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
            subject TEXT NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL
        ) STRICT;
        CREATE TRIGGER audit_is_not_updated BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
        CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
        """
}
