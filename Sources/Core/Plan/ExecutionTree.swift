/// The tree of a plan as arrays, so that the end of a step costs its depth and not the plan.
///
/// Its shape follows from the plan and is shared by every copy of an execution; only how far each
/// node is changes. Numbers have 32 bits: an execution of a large app has tens of thousands of nodes.
struct ExecutionTree: Hashable, Sendable {
    /// What a node is, by the plan.
    struct Node: Hashable, Sendable {
        /// nil: the root.
        let parent: Int32?
        /// The next child of its parent.
        var sibling: Int32?
        var childCount: Int32 = 0
        /// How many children may run at once; 1 for a sequence.
        let limit: Int32
        /// The step's index, for a leaf.
        let leaf: Int32?
    }

    /// How far a node is.
    struct State: Hashable, Sendable {
        /// The first child that has not begun; those before it have, or are done.
        var next: Int32?
        /// How many children have begun and are not done.
        var open: Int32 = 0
        var done: Int32 = 0
        var isOpen = false
        var isDone = false
    }

    private let nodes: [Node]
    /// The node of each step.
    private let leaves: [Int32]
    private var states: [State]

    init(_ root: PlanNode) {
        var nodes: [Node] = []
        var leaves: [Int32] = []
        func add(_ node: PlanNode, parent: Int32?) -> Int32 {
            let index = Int32(nodes.count)
            var children: [PlanNode] = []
            switch node {
            case .step:
                nodes.append(Node(parent: parent, limit: 1, leaf: Int32(leaves.count)))
                leaves.append(index)
            case .sequential(_, let list):
                children = list
                nodes.append(Node(parent: parent, limit: 1, leaf: nil))
            case .parallel(_, let limit, let list):
                children = list
                nodes.append(Node(parent: parent, limit: Int32(clamping: max(1, limit)), leaf: nil))
            }
            nodes[Int(index)].childCount = Int32(children.count)
            var last: Int32?
            for child in children {
                let number = add(child, parent: index)
                if let last { nodes[Int(last)].sibling = number }
                last = number
            }
            return index
        }
        _ = add(root, parent: nil)
        self.nodes = nodes
        self.leaves = leaves
        states = nodes.indices.map { State(next: nodes[$0].childCount > 0 ? Int32($0) + 1 : nil) }
        // A group without children has nothing to wait for.
        for index in nodes.indices.reversed() where nodes[index].leaf == nil {
            states[index].isDone = states[index].done == nodes[index].childCount
            if states[index].isDone, let parent = nodes[index].parent { states[Int(parent)].done += 1 }
        }
    }

    /// Whether all steps are done.
    var isDone: Bool { states[0].isDone }

    func isDone(leaf: Int) -> Bool { states[Int(leaves[leaf])].isDone }

    /// Whatever has begun and is not done has not begun.
    mutating func rewind() {
        for index in states.indices where !states[index].isDone {
            states[index].next = nodes[index].childCount > 0 ? Int32(index) + 1 : nil
            states[index].open = 0
            states[index].isOpen = false
        }
    }

    /// Marks a step as done.
    /// - Returns: the lowest node that is not done yet, whose next child may begin.
    mutating func complete(leaf: Int) -> Int? {
        var index = Int(leaves[leaf])
        guard !states[index].isDone else { return nil }
        states[index].isDone = true
        while let parent = nodes[index].parent.map({ Int($0) }) {
            states[parent].done += 1
            if states[index].isOpen {
                states[index].isOpen = false
                states[parent].open -= 1
            }
            guard states[parent].done == nodes[parent].childCount else { return parent }
            states[parent].isDone = true
            index = parent
        }
        return nil
    }

    /// Begins everything that may begin, wherever in the tree it is. Costs the open part of the tree.
    /// - Returns: the indices of steps, in order.
    mutating func advance() -> [Int] {
        var begun: [Int] = []
        if let leaf = nodes[0].leaf { begun.append(Int(leaf)) } else { refill(0, &begun) }
        return begun
    }

    /// Begins children of a node, in their order, as far as its limit allows.
    /// - Returns: the indices of steps, in order.
    mutating func fill(_ node: Int) -> [Int] {
        var begun: [Int] = []
        fill(node, &begun)
        return begun
    }

    private mutating func refill(_ index: Int, _ begun: inout [Int]) {
        guard !states[index].isDone, nodes[index].leaf == nil else { return }
        var child = nodes[index].childCount > 0 ? Int32(index) + 1 : nil
        while let number = child, number != states[index].next {
            refill(Int(number), &begun)
            child = nodes[Int(number)].sibling
        }
        fill(index, &begun)
    }

    private mutating func fill(_ index: Int, _ begun: inout [Int]) {
        while states[index].open < nodes[index].limit, let child = states[index].next.map({ Int($0) }) {
            states[index].next = nodes[child].sibling
            guard !states[child].isDone else { continue }
            states[index].open += 1
            states[child].isOpen = true
            if let leaf = nodes[child].leaf { begun.append(Int(leaf)) } else { fill(child, &begun) }
        }
    }
}
