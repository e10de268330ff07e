package import Core

/// A balancer that a host runs: HAProxy today. `BalancerContract` in the tests is what every
/// driver has to pass.
package protocol BalancerDriver: Sendable {
    var name: BalancerName { get }

    /// Makes the balancer run the configuration, without failing a request, and starts it if it
    /// does not run. Ends when the configuration serves and the servers of `drained` have no
    /// request left, or when the deadline has passed, which is no failure.
    /// - Returns: the SHA-256 of what serves now.
    /// - Throws: why the configuration was refused. What served before serves still.
    @discardableResult
    func apply(
        _ configuration: BalancerConfiguration, drained: [InstanceID], deadline: ContinuousClock.Instant
    ) async throws(Problem) -> Digest

    /// Takes over a balancer that an earlier run of the agent has left, and starts it if it died.
    func adopt() async throws(Problem)

    /// Starts the balancer again if it has ended by itself.
    /// - Returns: whether it had to.
    func revive() async throws(Problem) -> Bool

    func live() async -> LiveBalancer
    func counters() async throws(Problem) -> BalancerCounters

    /// Ends the balancer and removes its files.
    func stop() async throws(Problem)
}

/// What a balancer has counted since it was started, over all its reloads: at least, because what
/// a worker counts in the last milliseconds before its successor takes over is not seen.
package struct BalancerCounters: Codable, Hashable, Sendable {
    package struct Figures: Codable, Hashable, Sendable {
        package var requests = 0
        /// Answers by class: `answers[2]` counts 2xx; 0 counts what had no valid status.
        package var answers = [0, 0, 0, 0, 0, 0]
        package var connectionErrors = 0
        package var answerErrors = 0
        package var retries = 0
        package var redispatches = 0
        /// Now, not since the start.
        package var queued = 0
        /// Requests and tunnels in progress: now, not since the start.
        package var sessions = 0

        package init() {}
    }

    /// Whole backends by `APP.PROCESS`.
    package var backends: [String: Figures]
    /// By backend, and by the server's name.
    package var servers: [String: [String: Figures]]

    package init(backends: [String: Figures] = [:], servers: [String: [String: Figures]] = [:]) {
        self.backends = backends
        self.servers = servers
    }

    /// Answers that say that a request failed: 5xx, over all backends.
    package var failures: Int { backends.values.reduce(0) { $0 + $1.answers[5] } }
    package var requests: Int { backends.values.reduce(0) { $0 + $1.requests } }

    mutating func add(_ other: BalancerCounters) {
        backends.merge(other.backends) { $0.adding($1) }
        servers.merge(other.servers) { $0.merging($1) { $0.adding($1) } }
    }

    /// Without what is only true of a moment.
    var settled: BalancerCounters {
        func settled(_ figures: Figures) -> Figures {
            var figures = figures
            figures.queued = 0
            figures.sessions = 0
            return figures
        }
        return BalancerCounters(
            backends: backends.mapValues(settled), servers: servers.mapValues { $0.mapValues(settled) })
    }
}

extension BalancerCounters.Figures {
    func adding(_ other: Self) -> Self {
        var sum = self
        sum.requests += other.requests
        for index in sum.answers.indices { sum.answers[index] += other.answers[index] }
        sum.connectionErrors += other.connectionErrors
        sum.answerErrors += other.answerErrors
        sum.retries += other.retries
        sum.redispatches += other.redispatches
        sum.queued += other.queued
        sum.sessions += other.sessions
        return sum
    }
}
