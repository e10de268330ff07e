/// The paths of series as a tree of nodes, so that a pattern is answered by walking along it: exact nodes
/// are looked up, and only where a pattern has one are the nodes beside each other gone through.
struct PathTree: Sendable {
    private struct Node: Sendable {
        /// The node's own name, by its number.
        var name: UInt32
        var parent: UInt32
        /// Its first child and the next child of its parent; 0 is none.
        var child: UInt32 = 0
        var next: UInt32 = 0
        /// The series that ends here, plus one; 0 is none.
        var series: UInt32 = 0
        /// Live series here and below.
        var live: UInt32 = 0
    }

    /// What a pattern found.
    struct Match {
        var path: [UInt8]
        var series: UInt32?
        var isBranch: Bool
    }

    private var nodes = [Node(name: 0, parent: 0)]
    private var children: [UInt64: UInt32] = [:]
    private var names: ByteTable

    init(seed: UInt64) { names = ByteTable(seed: seed) }

    var footprint: Int {
        nodes.capacity * MemoryLayout<Node>.stride + children.capacity * 16 + names.footprint
    }

    mutating func add(_ path: UnsafeRawBufferPointer, _ series: UInt32) {
        var at: UInt32 = 0
        for part in path.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            let name = names.add(UnsafeRawBufferPointer(rebasing: part)).number
            let key = Self.key(at, name)
            if let child = children[key] {
                at = child
            } else {
                let child = UInt32(nodes.count)
                nodes.append(Node(name: name, parent: at, next: nodes[Int(at)].child))
                nodes[Int(at)].child = child
                children[key] = child
                at = child
            }
        }
        guard nodes[Int(at)].series == 0 else { return }
        nodes[Int(at)].series = series + 1
        count(at, by: 1)
    }

    mutating func remove(_ path: UnsafeRawBufferPointer) {
        var at: UInt32 = 0
        for part in path.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard let name = names.number(of: UnsafeRawBufferPointer(rebasing: part)),
                let child = children[Self.key(at, name)]
            else { return }
            at = child
        }
        guard nodes[Int(at)].series != 0 else { return }
        nodes[Int(at)].series = 0
        count(at, by: -1)
    }

    private static func key(_ parent: UInt32, _ name: UInt32) -> UInt64 { UInt64(parent) << 32 | UInt64(name) }

    private mutating func count(_ leaf: UInt32, by change: Int) {
        var at = leaf
        while true {
            nodes[Int(at)].live = UInt32(Int(nodes[Int(at)].live) + change)
            if at == 0 { return }
            at = nodes[Int(at)].parent
        }
    }

    /// The live nodes that a pattern matches, node by node, in no order.
    func find(_ pattern: some Collection<UInt8>) -> [Match] {
        var found: [UInt32] = [0]
        for part in Self.parts(of: Array(pattern)) {
            let glob = Glob(part)
            var next: [UInt32] = []
            for node in found { descend(node, glob, into: &next) }
            found = next
            if found.isEmpty { break }
        }
        return found.filter { $0 != 0 }.map { match($0) }
    }

    /// Dots in braces do not part nodes; as they never match one, nothing is found by such a choice.
    static func parts(of pattern: [UInt8]) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var (depth, start) = (0, 0)
        for (at, byte) in pattern.enumerated() {
            if byte == UInt8(ascii: "{") { depth += 1 }
            if byte == UInt8(ascii: "}") { depth = max(0, depth - 1) }
            if byte == UInt8(ascii: "."), depth == 0 {
                parts.append(pattern[start..<at])
                start = at + 1
            }
        }
        return parts + [pattern[start...]]
    }

    private func descend(_ node: UInt32, _ glob: Glob, into found: inout [UInt32]) {
        if let literals = glob.literals {
            for literal in Set(literals) {
                let name = literal.withUnsafeBytes { names.number(of: $0) }
                if let name, let child = children[Self.key(node, name)], nodes[Int(child)].live > 0 {
                    found.append(child)
                }
            }
            return
        }
        var child = nodes[Int(node)].child
        while child != 0 {
            let entry = nodes[Int(child)]
            if entry.live > 0, names.bytes(of: entry.name, { glob.matches($0) }) { found.append(child) }
            child = entry.next
        }
    }

    private func match(_ node: UInt32) -> Match {
        var parts: [UInt32] = []
        var at = node
        while at != 0 {
            parts.append(nodes[Int(at)].name)
            at = nodes[Int(at)].parent
        }
        var path: [UInt8] = []
        for part in parts.reversed() {
            if !path.isEmpty { path.append(UInt8(ascii: ".")) }
            names.bytes(of: part) { path.append(contentsOf: $0) }
        }
        let entry = nodes[Int(node)]
        let own: UInt32 = entry.series == 0 ? 0 : 1
        return Match(path: path, series: entry.series == 0 ? nil : entry.series - 1, isBranch: entry.live > own)
    }
}
