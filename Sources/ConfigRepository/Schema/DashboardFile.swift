import Core
import Telemetry

/// `dashboards/NAME.yaml`.
extension SchemaReader {
    private static let rowsMax = 50
    private static let panelsMax = 24
    private static let targetsMax = 50
    private static let targetBytesMax = 8192
    static let dashboardKeys: Set<String> = ["dashboard", "title", "rows"]
    static let rowKeys: Set<String> = ["title", "panels"]
    static let panelKeys: Set<String> = ["title", "kind", "unit", "targets", "width", "from", "to"]

    func dashboard(file: String, name fileName: String) -> DashboardSpec? {
        guard let value = value(ofFile: file),
            let reader = MappingReader(value, noun: "a dashboard", keys: Self.dashboardKeys, log: log)
        else { return nil }
        let name = name("dashboard", in: reader, fileName: fileName, as: DashboardName.self)
        if !reader.has("rows") {
            reader.reportMissing(
                "rows", hint: "write `rows: [{ panels: [{ title: Load, targets: [hosts.*.load.1] }] }]`")
        }
        let rows = bounded(reader.list("rows"), Self.rowsMax, "rows", reader).compactMap(row)
        let title = reader.text("title")?.value
        return name.map { DashboardSpec(name: $0.value, title: title ?? $0.value.text, rows: rows) }
    }

    private func row(_ value: YAMLValue) -> DashboardSpec.Row? {
        guard let reader = MappingReader(value, noun: "a row", keys: Self.rowKeys, log: log) else { return nil }
        if !reader.has("panels") {
            reader.reportMissing("panels", hint: "write `panels: [{ title: …, targets: […] }]`")
        }
        let panels = bounded(reader.list("panels"), Self.panelsMax, "panels", reader).compactMap(panel)
        return DashboardSpec.Row(title: reader.text("title")?.value ?? "", panels: panels)
    }

    private func panel(_ value: YAMLValue) -> DashboardSpec.Panel? {
        guard let reader = MappingReader(value, noun: "a panel", keys: Self.panelKeys, log: log) else { return nil }
        if !reader.has("title") { reader.reportMissing("title", hint: "write `title: Requests`") }
        if !reader.has("targets") { reader.reportMissing("targets", hint: "write `targets: [hosts.*.load.1]`") }
        var panel = DashboardSpec.Panel(
            title: reader.text("title")?.value ?? "",
            targets: bounded(reader.list("targets"), Self.targetsMax, "targets", reader).compactMap(target))
        if let kind = reader.choice("kind", of: DashboardSpec.Panel.Kind.self) { panel.kind = kind.value }
        if let unit = reader.choice("unit", of: DashboardSpec.Panel.Unit.self) { panel.unit = unit.value }
        if let width = reader.integer("width", in: 1...12) { panel.width = width.value }
        panel.from = reader.parse("from", Checks.number)?.value
        panel.to = reader.parse("to", Checks.number)?.value
        if let from = panel.from, let to = panel.to, from >= to {
            log.error("value.range", at: reader.keyPosition("to"), "`to` must be above `from`.")
        }
        return panel.title.isEmpty || panel.targets.isEmpty ? nil : panel
    }

    private func target(_ value: YAMLValue) -> String? {
        guard let text = log.text(value, of: "targets") else { return nil }
        guard text.value.utf8.count <= Self.targetBytesMax else {
            log.error("value.range", at: text.position, "A target has more than \(Self.targetBytesMax) bytes.")
            return nil
        }
        do {
            _ = try ExpressionParser.parse(text.value)
        } catch {
            log.report(Problem(error), at: text.position)
            return nil
        }
        return text.value
    }

    private func bounded(_ items: [YAMLValue], _ max: Int, _ key: String, _ reader: MappingReader) -> ArraySlice<
        YAMLValue
    > {
        if items.count > max {
            log.error("value.range", at: reader.keyPosition(key), "`\(key)` has more than \(max) entries.")
        }
        return items.prefix(max)
    }
}

extension Checks {
    static func number(_ text: String) throws(Problem) -> Double {
        guard let number = Double(text), number.isFinite else {
            throw Problem(
                "number.invalid", "This is not a number.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "write a number: 0.5")
        }
        return number
    }
}
