/// The colours of charts. Those of series can be told apart with any kind of colour blindness, and from the
/// paper; a test holds them to it.
package enum ChartPalette {
    /// What a colour is for. The name is the class of an element and the end of the property's name.
    enum Role: String, CaseIterable {
        case paper, ink, muted, grid, mark, alarm
    }

    static let light: [Role: String] = [
        .paper: "#ffffff", .ink: "#1c2126", .muted: "#5c6670", .grid: "#e3e7eb", .mark: "#6b4fa0", .alarm: "#a81e1a",
    ]
    static let dark: [Role: String] = [
        .paper: "#1a1e23", .ink: "#e4e7ea", .muted: "#9aa4ae", .grid: "#2c323a", .mark: "#b9a2ea", .alarm: "#ff948b",
    ]

    /// Of series, in the order in which they are given out.
    static let lightSeries = [
        "#2f5cb8", "#f4570f", "#3f8f5c", "#bd62a2", "#a88d1f", "#4a97bf", "#5d6178", "#983356",
    ]
    static let darkSeries = [
        "#519ff4", "#ff7f2b", "#49e0ad", "#c785bc", "#f7cb16", "#99d4ff", "#b8c8d1", "#d2728e",
    ]

    /// Of heat, from little to much.
    static let lightHeat = ["#e8f1fa", "#c3dcf0", "#92c1e3", "#5ba0d0", "#2f7db8", "#155a96", "#0a3a6b"]
    static let darkHeat = ["#1d2c3c", "#20435f", "#256084", "#2f83a8", "#4aa9c4", "#83cfd6", "#d3f2e4"]

    /// How a line beyond the last colour is told from those before.
    static let dashes: [Markup] = ["", "6 3", "2 2.5", "9 3 2 3"]

    /// The style sheet: for `<style>` of a picture that is read by itself, and for that of a page. It follows
    /// the reader's system, unless the picture or something around it has the class `light` or `dark`.
    package static let stylesheet: String = {
        let onLight = properties(light, lightSeries, lightHeat)
        let onDark = properties(dark, darkSeries, darkHeat)
        var text = """
            .apus-chart{\(onLight)max-width:100%;height:auto}
            @media (prefers-color-scheme:dark){.apus-chart{\(onDark)}}
            .light .apus-chart,.apus-chart.light{\(onLight)}
            .dark .apus-chart,.apus-chart.dark{\(onDark)}

            """
        let names =
            Role.allCases.map(\.rawValue) + lightSeries.indices.map { "c\($0)" } + lightHeat.indices.map { "h\($0)" }
        for name in names { text += ".apus-chart .\(name){color:var(--chart-\(name))}\n" }
        return text
    }()

    private static func properties(_ roles: [Role: String], _ series: [String], _ heat: [String]) -> String {
        var text = ""
        for role in Role.allCases { text += "--chart-\(role.rawValue):\(roles[role] ?? "");" }
        for (index, color) in series.enumerated() { text += "--chart-c\(index):\(color);" }
        for (index, color) in heat.enumerated() { text += "--chart-h\(index):\(color);" }
        return text
    }
}

/// For whom a picture is drawn.
package enum ChartTheme: String, CaseIterable, Hashable, Sendable {
    /// With a style sheet inside, that follows the reader's system. Complete by itself.
    case adaptive
    /// Without a style sheet: for mail, and for what makes pixels of it.
    case light, dark
    /// In a page that has `ChartPalette.stylesheet` and the script.
    case page

    private var isDark: Bool { self == .dark }

    private func paint(_ name: String, _ color: String) -> Markup {
        let name: Markup = self == .adaptive || self == .page ? #"class="\#(name)" "# : .empty
        return #"\#(name)color="\#(color)""#
    }

    /// The class and the colour, as attributes: what has no style sheet reads the second. Children say
    /// `currentColor`.
    func paint(_ role: ChartPalette.Role) -> Markup {
        let colors = isDark ? ChartPalette.dark : ChartPalette.light
        return paint(role.rawValue, colors[role] ?? "")
    }

    /// Of the series with an index.
    func paint(series index: Int) -> Markup {
        let colors = isDark ? ChartPalette.darkSeries : ChartPalette.lightSeries
        let slot = index % colors.count
        return paint("c\(slot)", colors[slot])
    }

    func paint(heat index: Int) -> Markup {
        let colors = isDark ? ChartPalette.darkHeat : ChartPalette.lightHeat
        let slot = max(0, min(colors.count - 1, index))
        return paint("h\(slot)", colors[slot])
    }

    /// The dashes of the line of a series.
    func dash(series index: Int) -> Markup {
        let dash = ChartPalette.dashes[index / ChartPalette.lightSeries.count % ChartPalette.dashes.count]
        return dash == .empty ? .empty : #" stroke-dasharray="\#(dash)""#
    }
}
