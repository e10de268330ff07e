import Core
import Wire

/// Plans as people read them before they say yes.
enum PlanText {
    static func lines(_ plans: [PlanView], width: Int?) -> [StyledText] {
        let changing = plans.filter { !$0.isEmpty || !$0.warnings.isEmpty }
        let unchanged = plans.count - changing.count
        var lines = changing.map { self.lines($0, width: width) }.joined(separator: [""]).map { $0 }
        if unchanged > 0 {
            if !lines.isEmpty { lines.append("") }
            lines.append(StyledText("\(Words.count(unchanged, "app")) as expected: nothing to do.", .green))
        }
        return lines
    }

    static func lines(_ plan: PlanView, width: Int?) -> [StyledText] {
        var lines = [headline(plan)]
        if let stale = plan.stale { lines.append(StyledText("  ! stale: \(stale)", .yellow)) }
        lines += plan.warnings.map { StyledText("  ! \($0)", .yellow) }
        lines += changes(plan, width: width)
        if !plan.steps.children.isEmpty || plan.steps.kind == .step {
            lines += ["", StyledText("Steps", .bold)] + PlanTree.lines(plan.steps, width: width)
        }
        return lines + ["", StyledText("Plan: ", .bold) + StyledText(plan.summary.text)]
    }

    private static func headline(_ plan: PlanView) -> StyledText {
        var text = "\(plan.kind.rawValue) \(plan.app)"
        if let release = plan.release {
            text += " r\(release)"
            if let before = plan.releaseBefore, before != release { text += " (now r\(before))" }
        }
        return StyledText(text, .bold)
            + StyledText(
                "  plan \(plan.id) · commit \(Words.commit(plan.commit)) · desired \(plan.desiredRevision), live \(plan.liveRevision)",
                .dim)
    }

    private static func changes(_ plan: PlanView, width: Int?) -> [StyledText] {
        var lines: [StyledText] = []
        let signWidth = plan.changes.map(\.sign.rawValue.count).max() ?? 0
        let subjects = plan.changes.map { change in change.subject + (change.host.map { " on \($0)" } ?? "") }
        let subjectWidth = subjects.map(\.count).max() ?? 0
        for (change, subject) in zip(plan.changes, subjects) {
            let line =
                StyledText("  ") + StyledText(change.sign.rawValue, style(change.sign)).padded(to: signWidth)
                + " " + StyledText(subject).padded(to: subjectWidth) + StyledText("  \(change.reason)", .dim)
            lines.append(width.map(line.elided) ?? line)
        }
        if plan.summary.unchanged > 0 { lines.append(StyledText("  (\(plan.summary.unchanged) unchanged)", .dim)) }
        return lines
    }

    private static func style(_ sign: Plan.Change.Sign) -> Style {
        switch sign {
        case .add: .green
        case .change: .yellow
        case .remove: .red
        case .replace: .magenta
        }
    }
}

extension PlanView {
    /// Whether it has nothing to do.
    var isEmpty: Bool { steps.kind != .step && steps.children.isEmpty && changes.isEmpty }
}

/// The steps of a plan as a tree.
enum PlanTree {
    static func lines(_ root: PlanNodeView, width: Int?) -> [StyledText] {
        let nodes = root.kind == .step || !root.title.isEmpty ? [root] : root.children
        let lines = nodes.flatMap { self.lines($0, indent: "  ", numberWidth: "\(lastStep(root))".count) }
        return width.map { width in lines.map { $0.elided(to: width) } } ?? lines
    }

    private static func lines(_ node: PlanNodeView, indent: String, numberWidth: Int) -> [StyledText] {
        if node.kind == .step {
            let number = StyledText(node.step.map { "\($0)" } ?? "").padded(to: numberWidth, right: true)
            return [
                StyledText(indent) + number + StyledText(" \(node.title)")
                    + StyledText(node.reason.map { "  \($0)" } ?? "", .dim)
            ]
        }
        let how =
            switch (node.kind, node.limit) {
            case (.parallel, let limit?) where limit < node.children.count: "side by side, \(limit) at once"
            case (.parallel, _) where node.children.count > 1: "side by side"
            default: ""
            }
        let title =
            StyledText(indent) + StyledText(node.title, .cyan) + StyledText(how.isEmpty ? "" : " (\(how))", .dim)
        return [title] + node.children.flatMap { lines($0, indent: indent + "  ", numberWidth: numberWidth) }
    }

    private static func lastStep(_ node: PlanNodeView) -> Int {
        max(node.step ?? 0, node.children.map(lastStep).max() ?? 0)
    }
}
