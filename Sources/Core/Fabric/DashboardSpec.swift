package struct DashboardName: Name {
    package static let noun = "dashboard"
    package let text: String
    package init(checked text: String) { self.text = text }
}

/// A page of charts, as git describes it.
package struct DashboardSpec: Codable, Hashable, Sendable {
    package struct Row: Codable, Hashable, Sendable {
        package var title: String
        package var panels: [Panel]

        package init(title: String, panels: [Panel]) {
            self.title = title
            self.panels = panels
        }
    }

    package struct Panel: Codable, Hashable, Sendable {
        package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
            case line, area, stacked, heatmap
            /// The last value, large.
            case number
            /// One small chart for each series, on one scale; what differs from the others stands out.
            case hosts
        }

        package enum Unit: String, Codable, Hashable, Sendable, CaseIterable {
            case none, percent, bytes, seconds, milliseconds
            case bytesPerSecond = "bytes/s"
            case bitsPerSecond = "bits/s"
            case perSecond = "/s"
        }

        package var title: String
        package var kind: Kind
        package var unit: Unit
        /// Graphite's targets.
        package var targets: [String]
        /// How much of a row's twelve columns.
        package var width: Int
        package var from: Double?
        package var to: Double?

        package init(
            title: String, kind: Kind = .line, unit: Unit = .none, targets: [String], width: Int = 6,
            from: Double? = nil, to: Double? = nil
        ) {
            self.title = title
            self.kind = kind
            self.unit = unit
            self.targets = targets
            self.width = width
            self.from = from
            self.to = to
        }
    }

    package var name: DashboardName
    package var title: String
    package var rows: [Row]

    package init(name: DashboardName, title: String, rows: [Row]) {
        self.name = name
        self.title = title
        self.rows = rows
    }
}
