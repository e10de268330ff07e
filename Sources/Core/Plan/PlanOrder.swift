/// Which steps of a plan surely end before others begin.
struct PlanOrder {
    private struct Node {
        var parent: Int
        var depth: Int
        /// Its place among its siblings.
        var place: Int
        var isSequence: Bool
    }

    private var nodes: [Node] = []
    /// The node of each step, by its number less one.
    private var leaves: [Int] = []

    init(_ root: PlanNode) { add(root, parent: -1, depth: 0, place: 0) }

    private mutating func add(_ node: PlanNode, parent: Int, depth: Int, place: Int) {
        let index = nodes.count
        var children: [PlanNode] = []
        var isSequence = true
        switch node {
        case .step: leaves.append(index)
        case .sequential(_, let list): children = list
        case .parallel(_, let limit, let list):
            children = list
            isSequence = limit == 1
        }
        nodes.append(Node(parent: parent, depth: depth, place: place, isSequence: isSequence))
        for (place, child) in children.enumerated() { add(child, parent: index, depth: depth + 1, place: place) }
    }

    /// - Parameters: numbers of steps, from 1.
    func isBefore(_ first: Int, _ second: Int) -> Bool {
        guard first != second, leaves.indices.contains(first - 1), leaves.indices.contains(second - 1) else {
            return false
        }
        var left = leaves[first - 1]
        var right = leaves[second - 1]
        while nodes[left].depth > nodes[right].depth { left = nodes[left].parent }
        while nodes[right].depth > nodes[left].depth { right = nodes[right].parent }
        while nodes[left].parent != nodes[right].parent {
            left = nodes[left].parent
            right = nodes[right].parent
        }
        let parent = nodes[left].parent
        return parent >= 0 && nodes[parent].isSequence && nodes[left].place < nodes[right].place
    }
}

/// What a plan will do later, for rules that look ahead.
package struct PlanLookahead {
    /// Processes of which an instance is stopped, and another started in its slot after that.
    package private(set) var inPlace: Set<ProcessName> = []

    package init(_ plan: Plan) {
        var stopped: [Slot: InstanceID] = [:]
        plan.root.forEachStep { step in
            switch step.action {
            case .phase(_, let id, .stop): stopped[Slot(id)] = id
            case .phase(_, let id, .start) where !stopped.isEmpty:
                if let other = stopped[Slot(id)], other != id { inPlace.insert(id.process) }
            default: break
            }
        }
    }

    /// The last step that gives traffic to an instance in each slot.
    static func lastServes(in plan: Plan) -> [Slot: Int] {
        var found: [Slot: Int] = [:]
        plan.root.forEachStep { step in
            guard case .traffic(_, let duties, _) = step.action else { return }
            for change in duties where change.duty == .serve { found[Slot(change.instance)] = step.id }
        }
        return found
    }
}
