import Core
import Wire

/// What releases have served around an execution.
enum TrafficText {
    /// What each release has served while the execution ran: `r8 served 12,408 requests, 0 failed, p50 2.1 ms p99 9 ms`.
    static func lines(_ traffic: ExecutionTraffic) -> [StyledText] {
        traffic.releases.filter { $0.during.requests > 0 }.map { release in
            let figures = release.during
            let failed = StyledText("\(Words.number(figures.failed)) failed", figures.failed > 0 ? .red : nil)
            return StyledText("  r\(release.release) served \(requests(figures.requests)), ") + failed
                + StyledText(times(figures), .dim)
        }
    }

    /// Every release by every phase.
    static func table(_ traffic: ExecutionTraffic) -> Table {
        var table = Table([
            .init("RELEASE"), .init("WHEN"), .init("REQUESTS", isRight: true), .init("FAILED", isRight: true),
            .init("P50", isRight: true), .init("P90", isRight: true, isOptional: true), .init("P99", isRight: true),
        ])
        for release in traffic.releases {
            for phase in ExecutionTraffic.Phase.allCases {
                let figures = release[phase]
                table.add([
                    StyledText(phase == .before ? "r\(release.release)" : "", .bold), when(phase, traffic),
                    StyledText(Words.number(figures.requests)),
                    StyledText(Words.number(figures.failed), figures.failed > 0 ? .red : nil),
                    time(figures.p50Microseconds), time(figures.p90Microseconds), time(figures.p99Microseconds),
                ])
            }
        }
        return table
    }

    private static func when(_ phase: ExecutionTraffic.Phase, _ traffic: ExecutionTraffic) -> StyledText {
        let length = Words.duration(Interval(milliseconds: traffic.milliseconds(phase)))
        return StyledText(phase.rawValue) + StyledText(" \(length)", .dim)
    }

    private static func requests(_ count: Int64) -> String {
        count == 1 ? "1 request" : "\(Words.number(count)) requests"
    }

    private static func times(_ figures: ExecutionTraffic.Figures) -> String {
        guard let p50 = figures.p50Microseconds, let p99 = figures.p99Microseconds else { return "" }
        return ", p50 \(Words.latency(microseconds: p50)) p99 \(Words.latency(microseconds: p99))"
    }

    private static func time(_ microseconds: Int64?) -> StyledText {
        StyledText(microseconds.map { Words.latency(microseconds: $0) } ?? "")
    }
}
