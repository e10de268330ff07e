import Core
import Wire

/// What releases have served around an execution: release by phase.
enum TrafficTable {
    static func table(_ traffic: ExecutionTraffic) -> HTML {
        let phases = ExecutionTraffic.Phase.allCases
        return """
            <section aria-label="Traffic"><h2>Traffic <span class="muted">\(traffic.isFinal ? "by the balancers\u{2019} own counters" : "so far")</span></h2>
            <div class="scroll"><table class="traffic"><thead><tr><th>Release</th>\(phases.html { phase in
                "<th class=\"r\">\(phase.rawValue) <span class=\"muted\">\(Clock.length(Interval(milliseconds: traffic.milliseconds(phase))))</span></th>"
            })</tr></thead>
            <tbody>\(traffic.releases.html { release in
                "<tr><td><strong class=\"num\">r\(release.release)</strong></td>\(phases.html { cell(release[$0]) })</tr>"
            })</tbody></table></div></section>
            """
    }

    /// All releases together, while the execution ran.
    static func total(_ traffic: ExecutionTraffic) -> HTML {
        let requests = traffic.releases.reduce(0) { $0 + $1.during.requests }
        let failed = traffic.releases.reduce(0) { $0 + $1.during.failed }
        return requests == 0 ? .empty : #"<span class="num">\#(number(requests))</span>\#(failures(failed))"#
    }

    private static func cell(_ figures: ExecutionTraffic.Figures) -> HTML {
        guard figures.requests > 0 else { return #"<td class="r muted">–</td>"# }
        let times: HTML =
            if let p50 = figures.p50Microseconds, let p99 = figures.p99Microseconds {
                #"<div class="muted num">p50 \#(latency(p50)) · p99 \#(latency(p99))</div>"#
            } else {
                .empty
            }
        return
            #"<td class="r"><span class="num">\#(number(figures.requests))</span>\#(failures(figures.failed))\#(times)</td>"#
    }

    private static func failures(_ count: Int64) -> HTML {
        count == 0
            ? #" <span class="muted num">0 failed</span>"#
            : #" <span class="num failed">\#(Controls.symbol(.red)) \#(number(count)) failed</span>"#
    }

    /// Digits in groups, with a narrow space that does not break.
    static func number(_ number: Int64) -> String {
        let digits = String(number)
        return digits.enumerated().map { index, digit in
            (index > 0 && (digits.count - index) % 3 == 0 ? "\u{202F}" : "") + String(digit)
        }.joined()
    }

    /// `0.31 ms`, `2.1 ms`, `87 ms`, `1.2 s`.
    private static func latency(_ microseconds: Int64) -> String {
        switch microseconds {
        case ..<1000: "0.\(microseconds < 100 ? "0" : "")\(microseconds / 10) ms"
        case ..<10_000: "\(microseconds / 1000).\(microseconds / 100 % 10) ms"
        case ..<1_000_000: "\(microseconds / 1000) ms"
        default: "\(microseconds / 1_000_000).\(microseconds / 100_000 % 10) s"
        }
    }
}
