internal import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Tells a thread to end.
package final class StopFlag: Sendable {
    private let flag = Atomic(false)

    package init() {}

    package var isSet: Bool { flag.load(ordering: .relaxed) }

    /// Sleeps, but no longer than until it is set.
    package func wait(milliseconds: Int64) {
        var rest = milliseconds
        while rest > 0, !isSet {
            usleep(UInt32(min(rest, 20)) * 1000)
            rest -= 20
        }
    }

    package func set() { flag.store(true, ordering: .relaxed) }
}
