package import Core
import FoundationEssentials
import GRDB
import Glibc
import Synchronization

/// The SQLite file that holds the state and the audit log of a control plane.
///
/// Whatever a write has answered is on the disk (WAL, `synchronous=FULL`). One process at a time
/// owns the file. After the first sign of corruption or of a disk that does not keep what it was
/// given, every further call is refused with the same problem.
package final class StateDatabase: Sendable {
    /// `APUS` in the file's header: what tells our file from a stranger's.
    static let applicationID: Int32 = 0x4150_5553
    static let formatVersion = 1

    private let pool: DatabasePool
    private let ownership: FileOwnership
    private let refusal = Mutex<Problem?>(nil)

    /// Opens the file, making it when there is none.
    /// - Throws: `state.in-use`, `state.foreign`, `state.newer`, `state.corrupt`,
    ///   `state.unavailable`.
    package init(path: String) throws(Problem) {
        ownership = try FileOwnership(path: path + ".lock")
        do {
            if try StateFile.isMissing(path) { try StateFile.create(path) }
            try StateFile.check(path)
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            configuration.label = "apus.state"
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                // GRDB sets NORMAL, which may lose the last commits in a power cut.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
        } catch {
            throw Self.problem(for: error)
        }
    }

    /// Ends every access. What was answered before is kept; what comes later is refused.
    package func close() throws(Problem) {
        // Moves the log into the file, so that the file alone is a whole copy. It is only for
        // convenience: the next start reads the log as well.
        _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        do { try pool.close() } catch { throw Self.problem(for: error) }
        ownership.release()
    }

    /// Runs in a transaction, whole or not at all. A cancelled task does not cut it short, so
    /// that a caller never has to wonder whether it was done.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(Problem) -> Value {
        try refuseAfterCorruption()
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            pool.asyncWrite(body) { _, result in continuation.resume(returning: result) }
        }
        return try unwrap(result)
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(Problem) -> Value {
        try refuseAfterCorruption()
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            pool.asyncRead { access in
                continuation.resume(returning: Result { try body(access.get()) })
            }
        }
        return try unwrap(result)
    }

    /// For values that are needed while objects are put together.
    func readBlocking<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws(Problem) -> Value {
        do { return try pool.read(body) } catch { throw Self.problem(for: error) }
    }

    private func refuseAfterCorruption() throws(Problem) {
        if let problem = refusal.withLock({ $0 }) { throw problem }
    }

    private func unwrap<Value>(_ result: Result<Value, any Error>) throws(Problem) -> Value {
        switch result {
        case .success(let value): return value
        case .failure(let error):
            let problem = Self.problem(for: error)
            if problem.code == "state.corrupt" || problem.code == "state.disk-failed" {
                refusal.withLock { $0 = $0 ?? problem }
            }
            throw problem
        }
    }

    static func problem(for error: any Error) -> Problem {
        if let problem = error as? Problem { return problem }
        guard let error = error as? DatabaseError else {
            return Problem(
                "state.failed", "The state could not be read or written.", cause: "\(error)",
                remedy: "Report this with the server's log.")
        }
        let cause = "SQLite says: \(error.message ?? "no message") (\(error.extendedResultCode.rawValue))."
        switch error.resultCode {
        case .SQLITE_FULL:
            return Problem(
                "state.full", "Nothing was written: the disk is full.", cause: cause,
                remedy: "Free space on the file system of the state file; nothing else needs to be done.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return Problem(
                "state.busy", "Nothing was written: the state file is locked.", cause: cause,
                remedy: "End the program that has the state file open, then try again.")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: return corrupt(cause)
        case .SQLITE_IOERR:
            return Problem(
                "state.disk-failed", "The disk failed under the state file; nothing more is written.", cause: cause,
                remedy: "Check the disk, then start the server again: it checks the file.")
        default:
            return Problem(
                "state.unavailable", "The state could not be read or written.", cause: cause,
                remedy: "Check that the state file's folder is there and can be written.")
        }
    }

    static func corrupt(_ cause: String) -> Problem {
        Problem(
            "state.corrupt", "The state file is damaged, and is left as it is.", cause: cause,
            remedy: "Restore it from a backup, or keep it aside and start with a new one: hosts go on running.")
    }
}

/// A lock file held while the process lives: the kernel lets go of it, however the process ends.
private final class FileOwnership: Sendable {
    private let descriptor: Mutex<Int32?>

    init(path: String) throws(Problem) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Problem(
                "state.unavailable", "The state file cannot be opened.",
                cause: "Opening \(quotedForMessage(path, lengthMax: 200)) failed: \(String(cString: strerror(errno))).",
                remedy: "Check that its folder is there and can be written.")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            _ = Glibc.close(descriptor)
            throw Problem(
                "state.in-use", "Another server uses this state file.",
                cause: "\(quotedForMessage(path, lengthMax: 200)) is locked.",
                remedy: "End the other server, or give this one a state folder of its own.")
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor {
                // A child that is just being started may have the descriptor too, for a moment:
                // closing alone would leave the lock with it.
                _ = flock(open, LOCK_UN)
                _ = Glibc.close(open)
            }
            descriptor = nil
        }
    }
}
