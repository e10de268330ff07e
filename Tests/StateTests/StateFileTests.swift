@testable import ControlPlane
import Core
import FoundationEssentials
import GRDB
import Glibc
import Testing

@Suite("The state file loses nothing, and is refused when it is not whole")
struct StateFileTests {
    private let folder = TemporaryFolder()

    private func open(_ path: String) throws -> (StateDatabase, SQLiteStateStore) {
        let database = try StateDatabase(path: path)
        return (database, try SQLiteStateStore(database: database) { Instant(milliseconds: 0) })
    }

    private func copy(_ from: String, _ to: String) throws {
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: from + suffix) {
            try FileManager.default.copyItem(atPath: from + suffix, toPath: to + suffix)
        }
    }

    private func damage(_ path: String, at offset: Int, _ bytes: [UInt8]) {
        let descriptor = Glibc.open(path, O_WRONLY)
        #expect(pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count)
        close(descriptor)
    }

    @Test("What was answered is on the disk") func durability() async throws {
        let (database, _) = try open(folder.file("state.db"))
        let settings = try await database.write { database in
            [
                try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                try String.fetchOne(database, sql: "PRAGMA synchronous"),
            ]
        }
        #expect(settings == ["wal", "2"])
    }

    @Test("The files as they are in the middle of writing hold every answered write") func crash() async throws {
        let path = folder.file("state.db")
        let (_, store) = try open(path)
        for round in 1...8 {
            for step in 1...25 { try await store.transactPut(StateKey("k/\(round)/\(step)")) }
            let crashed = folder.file("crashed-\(round).db")
            try copy(path, crashed)
            // A write that was cut off: half a frame at the end.
            let log = try FileHandleBytes.size(crashed + "-wal")
            damage(crashed + "-wal", at: log, [UInt8](repeating: 0xAB, count: 1000))
            let (database, found) = try open(crashed)
            #expect(try await found.range(.all, limit: nil).entries.count == round * 25)
            try database.close()
        }
    }

    @Test("A log that went bad under answered writes is refused") func damagedLog() async throws {
        let path = folder.file("state.db")
        let (_, store) = try open(path)
        for step in 1...20 { try await store.transactPut(StateKey("k/\(step)")) }
        let crashed = folder.file("crashed.db")
        try copy(path, crashed)
        damage(crashed + "-wal", at: 32 + 24 + 100, [0xFF, 0xFE, 0xFD])
        #expect(await code { _ = try open(crashed) } == "state.corrupt")
    }

    @Test("A damaged file is refused and left as it is") func damagedFile() async throws {
        let path = folder.file("state.db")
        let (database, store) = try open(path)
        for step in 1...200 {
            _ = try await store.transact(
                StateTransaction(success: [.put(StateKey("k/\(step)"), Data(repeating: 1, count: 500))]))
        }
        try database.close()
        let size = try FileHandleBytes.size(path)
        // The file alone is whole after a close.
        #expect((try? FileHandleBytes.size(path + "-wal")) ?? 0 == 0)
        for page in 1..<(size / 4096) { damage(path, at: page * 4096, [UInt8](repeating: 0x5A, count: 64)) }
        let problem = await code { _ = try open(path) }
        #expect(problem == "state.corrupt")
        let sizeAfter = try FileHandleBytes.size(path)
        #expect(sizeAfter == size)
    }

    @Test("Other programs' files are refused and left as they are") func foreign() async throws {
        let text = folder.file("notes.txt")
        let content = String(repeating: "not a database\n", count: 20)
        try content.write(toFile: text, atomically: true, encoding: .utf8)
        #expect(await code { _ = try open(text) } == "state.foreign")
        #expect(try String(contentsOfFile: text, encoding: .utf8) == content)
        let empty = folder.file("empty.db")
        try "".write(toFile: empty, atomically: true, encoding: .utf8)
        #expect(await code { _ = try open(empty) } == "state.foreign")
        let other = folder.file("other.db")
        try await DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE theirs (a)") }
        #expect(await code { _ = try open(other) } == "state.foreign")
        #expect(await code { _ = try open("/nowhere/at/all/state.db") } == "state.unavailable")
        let directory = folder.file("directory")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        #expect(await code { _ = try open(directory) } == "state.foreign")
    }

    @Test("A file has one owner") func ownership() async throws {
        let path = folder.file("state.db")
        let (_, store) = try open(path)
        #expect(await code { _ = try open(path) } == "state.in-use")
        try await store.transactPut(StateKey("k"))
    }

    @Test("A locked file is a problem and nothing half done") func busy() async throws {
        let path = folder.file("state.db")
        let (_, store) = try open(path)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        #expect(await code { try await store.transactPut(StateKey("k")) } == "state.busy")
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await store.transactPut(StateKey("k"))
        #expect(try await store.range(.all, limit: nil).revision == 1)
    }

    @Test("A full disk is a problem and nothing half done", .enabled(if: getuid() == 0)) func fullDisk() async throws {
        let mount = folder.file("small")
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        guard Glibc.mount("tmpfs", mount, "tmpfs", 0, "size=1m") == 0 else { return }
        defer { umount2(mount, Int32(MNT_DETACH)) }
        let (_, store) = try open(mount + "/state.db")
        var written = 0
        var problem: String?
        while problem == nil && written < 100 {
            problem = await code {
                _ = try await store.transact(
                    StateTransaction(success: [
                        .put(StateKey("k/\(written)/a"), Data(count: 40_000)), .put(StateKey("k/\(written)/b"), Data()),
                    ]))
                written += 1
            }
        }
        #expect(problem == "state.full")
        let range = try await store.range(.all, limit: nil)
        #expect(range.entries.count == written * 2 && range.revision == written)
        _ = Glibc.mount("tmpfs", mount, "tmpfs", UInt(MS_REMOUNT), "size=4m")
        try await store.transactPut(StateKey("afterwards"))
    }
}

enum FileHandleBytes {
    static func size(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.size] as? Int) ?? Int(attributes[.size] as? UInt64 ?? 0)
    }
}
