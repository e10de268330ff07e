@testable import ControlPlane
import Core
import FoundationEssentials
import GRDB
import Glibc
import Testing

/// A folder that is gone after the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

func code(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? Problem)?.code ?? "\(error)"
    }
}

@Suite("SQLite keeps the contract of the state seam")
struct SQLiteStateStoreTests {
    private let folder = TemporaryFolder()
    private let clock = ManualClock()

    private func contract() throws -> StateStoreContract {
        let clock = clock
        let store = try SQLiteStateStore(database: StateDatabase(path: folder.file("state.db"))) { clock.now() }
        return StateStoreContract(store: store, clock: clock) { try await store.tick() }
    }

    @Test("Revisions and versions count as etcd's do") func revisions() async throws {
        try await contract().revisionsAndVersionsAreEtcds()
    }
    @Test("Comparisons decide what is done") func comparisons() async throws {
        try await contract().comparisonsDecide()
    }
    @Test("Ranges are ordered and limited") func ranges() async throws {
        try await contract().rangesAreOrderedAndLimited()
    }
    @Test("A refused transaction changes nothing") func refusals() async throws {
        try await contract().refusalsChangeNothing()
    }
    @Test("Watches replay history and follow") func watches() async throws {
        try await contract().watchesReplayAndFollow()
    }
    @Test("A waiting watch is woken and can be cancelled") func waking() async throws {
        try await contract().waitingWatchIsWoken()
    }
    @Test("Leases end, and their numbers rise for ever") func leases() async throws {
        try await contract().leasesEndAndFence()
    }
    @Test("A clock that leaps ends no lease") func leaps() async throws { try await contract().clockLeapsEndNoLease() }
    @Test("Behaves as the model does", arguments: [1, 2, 3] as [UInt64]) func model(seed: UInt64) async throws {
        try await contract().behavesAsTheModel(seed: seed, steps: 300)
    }

    @Test("History that is no longer kept is said to be") func compaction() async throws {
        let clock = clock
        let store = try SQLiteStateStore(database: StateDatabase(path: folder.file("state.db"))) { clock.now() }
        for _ in 0..<3 { try await store.transactPut(StateKey("k")) }
        try await store.compact(through: 2)
        var old = store.watch(.all, from: 2).makeAsyncIterator()
        #expect(await code { _ = try await old.next() } == "state.compacted")
        var kept = store.watch(.all, from: 3).makeAsyncIterator()
        #expect(try await kept.next()?.count == 1)
    }

    @Test("A restart keeps everything, and gives leases their whole time again") func restart() async throws {
        let clock = clock
        let path = folder.file("state.db")
        let lease: Lease
        do {
            let database = try StateDatabase(path: path)
            let store = try SQLiteStateStore(database: database) { clock.now() }
            lease = try await store.grantLease(for: .seconds(10))
            _ = try await store.transact(StateTransaction(success: [.put(StateKey("k"), Data([7]), lease: lease.id)]))
            try database.close()
        }
        clock.advance(.seconds(3600))
        let store = try SQLiteStateStore(database: StateDatabase(path: path)) { clock.now() }
        try await store.tick()
        #expect(try await store.get(StateKey("k"))?.value == Data([7]))
        clock.advance(.seconds(11))
        try await store.tick()
        #expect(try await store.get(StateKey("k")) == nil)
        #expect(try await store.grantLease(for: .seconds(1)).id > lease.id)
    }

    @Test("Typed values: read, compare, update") func typed() async throws {
        let store = try contract().store
        let key = try TypedKey<[String: Int]>("typed")
        #expect(try await store.update(key) { ($0 ?? [:]).merging(["a": 1]) { $1 } } == ["a": 1])
        let found = try #require(try await store.get(key))
        #expect(try await store.replace(key, readAt: found.modRevision, with: ["b": 2]))
        #expect(try await !store.replace(key, readAt: found.modRevision, with: ["c": 3]))
        #expect(try await store.get(key.key, as: [String: Int].self) == ["b": 2])
        #expect(await code { _ = try await store.get(key.key, as: [Int].self) } == "state.value-unreadable")
    }

    @Test("Hostile keys are refused", arguments: ["", "a b", "a\nb", "ü", "\u{0}", String(repeating: "a", count: 513)])
    func hostileKeys(text: String) async {
        #expect(await code { _ = try StateKey(text) } == "state.key-invalid")
    }

    @Test("A lock has one holder, names it, and frees itself") func lock() async throws {
        let clock = clock
        let contract = try contract()
        let lock = try DeployLock("deploy", in: contract.store) { clock.now() }
        let held = try await lock.acquire(owner: "ann", purpose: "deploy shop", for: .seconds(10))
        clock.advance(.seconds(5))
        do {
            _ = try await lock.acquire(owner: "bob", purpose: "deploy shop", for: .seconds(10))
            Issue.record("Two hold the lock")
        } catch {
            #expect(error.code == "lock.held" && error.cause.contains("ann") && error.cause.contains("5s"))
        }
        try await lock.heartbeat(held)
        clock.advance(.seconds(11))
        try await contract.tick()
        let next = try await lock.acquire(owner: "bob", purpose: "deploy shop", for: .seconds(10))
        #expect(next.fence > held.fence)
        #expect(await code { try await lock.heartbeat(held) } == "lock.lost")
        let late = StateTransaction(compare: [held.isStillHeld], success: [.put(try StateKey("late"), Data())])
        #expect(try await !contract.store.transact(late).succeeded)
        try await lock.release(held)
        #expect(try await lock.holder()?.owner == "bob")
        try await lock.release(next)
        #expect(try await lock.holder() == nil)
    }
}
