package import Core

/// A balancer that a host runs: HAProxy or nginx. `BalancerContract` in the tests is what every
/// driver has to pass.
package protocol BalancerDriver: Sendable {
    var name: BalancerName { get }

    /// Makes the balancer run the configuration, without failing a request, and starts it if it
    /// does not run. Ends when the configuration serves and the servers of `drained` have no
    /// request left. What they still have when their backend's `drain` or the deadline is over is cut.
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

    /// What every server has answered since the balancer was started, over all its reloads, with
    /// servers that have gone meanwhile. Requests and failures are counted one by one; times are
    /// of all requests or of a sample of them. An instance that moved may be there more than once.
    func traffic() async throws(Problem) -> [ServerTraffic]

    /// Ends the balancer and removes its files.
    func stop() async throws(Problem)
}

/// What a balancer has counted since it was started, over all its reloads.
package struct BalancerCounters: Codable, Hashable, Sendable {
    package struct Figures: Codable, Hashable, Sendable {
        /// Of a backend: what came. Of a server: what it answered.
        package var requests = 0
        /// Answers by class: `answers[2]` counts 2xx; 0 counts what had no valid status.
        package var answers = [0, 0, 0, 0, 0, 0]
        /// Requests that failed because no connection was made; a retry that went well is none.
        package var connectionErrors = 0
        /// Requests that failed because the answer did not come or was none.
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

    /// Servers in the order of their names.
    /// - Parameter latencies: by the server's name.
    func traffic(_ latencies: [String: Latency]) -> [ServerTraffic] {
        servers.values.flatMap { $0 }.sorted { $0.key < $1.key }.compactMap { name, figures in
            guard let instance = InstanceID(ofServer: name) else { return nil }
            let unanswered = figures.connectionErrors + figures.answerErrors
            return ServerTraffic(
                instance: instance,
                traffic: Traffic(
                    requests: Int64(figures.requests + unanswered), failed: Int64(figures.answers[5] + unanswered),
                    latency: latencies[name] ?? Latency()))
        }
    }

    /// The servers whose counters a later reading of the same process no longer holds: they were
    /// removed, and perhaps came again and began from nothing.
    func lost(in later: BalancerCounters) -> BalancerCounters {
        var lost = BalancerCounters()
        for (backend, servers) in servers {
            for (name, figures) in servers {
                if let now = later.servers[backend]?[name], now.attempts >= figures.attempts { continue }
                lost.servers[backend, default: [:]][name] = figures
            }
        }
        return lost.settled
    }

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
    /// Never becomes less while a server is there.
    var attempts: Int { requests + connectionErrors + answerErrors + retries }

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
