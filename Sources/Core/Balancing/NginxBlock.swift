/// A block of nginx's file: what begins it, its directives, and blocks inside.
struct NginxBlock: Hashable, Sendable {
    /// Nil: the file itself.
    var head: BalancerLine?
    var directives: [BalancerLine]
    var blocks: [NginxBlock] = []
    /// Directives that have to come after the blocks.
    var last: [BalancerLine] = []

    /// - Parameter depth: how many blocks it is in.
    func text(depth: Int = 0) -> String {
        let inner = String(repeating: "    ", count: head == nil ? depth : depth + 1)
        var text = directives.map { inner + $0.text + ";\n" }.joined()
        for block in blocks { text += block.text(depth: head == nil ? depth : depth + 1) }
        text += last.map { inner + $0.text + ";\n" }.joined()
        guard let head else { return text }
        let outer = String(repeating: "    ", count: depth)
        return outer + head.text + " {\n" + text + outer + "}\n"
    }
}
