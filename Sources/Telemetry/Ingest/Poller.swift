internal import CTelemetry

#if canImport(Glibc)
    import Glibc
#endif

/// What is ready to be read, and a way to wake who waits.
package struct Poller: ~Copyable {
    /// A descriptor that another thread may wake the poller with.
    package struct Waker: Sendable {
        fileprivate let descriptor: Int32

        package func wake() {
            var one: UInt64 = 1
            _ = write(descriptor, &one, 8)
        }
    }

    package let waker: Waker
    private let poller: Int32
    private var ready = [Int32](repeating: 0, count: 64)

    package init() throws(TelemetryProblem) {
        poller = ctelemetry_poller()
        waker = Waker(descriptor: ctelemetry_waker())
        guard poller >= 0, waker.descriptor >= 0 else {
            throw TelemetryProblem(
                "listener.poll-failed", "The listener was not started.",
                cause: "The kernel gave no descriptor: \(String(cString: strerror(errno))).",
                remedy: "Raise the limit of open files.")
        }
        add(waker.descriptor)
    }

    deinit {
        close(poller)
        close(waker.descriptor)
    }

    /// Watches a descriptor until it is closed.
    package func add(_ descriptor: Int32) { _ = ctelemetry_watch(poller, descriptor) }

    /// Waits until something is ready, somebody wakes it, or time is over. Returns descriptors that are ready.
    package mutating func wait(milliseconds: Int32) -> [Int32] {
        let count = ctelemetry_wait(poller, &ready, Int32(ready.count), milliseconds)
        guard count > 0 else { return [] }
        return ready[..<Int(count)].filter { descriptor in
            guard descriptor == waker.descriptor else { return true }
            var woken: UInt64 = 0
            _ = read(waker.descriptor, &woken, 8)
            return false
        }
    }
}
