import Core

/// Waits for servers that take nothing new to come to rest, and cuts what they still have when the
/// time of their app is over.
struct DrainWait {
    private static let interval = Duration.milliseconds(10)

    private let limits: [String: ContinuousClock.Instant]
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - drained: of these, the servers that do not serve; the same instance may serve from another host.
    ///   - deadline: for all of them, however long their apps allow.
    init(_ configuration: BalancerConfiguration, _ drained: [InstanceID], deadline: ContinuousClock.Instant) {
        var limits: [String: ContinuousClock.Instant] = [:]
        for backend in configuration.backends {
            let limit = min(deadline, clock.now + .milliseconds(backend.drain.milliseconds))
            for server in backend.servers where server.standing != .serving && drained.contains(server.instance) {
                limits[server.name] = limit
            }
        }
        self.limits = limits
    }

    /// - Parameters:
    ///   - active: requests and tunnels in progress, by server.
    ///   - cut: ends those of these servers.
    func end(
        isolation: isolated (any Actor)? = #isolation, active: () async throws(Problem) -> [String: Int],
        cut: ([String]) async throws(Problem) -> Void
    ) async {
        var waiting = Set(limits.keys)
        while !waiting.isEmpty, !Task.isCancelled {
            guard let counts = try? await active() else { return }
            waiting = waiting.filter { counts[$0] ?? 0 > 0 }
            let late = waiting.filter { clock.now >= limits[$0] ?? clock.now }.sorted()
            if !late.isEmpty {
                try? await cut(late)
                waiting.subtract(late)
            }
            if waiting.isEmpty { return }
            try? await Task.sleep(for: Self.interval, clock: clock)
        }
    }
}
