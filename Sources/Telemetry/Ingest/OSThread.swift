internal import CTelemetry

#if canImport(Glibc)
    import Glibc
#endif

/// A thread of the operating system, for loops that wait in the kernel: they would hold up a pool's thread.
package final class OSThread {
    private final class Body {
        let name: String
        let run: () -> Void
        init(_ name: String, _ run: @escaping () -> Void) {
            self.name = name
            self.run = run
        }
    }

    private let thread: pthread_t

    /// - Parameter name: at most 15 bytes, as the kernel shows them.
    package init(_ name: String, _ run: @escaping @Sendable () -> Void) throws(TelemetryProblem) {
        let body = Unmanaged.passRetained(Body(name, run))
        var made = pthread_t()
        let result = pthread_create(
            &made, nil,
            { context in
                guard let context else { return nil }
                let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                ctelemetry_name_thread(body.name)
                body.run()
                return nil
            }, body.toOpaque())
        guard result == 0 else {
            body.release()
            throw TelemetryProblem(
                "listener.thread-failed", "The thread `\(name)` was not started.",
                cause: "The kernel refused it: \(String(cString: strerror(result))).",
                remedy: "Raise the limit of processes.")
        }
        thread = made
    }

    /// Waits until it has ended.
    package func join() { pthread_join(thread, nil) }
}
