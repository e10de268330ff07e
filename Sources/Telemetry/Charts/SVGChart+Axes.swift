extension SVGChart {
    /// The lines at the ticks of the left axis, and zero, which is stronger.
    var grid: Markup {
        let rows = drawing.left.ticks.markup { tick in
            let y = plot.y(tick.value, drawing.left)
            return #"<path d="M0 \#(y)H\#(plot.width)"/>"#
        }
        let columns = timeTicks.ticks.markup { tick in
            #"<path d="M\#(plot.x(Double(tick.time - chart.from))) 0V\#(plot.height)"/>"#
        }
        let zero: Markup =
            drawing.left.lower <= 0 && drawing.left.upper >= 0
            ? """
            <path \(options.theme.paint(.muted)) stroke="currentColor" stroke-opacity=".7" \
            d="M0 \(plot.y(0, drawing.left))H\(plot.width)"/>
            """ : .empty
        return """
            <g \(options.theme.paint(.grid)) stroke="currentColor" fill="none">\(rows)\(columns)</g>\(zero)

            """
    }

    func valueAxis(_ axis: ValueAxis, side: ChartSeries.Side) -> Markup {
        let x = side == .left ? plot.left - 8 : plot.left + plot.width + 8
        let labels = axis.ticks.markup { tick in
            #"<text x="\#(x)" y="\#(plot.top + plot.y(tick.value, axis) + 4)">\#(tick.label)</text>"#
        }
        let anchor: Markup = side == .left ? "end" : "start"
        let offset: Markup =
            axis.offset.map { text in
                """
                <text x="\(plot.left + plot.width)" y="\(side == .left ? plot.top - 5 : plot.top - 18)" text-anchor="end">\
                + is above \(text)</text>
                """
            } ?? .empty
        return """
            <g \(options.theme.paint(.muted)) fill="currentColor" text-anchor="\(anchor)">\(labels)\(offset)</g>

            """
    }

    var timeTicks: TimeAxis {
        TimeAxis(from: chart.from, until: chart.until, zone: chart.zone, countMax: max(2, Int(plot.width / 62)))
    }

    var timeAxis: Markup {
        let bottom = plot.top + plot.height
        var contextEnd = -Double.infinity
        let labels = timeTicks.ticks.markup { tick in
            let x = plot.left + plot.x(Double(tick.time - chart.from))
            let half = TextWidth.of(tick.label, size: Self.fontSize) / 2
            // A label that would be cut off at the edge is left out; its line stays.
            let isInside = x - half >= 0 && x + half <= Double(options.width)
            let label: Markup = isInside ? #"<text x="\#(x)" y="\#(bottom + 15)">\#(tick.label)</text>"# : .empty
            guard let context = tick.context, !context.isEmpty, isInside, x - half > contextEnd else { return label }
            contextEnd = x + TextWidth.of(context, size: Self.fontSize)
            return #"\#(label)<text x="\#(x)" y="\#(bottom + 28)" opacity=".8">\#(context)</text>"#
        }
        return """
            <g \(options.theme.paint(.muted)) fill="currentColor" text-anchor="middle">\(labels)\
            <title>times in \(chart.zone.name)</title></g>
            """
    }

    /// Deploys and the like, over the plot: marks that would cover each other share a label.
    var markLines: Markup {
        var groups: [(x: Double, marks: [ChartMark])] = []
        let marks = chart.marks.filter { $0.time >= chart.from && $0.time <= chart.until }.sorted { $0.time < $1.time }
        for mark in marks {
            let x = plot.left + plot.x(Double(mark.time - chart.from))
            if let last = groups.last, x - last.x < 7 {
                groups[groups.count - 1].marks.append(mark)
            } else {
                groups.append((x, [mark]))
            }
        }
        var end = -Double.infinity
        return groups.enumerated().markup { index, group in
            let (x, marks) = group
            let label = marks.count == 1 ? marks[0].label : "\(marks[0].label) +\(marks.count - 1)"
            let text = TextWidth.fitting(label, size: 10, into: 110)
            let width = TextWidth.of(text, size: 10)
            // A label stands where neither the edge nor the next mark is in its way.
            let room = index + 1 < groups.count ? groups[index + 1].x - 6 : Double(options.width)
            let isLast = x + width + 8 > room
            let begin = isLast ? x - width - 6 : x + 6
            var shown: Markup = .empty
            if begin > end {
                end = begin + width + 6
                let anchor: Markup = isLast ? #" text-anchor="end""# : .empty
                shown =
                    #"<text x="\#(isLast ? x - 6 : x + 6)" y="\#(plot.top - 4)" font-size="10"\#(anchor)>\#(text)</text>"#
            }
            let all = marks.prefix(20).map { "\(LocalDate(local: chart.zone.local($0.time)).text) \($0.label)" }
            let execution = options.theme == .page ? marks.compactMap(\.execution).last : nil
            let link: (begin: Markup, end: Markup) =
                execution.map { (#"<a href="/executions/\#($0)">"#, "</a>") } ?? (.empty, .empty)
            return """
                \(link.begin)<g \(options.theme.paint(marks.contains { $0.isAlarming } ? .alarm : .mark)) fill="currentColor">\
                <title>\(all.joined(separator: "\n"))</title>\
                <path stroke="currentColor" stroke-dasharray="4 3" fill="none" \
                d="M\(x) \(plot.top)v\(plot.height)"/>\
                <path d="M\(x - 4) \(plot.top - 11)h8l-4 8z"/>\(shown)</g>\(link.end)

                """
        }
    }
}
