import Logs
import Telemetry

/// How many lines there were when, by how serious they are, with marks where something happened.
struct LogHistogram {
    private static let width = 1000
    private static let height = 80

    let answer: LogPage.Answer
    let page: LogPage

    /// From below: those that say nothing, warnings, errors.
    private func parts(_ levels: [Int]) -> (other: Int, warn: Int, error: Int) {
        var parts = (other: 0, warn: 0, error: 0)
        for (number, count) in levels.enumerated() {
            switch LogLevel(rawValue: UInt8(number)) ?? .none {
            case .warn: parts.warn += count
            case .error, .critical, .alert, .emergency: parts.error += count
            default: parts.other += count
            }
        }
        return parts
    }

    var html: HTML {
        guard let counts = answer.counts else { return .empty }
        let greatest = counts.counts.map { $0.reduce(0, +) }.max() ?? 0
        guard greatest > 0 else { return .empty }
        let slot = Double(Self.width) / Double(counts.counts.count)
        let bars = counts.counts.enumerated().html { index, levels -> HTML in
            let parts = parts(levels)
            let total = parts.other + parts.warn + parts.error
            guard total > 0 else { return .empty }
            let start = counts.start + Int64(index) * counts.span
            let (from, until) = (LogTime.text(start), LogTime.text(start + counts.span))
            var bottom = Double(Self.height)
            var rectangles: HTML = ""
            for (name, count) in [("other", parts.other), ("warn", parts.warn), ("error", parts.error)] where count > 0
            {
                let size = max(1, Double(count) / Double(greatest) * Double(Self.height))
                bottom -= size
                rectangles = """
                    \(rectangles)<rect class="\(name)" x="\(Self.number(Double(index) * slot))" y="\(Self.number(bottom))" width="\(Self.number(max(1, slot - 1)))" height="\(Self.number(size))"/>
                    """
            }
            return """
                <a href="\(page.link(page.query, from: from, until: until))"><title>\(from.prefix(19)): \(total) lines, \(parts.warn) warnings, \(parts.error) errors</title>\(rectangles)</a>
                """
        }
        return """
            <svg class="log-histogram" viewBox="0 0 \(Self.width) \(Self.height)" preserveAspectRatio="none" role="img" aria-label="Lines over time, at most \(greatest) in a bar">\(bars)\(marks(counts))</svg>
            <p class="log-scale muted num"><span>\(LogTime.text(counts.start).prefix(19))</span><span>at most \(greatest) lines in \(Double(counts.span) / 1e9) s</span><span>\(LogTime.text(counts.start + Int64(counts.counts.count) * counts.span).prefix(19))</span></p>
            """
    }

    private func marks(_ counts: LogLevelCounts) -> HTML {
        let length = Double(counts.span) * Double(counts.counts.count)
        return answer.events.html { event -> HTML in
            let place = (Double(event.time) * 1e9 - Double(counts.start)) / length * Double(Self.width)
            guard (0...Double(Self.width)).contains(place) else { return .empty }
            let x = Self.number(place)
            return
                "<g><title>\(event.what) \(event.data)</title><line class=\"mark\" x1=\"\(x)\" x2=\"\(x)\" y1=\"0\" y2=\"\(Self.height)\"/></g>"
        }
    }

    private static func number(_ value: Double) -> String { String((value * 100).rounded() / 100) }
}
