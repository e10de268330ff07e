import Core
import Wire

/// Small parts that many pages are made of.
enum Controls {
    static func csrf(_ secret: String) -> HTML { #"<input type="hidden" name="csrf" value="\#(secret)">"# }

    /// A colour with its symbol, for people who can't tell colours apart.
    static func symbol(_ colour: Colour) -> HTML {
        switch colour {
        case .green: #"<span class="sym green" title="green" aria-label="green">✓</span>"#
        case .yellow: #"<span class="sym yellow" title="yellow" aria-label="yellow">!</span>"#
        case .red: #"<span class="sym red" title="red" aria-label="red">✕</span>"#
        }
    }

    static func pill(_ colour: Colour, _ text: String) -> HTML {
        #"<span class="pill \#(colour.rawValue)">\#(symbol(colour))<span>\#(text)</span></span>"#
    }

    /// `3 ✓ 1 ! 0 ✕`, without what is zero.
    static func counts(_ counts: ColourCounts) -> HTML {
        let parts = [(Colour.green, counts.green), (.yellow, counts.yellow), (.red, counts.red)].filter { $0.1 > 0 }
        return #"<span class="counts">\#(parts.html { #"<span>\#(symbol($0.0)) \#($0.1)</span>"# })</span>"#
    }

    /// The shares of the colours as a strip; its words are those of `counts`.
    static func bar(_ counts: ColourCounts) -> HTML {
        // Widths of an SVG are attributes, so that no style is written into the page.
        let total = max(counts.total, 1)
        let red = counts.red == 0 ? 0 : max(1, counts.red * 100 / total)
        let yellow = counts.yellow == 0 ? 0 : max(1, counts.yellow * 100 / total)
        return """
            <svg class="bar-strip" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="green" width="100" height="4"/><rect class="yellow" width="\(min(100, red + yellow))" height="4"/><rect class="red" width="\(red)" height="4"/></svg>
            """
    }

    /// A point in time, as the time since then; the script keeps it up to date.
    static func time(_ instant: Instant?, _ now: Instant) -> HTML {
        html(instant) {
            #"<time datetime="\#(Clock.text($0))" title="\#(Clock.text($0))" data-ms="\#($0.milliseconds)">\#(Clock.ago($0, now))</time>"#
        }
    }

    static func duration(_ from: Instant?, _ to: Instant?) -> HTML {
        guard let from, let to else { return .empty }
        return #"<span class="num">\#(Clock.length(to - from))</span>"#
    }

    static func app(_ name: AppName) -> HTML { #"<a href="/apps/\#(name)">\#(name)</a>"# }
    static func host(_ name: HostName) -> HTML { #"<a href="/hosts/\#(name)">\#(name)</a>"# }

    static func problem(_ problem: Problem) -> HTML {
        """
        <div class="problem" role="note">
          <p><strong>\(problem.sentence)</strong> \(problem.cause)</p>
          <p>\(problem.remedy) <code>\(problem.code)</code></p>
        </div>
        """
    }

    /// A form of one button.
    static func button(
        _ viewer: Viewer, role: Role, action: String, fields: [(String, String)] = [], text: String,
        confirm: String? = nil,
        style: String = ""
    ) -> HTML {
        guard viewer.may(role), let secret = viewer.csrf else { return .empty }
        let inputs = fields.html { #"<input type="hidden" name="\#($0.0)" value="\#($0.1)">"# }
        let question = html(confirm) { #" data-confirm="\#($0)""# }
        return """
            <form method="post" action="\(action)"\(question)>\(csrf(secret))\(inputs)<button class="\(style)">\(text)</button></form>
            """
    }

    static func state(_ state: ExecutionState) -> HTML {
        switch state {
        case .running:
            #"<span class="pill busy"><span class="sym busy" aria-hidden="true">▶</span><span>running</span></span>"#
        case .paused:
            #"<span class="pill yellow"><span class="sym yellow" aria-hidden="true">‖</span><span>paused</span></span>"#
        case .succeeded:
            #"<span class="pill green"><span class="sym green" aria-hidden="true">✓</span><span>succeeded</span></span>"#
        case .failed:
            #"<span class="pill red"><span class="sym red" aria-hidden="true">✕</span><span>failed</span></span>"#
        case .aborted:
            #"<span class="pill red"><span class="sym red" aria-hidden="true">■</span><span>aborted</span></span>"#
        }
    }

    static func progress(_ execution: ExecutionView) -> HTML {
        """
        <span class="progress"><progress max="\(max(execution.stepsTotal, 1))" value="\(execution.stepsDone)" aria-label="Steps done"></progress>
        <span class="num">\(execution.stepsDone)/\(execution.stepsTotal)</span></span>
        """
    }

    static func commit(_ commit: String) -> HTML { #"<code title="\#(commit)">\#(commit.prefix(8))</code>"# }

    /// A line of output without the escape sequences that colour it on a terminal.
    static func plain(_ line: String) -> String {
        var plain = String.UnicodeScalarView()
        var scalars = line.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "\u{1B}" else {
                plain.append(scalar)
                continue
            }
            guard scalars.next() == "[" else { continue }
            while let next = scalars.next(), !("\u{40}"..."\u{7E}").contains(next) {}
        }
        return String(plain)
    }
}

/// Times as people read them.
enum Clock {
    /// `2026-05-28 19:06:40Z`. Days are counted as in H. Hinnant's `civil_from_days`.
    static func text(_ instant: Instant) -> String {
        let seconds = instant.milliseconds / 1000 - (instant.milliseconds % 1000 < 0 ? 1 : 0)
        let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        let rest = seconds - days * 86400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-\(two(month))-\(two(day)) \(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
    }

    /// `now`, `42 s ago`, `in 25 min`.
    static func ago(_ instant: Instant, _ now: Instant) -> String {
        let distance = now - instant
        if abs(distance.milliseconds) < 1000 { return "now" }
        let text = coarse(abs(distance.milliseconds) / 1000)
        return distance.milliseconds < 0 ? "in \(text)" : "\(text) ago"
    }

    /// `870 ms`, `4.2 s`, `3 min`.
    static func length(_ interval: Interval) -> String {
        let milliseconds = max(0, interval.milliseconds)
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 60_000 { return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s" }
        return coarse(milliseconds / 1000)
    }

    private static func coarse(_ seconds: Int64) -> String {
        switch seconds {
        case ..<100: "\(seconds) s"
        case ..<5400: "\((seconds + 30) / 60) min"
        case ..<172_800: "\((seconds + 1800) / 3600) h"
        default: "\((seconds + 43_200) / 86_400) d"
        }
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
