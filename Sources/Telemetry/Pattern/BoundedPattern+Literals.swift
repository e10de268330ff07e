extension PatternNode {
    /// The texts of which each is in whatever matches. None if the case of letters does not count.
    func literals(ignoringCase: Bool) -> [[UInt8]] {
        if ignoringCase { return [] }
        var collector = LiteralCollector()
        collector.add(self)
        collector.cut()
        return collector.literals
    }
}

/// Goes along a pattern and collects what stands side by side.
private struct LiteralCollector {
    private(set) var literals: [[UInt8]] = []
    private var current = String.UnicodeScalarView()

    mutating func cut() {
        if !current.isEmpty { literals.append(Array(String(current).utf8)) }
        current = String.UnicodeScalarView()
    }

    mutating func add(_ node: PatternNode) {
        switch node {
        case .empty, .assertion, .lookAhead: break
        case .scalar(let value):
            // A byte that is no UTF-8 is read as U+FFFD, so that may be in a text without its bytes.
            if let scalar = Unicode.Scalar(value), value != 0xFFFD { current.append(scalar) } else { cut() }
        case .group(let inner, _): add(inner)
        case .sequence(let nodes): for node in nodes { add(node) }
        case .set, .alternatives: cut()
        case .repetition(let inner, let min, _, _):
            cut()
            if min > 0 { add(inner) }
            cut()
        }
    }
}
