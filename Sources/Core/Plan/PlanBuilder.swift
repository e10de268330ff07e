/// Numbers the steps of a plan and keeps the lines that people read.
struct PlanBuilder {
    private(set) var changes: [Plan.Change] = []
    private var stepCount = 0
    private var added = 0
    private var changed = 0
    private var removed = 0

    mutating func step(_ action: Step.Action, reason: String, timeout: Interval) -> PlanNode {
        stepCount += 1
        return .step(Step(id: stepCount, action: action, reason: reason, timeout: timeout))
    }

    mutating func note(_ sign: Plan.Change.Sign, _ subject: String, on host: HostName?, reason: String) {
        switch sign {
        case .add: added += 1
        case .remove: removed += 1
        case .change, .replace: changed += 1
        }
        changes.append(Plan.Change(sign: sign, subject: subject, host: host, reason: reason))
    }

    func append(_ node: PlanNode?, to nodes: inout [PlanNode]) {
        if let node { nodes.append(node) }
    }

    func summary(unchanged: Int) -> Plan.Summary {
        Plan.Summary(added: added, changed: changed, removed: removed, unchanged: unchanged)
    }
}

extension PlanNode {
    /// Nodes one after another, without a level for a single one.
    static func inOrder(_ title: String, _ nodes: [PlanNode]) -> PlanNode? {
        nodes.isEmpty ? nil : nodes.count == 1 ? nodes[0] : .sequential(title: title, nodes)
    }

    static func sideBySide(_ title: String, limit: Int, _ nodes: [PlanNode]) -> PlanNode? {
        nodes.isEmpty ? nil : nodes.count == 1 ? nodes[0] : .parallel(title: title, limit: max(1, limit), nodes)
    }
}
