import Core
import Telemetry

/// Figures of this host's balancers, from two readings of their running totals:
/// `balancers.BALANCER.HOST.APP.PROCESS.WHAT`.
struct BalancerFigures {
    struct Reading: Sendable {
        var counters: BalancerCounters
        /// By instance.
        var traffic: [ServerTraffic]
    }

    /// Milliseconds up to which answers are counted, for a heat map.
    static let bounds: [Int64] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]

    private var before: [BalancerName: (reading: Reading, milliseconds: Int64)] = [:]

    /// What has come since the last reading, a second; quantiles of its times in milliseconds; and what waits now.
    /// The first reading of a balancer gives what waits only.
    mutating func points(
        _ readings: [BalancerName: Reading], host: String, at now: Instant
    ) -> [NamedPoint] {
        let time = now.milliseconds / 1000
        var points: [NamedPoint] = []
        for (name, reading) in readings {
            let earlier = before[name]
            before[name] = (reading, now.milliseconds)
            for (backend, figures) in reading.counters.backends {
                let path = "balancers.\(name).\(host).\(backend)"
                func add(_ what: String, _ value: Double) {
                    points.append(NamedPoint(name: "\(path).\(what)", time: time, value: value))
                }
                add("queue", Double(figures.queued))
                add("sessions", Double(figures.sessions))
                guard let earlier, let past = earlier.reading.counters.backends[backend],
                    now.milliseconds > earlier.milliseconds
                else { continue }
                let seconds = Double(now.milliseconds - earlier.milliseconds) / 1000
                // Totals that are less than before began anew.
                func rate(_ later: Int, _ before: Int) -> Double {
                    Double(later >= before ? later - before : later) / seconds
                }
                add("requests", rate(figures.requests, past.requests))
                add("retries", rate(figures.retries, past.retries))
                add("errors", rate(figures.unanswered, past.unanswered))
                for digit in 2...5 { add("answers.\(digit)xx", rate(figures.answers[digit], past.answers[digit])) }
                let latency = reading.latency(of: backend).since(earlier.reading.latency(of: backend))
                for (what, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
                    if let quantile = latency.quantile(share) { add("latency.\(what)", Double(quantile) / 1000) }
                }
                for bound in Self.bounds {
                    add("latency.below.\(bound)", Double(latency.count(within: bound * 1000)) / seconds)
                }
                add("latency.below.inf", Double(latency.count) / seconds)
            }
        }
        before = before.filter { readings[$0.key] != nil }
        return points
    }
}

extension BalancerFigures.Reading {
    fileprivate func latency(of backend: String) -> Latency {
        traffic.reduce(into: Latency()) { sum, server in
            if "\(server.instance.app).\(server.instance.process)" == backend { sum.add(server.traffic.latency) }
        }
    }
}

extension BalancerCounters.Figures {
    /// Requests that failed without an answer.
    fileprivate var unanswered: Int { connectionErrors + answerErrors }
}
