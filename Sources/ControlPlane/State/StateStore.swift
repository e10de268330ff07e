package import Core
package import FoundationEssentials

/// The state seam: ordered keys, transactions that compare revisions, watches, and leases with
/// fencing tokens. The semantics are etcd's, so that an etcd cluster can take SQLite's place.
///
/// Every transaction that changes something raises the store's one revision by one, however many
/// keys it changes. What an implementation has answered, it has made durable.
package protocol StateStore: Sendable {
    func get(_ key: StateKey) async throws(Problem) -> StateEntry?

    /// - Parameter limit: most entries to answer; nil: all.
    func range(_ range: KeyRange, limit: Int?) async throws(Problem) -> StateRange

    /// - Throws: `state.transaction-invalid` for too many operations, a key changed twice, or a
    ///   value over the limit; `state.lease-ended` for a put under a lease that is over;
    ///   `state.busy`, `state.full`, `state.corrupt`, `state.disk-failed` when nothing was done.
    func transact(_ transaction: StateTransaction) async throws(Problem) -> TransactionResult

    /// Changes from `revision` on (nil: from now on), each element the changes of one or more
    /// whole revisions, in order, none twice and none left out. It ends when the store is closed.
    /// The stream throws `state.compacted` when the history does not reach back that far.
    func watch(_ range: KeyRange, from revision: Int64?) -> AsyncThrowingStream<[StateChange], any Error>

    /// A new lease. Its number is higher than that of any lease before it, for ever.
    func grantLease(for timeToLive: Interval) async throws(Problem) -> Lease

    /// Gives the lease its whole time again.
    /// - Throws: `state.lease-ended` when it is over.
    func keepAlive(_ lease: LeaseID) async throws(Problem)

    /// Ends the lease now, and deletes its keys. Does nothing when it is over already.
    func revokeLease(_ lease: LeaseID) async throws(Problem)
}

/// The limits of etcd, or tighter.
package enum StateLimits {
    package static let valueBytesMax = 1 << 20
    package static let operationsMax = 128
}

package struct StateEntry: Hashable, Sendable {
    package var key: StateKey
    package var value: Data
    /// The revision that made the key.
    package var createRevision: Int64
    /// The revision that last changed it.
    package var modRevision: Int64
    /// How many times it was put since it was made: 1 when new.
    package var version: Int64
    package var lease: LeaseID?

    package init(
        key: StateKey, value: Data, createRevision: Int64, modRevision: Int64, version: Int64, lease: LeaseID?
    ) {
        self.key = key
        self.value = value
        self.createRevision = createRevision
        self.modRevision = modRevision
        self.version = version
        self.lease = lease
    }
}

package struct StateRange: Hashable, Sendable {
    /// The store's revision that the entries were read at: a watch from the next one misses nothing.
    package var revision: Int64
    package var entries: [StateEntry]
    /// Whether there were more entries than the limit.
    package var hasMore: Bool

    package init(revision: Int64, entries: [StateEntry], hasMore: Bool) {
        self.revision = revision
        self.entries = entries
        self.hasMore = hasMore
    }
}

/// What a transaction wants to be true.
package enum Comparison: Hashable, Sendable {
    case exists(StateKey)
    case absent(StateKey)
    /// The key was last changed by this revision.
    case modRevision(StateKey, Int64)
    case version(StateKey, Int64)
    /// The key is there under this lease: what a holder of a lock adds to its writes.
    case lease(StateKey, LeaseID)
}

package enum Operation: Hashable, Sendable {
    case put(StateKey, Data, lease: LeaseID? = nil)
    case delete(StateKey)
    case deleteRange(KeyRange)
}

/// If every comparison holds, `success` is carried out, otherwise `failure`; whole or not at all.
package struct StateTransaction: Hashable, Sendable {
    package var compare: [Comparison]
    package var success: [Operation]
    package var failure: [Operation]

    package init(compare: [Comparison] = [], success: [Operation], failure: [Operation] = []) {
        self.compare = compare
        self.success = success
        self.failure = failure
    }
}

package struct TransactionResult: Hashable, Sendable {
    /// Whether the comparisons held.
    package var succeeded: Bool
    /// The store's revision after it.
    package var revision: Int64
    package var deleted: Int

    package init(succeeded: Bool, revision: Int64, deleted: Int) {
        self.succeeded = succeeded
        self.revision = revision
        self.deleted = deleted
    }
}

package struct StateChange: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case put(StateEntry)
        case delete
    }

    package var revision: Int64
    package var key: StateKey
    package var kind: Kind

    package init(revision: Int64, key: StateKey, kind: Kind) {
        self.revision = revision
        self.key = key
        self.kind = kind
    }
}

/// A lease's number, which is also its fencing token: whoever has seen a higher one refuses it.
package struct LeaseID: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }
    package var description: String { "\(number)" }
    package static func < (left: LeaseID, right: LeaseID) -> Bool { left.number < right.number }

    package init(from decoder: any Decoder) throws { number = try decoder.singleValueContainer().decode(Int64.self) }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}

package struct Lease: Hashable, Sendable {
    package var id: LeaseID
    package var timeToLive: Interval

    package init(id: LeaseID, timeToLive: Interval) {
        self.id = id
        self.timeToLive = timeToLive
    }
}

extension StateTransaction {
    /// What every implementation refuses before it begins.
    func check() throws(Problem) {
        for branch in [success, failure] {
            guard branch.count <= StateLimits.operationsMax else {
                throw Self.invalid("It has \(branch.count) operations; \(StateLimits.operationsMax) is the most.")
            }
            var changed: Set<StateKey> = []
            var ranges: [KeyRange] = []
            for operation in branch {
                switch operation {
                case .put(let key, let value, _):
                    guard value.count <= StateLimits.valueBytesMax else {
                        throw Self.invalid(
                            "The value of \(key) has \(value.count) bytes; \(StateLimits.valueBytesMax) is the most.")
                    }
                    guard changed.insert(key).inserted else { throw Self.invalid("It changes \(key) twice.") }
                case .delete(let key):
                    guard changed.insert(key).inserted else { throw Self.invalid("It changes \(key) twice.") }
                case .deleteRange(let range): ranges.append(range)
                }
            }
            for range in ranges {
                if let key = changed.first(where: range.contains) { throw Self.invalid("It changes \(key) twice.") }
            }
        }
    }

    private static func invalid(_ cause: String) -> Problem {
        Problem(
            "state.transaction-invalid", "The transaction was not begun.", cause: cause,
            remedy: "Split it, or change each key once.")
    }
}
