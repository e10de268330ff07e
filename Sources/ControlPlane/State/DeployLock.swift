package import Core

/// Lets one at a time change a fabric (or whatever the lock is named after), and says who.
///
/// The lock is a key under a lease: a holder that stops its heartbeat loses it when the lease
/// ends. The lease's number is the fence: agents refuse commands with a lower one than they have
/// seen, and a holder adds `held.isStillHeld` to its writes, so that a late one changes nothing.
package struct DeployLock: Sendable {
    package struct Holder: Codable, Hashable, Sendable {
        /// Who: a person's or a service's name.
        package var owner: String
        /// What for, in words.
        package var purpose: String
        package var since: Instant
    }

    package struct Held: Hashable, Sendable {
        package let key: StateKey
        package let holder: Holder
        package let lease: LeaseID

        /// The fencing token.
        package var fence: Int64 { lease.number }
        package var isStillHeld: Comparison { .lease(key, lease) }
    }

    private let store: any StateStore
    private let key: TypedKey<Holder>
    private let now: @Sendable () -> Instant

    /// - Parameter name: what is locked: `deploy`, or an app's name.
    package init(_ name: String, in store: any StateStore, now: @escaping @Sendable () -> Instant) throws(Problem) {
        self.store = store
        self.key = try TypedKey("locks/\(name)")
        self.now = now
    }

    /// - Throws: `lock.held`, saying who holds it since when.
    package func acquire(owner: String, purpose: String, for timeToLive: Interval) async throws(Problem) -> Held {
        let holder = Holder(owner: owner, purpose: purpose, since: now())
        let value = try StateJSON.encode(holder)
        let lease = try await store.grantLease(for: timeToLive)
        let result = try await store.transact(
            StateTransaction(compare: [.absent(key.key)], success: [.put(key.key, value, lease: lease.id)]))
        if result.succeeded { return Held(key: key.key, holder: holder, lease: lease.id) }
        try await store.revokeLease(lease.id)
        throw heldByAnother(try await self.holder())
    }

    /// Keeps the lock for its whole time again.
    /// - Throws: `lock.lost` when it is no longer held: stop at once.
    package func heartbeat(_ held: Held) async throws(Problem) {
        do {
            try await store.keepAlive(held.lease)
        } catch {
            guard error.code == "state.lease-ended" else { throw error }
            throw lost(held, error.cause)
        }
        guard try await store.get(held.key)?.lease == held.lease else {
            throw lost(held, "Its key was taken away.")
        }
    }

    /// Gives the lock back. Does nothing when it is lost already.
    package func release(_ held: Held) async throws(Problem) { try await store.revokeLease(held.lease) }

    /// Takes the lock away from whoever holds it: for people, when a holder hangs.
    /// - Returns: who held it.
    @discardableResult
    package func breakOpen() async throws(Problem) -> Holder? {
        let holder = try await holder()
        try await store.delete(key.key)
        return holder
    }

    package func holder() async throws(Problem) -> Holder? { try await store.get(key)?.value }

    private func heldByAnother(_ holder: Holder?) -> Problem {
        let cause =
            holder.map { holder in
                let interval = now() - holder.since
                let age = Interval(milliseconds: max(0, interval.milliseconds / 1000 * 1000))
                return
                    "\(quotedForMessage(holder.owner)) holds it since \(age) for \(quotedForMessage(holder.purpose))."
            } ?? "Somebody held it a moment ago."
        return Problem(
            "lock.held", "Somebody else is changing this fabric.", cause: cause,
            remedy: "Wait until it is done, or abort it: apus abort.")
    }

    private func lost(_ held: Held, _ cause: String) -> Problem {
        Problem(
            "lock.lost", "The lock is no longer held.", cause: "\(cause) \(held.key) had fence \(held.fence).",
            remedy: "Nothing more is done under it; begin again.")
    }
}
