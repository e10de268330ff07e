import ControlPlane
import Core
import FoundationEssentials
import Synchronization
import Testing

/// A clock that tests set.
final class ManualClock: Sendable {
    private let instant = Mutex(Instant(milliseconds: 1_700_000_000_000))

    func now() -> Instant { instant.withLock { $0 } }
    func advance(_ interval: Interval) { instant.withLock { $0 = $0 + interval } }
}

/// What every implementation of the state seam must do. An implementation's suite makes an empty
/// store and calls each function.
struct StateStoreContract {
    let store: any StateStore
    let clock: ManualClock
    /// Makes the store look at the clock.
    let tick: @Sendable () async throws -> Void

    func revisionsAndVersionsAreEtcds() async throws {
        let (a, b) = (try StateKey("a"), try StateKey("b"))
        let first = try await store.transact(StateTransaction(success: [.put(a, Data([1])), .put(b, Data([2]))]))
        let second = try await store.transact(StateTransaction(success: [.put(a, Data([3]))]))
        #expect(second.revision == first.revision + 1)
        let entry = try #require(try await store.get(a))
        #expect(entry.value == Data([3]))
        #expect(entry.createRevision == first.revision)
        #expect(entry.modRevision == second.revision)
        #expect(entry.version == 2)
        #expect(try await store.get(b)?.version == 1)
        let nothing = try await store.transact(StateTransaction(success: [.delete(StateKey("c"))]))
        #expect(nothing.revision == second.revision && nothing.deleted == 0)
        let gone = try await store.transact(StateTransaction(success: [.deleteRange(.all)]))
        #expect(gone.deleted == 2 && gone.revision == second.revision + 1)
        try await store.transactPut(a)
        #expect(try await store.get(a)?.version == 1)
    }

    func comparisonsDecide() async throws {
        let key = try StateKey("k")
        let put = Operation.put(key, Data([1]))
        #expect(try await !store.transact(StateTransaction(compare: [.exists(key)], success: [put])).succeeded)
        #expect(try await store.get(key) == nil)
        let made = try await store.transact(StateTransaction(compare: [.absent(key)], success: [put]))
        #expect(made.succeeded)
        let stale = StateTransaction(
            compare: [.modRevision(key, made.revision - 1)], success: [.delete(key)], failure: [.put(key, Data([9]))])
        #expect(try await !store.transact(stale).succeeded)
        #expect(try await store.get(key)?.value == Data([9]))
        #expect(
            try await store.transact(StateTransaction(compare: [.version(key, 2), .exists(key)], success: [])).succeeded
        )
        #expect(try await !store.transact(StateTransaction(compare: [.lease(key, LeaseID(1))], success: [])).succeeded)
    }

    func rangesAreOrderedAndLimited() async throws {
        for name in ["p/2", "p/10", "p/1", "q", "p", "p/", "o"] { try await store.transactPut(StateKey(name)) }
        let prefix = try await store.range(.prefix("p/"), limit: nil)
        #expect(prefix.entries.map(\.key.text) == ["p/", "p/1", "p/10", "p/2"] && !prefix.hasMore)
        let limited = try await store.range(.prefix("p/"), limit: 2)
        #expect(limited.entries.map(\.key.text) == ["p/", "p/1"] && limited.hasMore)
        let between = try await store.range(.from(StateKey("p"), to: StateKey("p/10")), limit: nil)
        #expect(between.entries.map(\.key.text) == ["p", "p/", "p/1"])
        #expect(try await store.range(.all, limit: nil).entries.count == 7)
        #expect(try await store.range(.only(StateKey("p")), limit: nil).entries.count == 1)
    }

    func refusalsChangeNothing() async throws {
        let key = try StateKey("k")
        let twice = StateTransaction(success: [.put(key, Data()), .deleteRange(.prefix("k"))])
        await #expect(throws: Problem.self) { try await store.transact(twice) }
        let large = StateTransaction(success: [.put(key, Data(count: StateLimits.valueBytesMax + 1))])
        await #expect(throws: Problem.self) { try await store.transact(large) }
        let leased = StateTransaction(success: [.put(key, Data(), lease: LeaseID(999))])
        await #expect(throws: Problem.self) { try await store.transact(leased) }
        #expect(try await store.range(.all, limit: nil).revision == 0)
    }

    func watchesReplayAndFollow() async throws {
        let first = try await store.transactPut(StateKey("w/1"))
        try await store.transactPut(StateKey("x/1"))
        var iterator = store.watch(.prefix("w/"), from: first).makeAsyncIterator()
        #expect(try await iterator.next()?.map(\.key.text) == ["w/1"])
        try await store.transactPut(StateKey("x/2"))
        _ = try await store.transact(
            StateTransaction(success: [
                .put(StateKey("w/3"), Data()), .put(StateKey("w/2"), Data()), .delete(StateKey("w/1")),
            ]))
        let changes = try #require(try await iterator.next())
        #expect(changes.map(\.key.text) == ["w/1", "w/2", "w/3"])
        #expect(changes[0].kind == .delete)
        #expect(Set(changes.map(\.revision)).count == 1)
        // A watch from now on sees what comes, and nothing of before.
        var later = store.watch(.all, from: nil).makeAsyncIterator()
        try await store.transactPut(StateKey("z"))
        #expect(try await later.next()?.map(\.key.text) == ["z"])
    }

    func waitingWatchIsWoken() async throws {
        let stream = store.watch(.all, from: nil)
        try await withThrowingTaskGroup(of: [StateChange]?.self) { group in
            group.addTask {
                var iterator = stream.makeAsyncIterator()
                return try await iterator.next()
            }
            try await store.transactPut(StateKey("late"))
            #expect(try await group.next()??.map(\.key.text) == ["late"])
        }
        let cancelled = store.watch(.all, from: nil)
        let waiting = Task { for try await _ in cancelled {} }
        waiting.cancel()
        _ = try await waiting.value
    }

    func leasesEndAndFence() async throws {
        let key = try StateKey("held")
        let lease = try await store.grantLease(for: .seconds(10))
        _ = try await store.transact(StateTransaction(success: [.put(key, Data(), lease: lease.id)]))
        clock.advance(.seconds(8))
        try await store.keepAlive(lease.id)
        clock.advance(.seconds(8))
        try await tick()
        #expect(try await store.get(key)?.lease == lease.id)
        clock.advance(.seconds(2))
        try await tick()
        #expect(try await store.get(key) == nil)
        await #expect(throws: Problem.self) { try await store.keepAlive(lease.id) }
        let next = try await store.grantLease(for: .seconds(10))
        #expect(next.id > lease.id)
        // A put without the lease takes the key out of it.
        _ = try await store.transact(StateTransaction(success: [.put(key, Data(), lease: next.id)]))
        try await store.transactPut(key)
        try await store.revokeLease(next.id)
        #expect(try await store.get(key) != nil)
    }

    func clockLeapsEndNoLease() async throws {
        let lease = try await store.grantLease(for: .seconds(10))
        for leap in [Interval.minutes(60), Interval(milliseconds: 10 * 365 * 86_400_000), .seconds(-3600)] {
            clock.advance(leap)
            try await tick()
            try await store.keepAlive(lease.id)
        }
    }

    /// Many transactions from a seed, each also made on a model that is too simple to be wrong.
    func behavesAsTheModel(seed: UInt64, steps: Int) async throws {
        var random = SeededGenerator(seed)
        var model = StateModel()
        var changes: [StateModel.Change] = []
        for step in 0..<steps {
            let transaction = try Self.transaction(&random, model)
            let expected = model.carryOut(transaction)
            changes += expected.changes
            let found = try await store.transact(transaction)
            #expect(found == expected.result, "seed \(seed), step \(step)")
            if step % 20 == 0 {
                let range = KeyRange.prefix(["", "k", "k/1", "k/2"].randomElement(using: &random) ?? "")
                let entries = try await store.range(range, limit: nil).entries
                #expect(entries == model.entries(in: range), "seed \(seed), step \(step)")
            }
        }
        var replayed: [StateModel.Change] = []
        var iterator = store.watch(.all, from: 1).makeAsyncIterator()
        while replayed.count < changes.count, let batch = try await iterator.next() {
            replayed += batch.map { StateModel.Change(revision: $0.revision, key: $0.key, isPut: $0.kind != .delete) }
        }
        #expect(replayed == changes, "seed \(seed)")
    }

    private static func transaction(_ random: inout SeededGenerator, _ model: StateModel) throws -> StateTransaction {
        func key() throws -> StateKey { try StateKey("k/\(Int.random(in: 1...25, using: &random))") }
        func operations() throws -> [ControlPlane.Operation] {
            var taken: Set<StateKey> = []
            var operations: [ControlPlane.Operation] = []
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let key = try key()
                guard taken.insert(key).inserted else { continue }
                operations.append(
                    Bool.random(using: &random)
                        ? .put(key, Data([UInt8.random(in: 0...255, using: &random)])) : .delete(key))
            }
            if operations.isEmpty {
                operations.append(.deleteRange(.prefix("k/\(Int.random(in: 1...9, using: &random))")))
            }
            return operations
        }
        let subject = try key()
        let known = model.entries(in: .only(subject)).first
        let comparisons: [Comparison] = [
            .exists(subject), .absent(subject), .modRevision(subject, known?.modRevision ?? 1),
            .version(subject, Int64.random(in: 1...3, using: &random)), .lease(subject, LeaseID(1)),
        ]
        return StateTransaction(
            compare: Bool.random(using: &random) ? [] : [comparisons.randomElement(using: &random) ?? .exists(subject)],
            success: try operations(), failure: try operations())
    }
}

/// The store's semantics, in memory.
struct StateModel {
    struct Change: Equatable {
        var revision: Int64
        var key: StateKey
        var isPut: Bool
    }

    private var revision: Int64 = 0
    private var table: [StateKey: StateEntry] = [:]

    func entries(in range: KeyRange) -> [StateEntry] {
        table.values.filter { range.contains($0.key) }.sorted { $0.key < $1.key }
    }

    mutating func carryOut(_ transaction: StateTransaction) -> (result: TransactionResult, changes: [Change]) {
        let succeeded = transaction.compare.allSatisfy { comparison in
            switch comparison {
            case .exists(let key): table[key] != nil
            case .absent(let key): table[key] == nil
            case .modRevision(let key, let revision): table[key]?.modRevision == revision
            case .version(let key, let version): table[key]?.version == version
            case .lease(let key, let lease): table[key]?.lease == lease
            }
        }
        var changes: [Change] = []
        let next = revision + 1
        for operation in succeeded ? transaction.success : transaction.failure {
            switch operation {
            case .put(let key, let value, let lease):
                let old = table[key]
                table[key] = StateEntry(
                    key: key, value: value, createRevision: old?.createRevision ?? next, modRevision: next,
                    version: (old?.version ?? 0) + 1, lease: lease)
                changes.append(Change(revision: next, key: key, isPut: true))
            case .delete(let key):
                if table.removeValue(forKey: key) != nil {
                    changes.append(Change(revision: next, key: key, isPut: false))
                }
            case .deleteRange(let range):
                for entry in entries(in: range) {
                    table[entry.key] = nil
                    changes.append(Change(revision: next, key: entry.key, isPut: false))
                }
            }
        }
        if !changes.isEmpty { revision = next }
        let deleted = changes.count { !$0.isPut }
        changes.sort { $0.key < $1.key }
        return (TransactionResult(succeeded: succeeded, revision: revision, deleted: deleted), changes)
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension StateStore {
    @discardableResult
    func transactPut(_ key: StateKey) async throws -> Int64 {
        try await transact(StateTransaction(success: [.put(key, Data())])).revision
    }
}
