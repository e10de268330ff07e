/// What each release has served and failed around an execution, by the balancers' own counters.
///
/// Figures arrive about a second after the requests, so a phase begins and ends to about a second.
package struct ExecutionTraffic: Codable, Hashable, Sendable {
    package enum Phase: String, Codable, Hashable, Sendable, CaseIterable {
        /// The last minute before the execution.
        case before
        case during
        /// The half minute after it, or until the app's next execution.
        case after
    }

    package struct Figures: Codable, Hashable, Sendable {
        package var requests: Int64
        /// Requests that got a 5xx, or no answer at all.
        package var failed: Int64
        /// Within which half of the requests were answered; nil when no time is known.
        package var p50Microseconds: Int64?
        package var p90Microseconds: Int64?
        package var p99Microseconds: Int64?

        package init(
            requests: Int64 = 0, failed: Int64 = 0, p50Microseconds: Int64? = nil, p90Microseconds: Int64? = nil,
            p99Microseconds: Int64? = nil
        ) {
            self.requests = requests
            self.failed = failed
            self.p50Microseconds = p50Microseconds
            self.p90Microseconds = p90Microseconds
            self.p99Microseconds = p99Microseconds
        }

        package init(_ traffic: Traffic) {
            self.init(
                requests: traffic.requests, failed: traffic.failed, p50Microseconds: traffic.latency.quantile(0.5),
                p90Microseconds: traffic.latency.quantile(0.9), p99Microseconds: traffic.latency.quantile(0.99))
        }
    }

    package struct Release: Codable, Hashable, Sendable {
        package var release: Int
        package var before: Figures
        package var during: Figures
        package var after: Figures

        package init(
            release: Int, before: Figures = Figures(), during: Figures = Figures(), after: Figures = Figures()
        ) {
            self.release = release
            self.before = before
            self.during = during
            self.after = after
        }

        package subscript(phase: Phase) -> Figures {
            switch phase {
            case .before: before
            case .during: during
            case .after: after
            }
        }
    }

    /// Those that have served, the newest first.
    package var releases: [Release]
    /// How long each phase was, or is so far, in milliseconds.
    package var beforeMilliseconds: Int64
    package var duringMilliseconds: Int64
    package var afterMilliseconds: Int64
    /// Whether nothing will be added.
    package var isFinal: Bool

    package init(
        releases: [Release], beforeMilliseconds: Int64, duringMilliseconds: Int64, afterMilliseconds: Int64,
        isFinal: Bool
    ) {
        self.releases = releases
        self.beforeMilliseconds = beforeMilliseconds
        self.duringMilliseconds = duringMilliseconds
        self.afterMilliseconds = afterMilliseconds
        self.isFinal = isFinal
    }

    package func milliseconds(_ phase: Phase) -> Int64 {
        switch phase {
        case .before: beforeMilliseconds
        case .during: duringMilliseconds
        case .after: afterMilliseconds
        }
    }
}

/// What is saved of an execution's traffic.
package struct TrafficRecord: Codable, Hashable, Sendable {
    package var execution: Int64
    package var figures: ExecutionTraffic
    /// What it takes to go on counting; nil when the figures are final.
    package var checkpoint: Checkpoint?

    package struct Checkpoint: Codable, Hashable, Sendable {
        package var watch: TrafficWatch
        package var positions: TrafficPositions
    }

    package init(execution: Int64, figures: ExecutionTraffic, checkpoint: Checkpoint?) {
        self.execution = execution
        self.figures = figures
        self.checkpoint = checkpoint
    }
}
