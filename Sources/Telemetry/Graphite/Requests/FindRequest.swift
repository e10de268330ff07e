/// What `/metrics/find` is asked for. Source: graphite-web 1.1.10, metrics/views.py.
package struct FindRequest: Sendable {
    package enum Format: String, CaseIterable, Sendable { case treejson, completer, json }

    /// What the source is asked for.
    package var pattern: String
    package var format: Format
    /// Whether `*` is offered beside the nodes.
    package var offersWildcard: Bool
    package var leavesOnly: Bool
    /// Seconds since 1970; everything if not given.
    package var from: Int64
    package var until: Int64
    package var jsonp: String?
    /// The path before the last node, with its dot.
    private var base: String

    package init(_ fields: FormFields, now: Int64) throws(TelemetryProblem) {
        guard let query = fields["query"], !query.isEmpty, query.utf8.count <= 4096 else {
            throw RenderRequest.refusal("query", fields["query"] ?? "missing", "a pattern of a path")
        }
        guard let format = Format(rawValue: fields["format"] ?? "treejson") else {
            throw RenderRequest.refusal(
                "format", fields["format"] ?? "", "one of \(Format.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.format = format
        offersWildcard = fields.flag("wildcards")
        leavesOnly = fields.flag("leavesOnly")
        jsonp = try fields["jsonp"].map { name throws(TelemetryProblem) in try RenderRequest.callback(name) }
        let zone = try fields["tz"].map { name throws(TelemetryProblem) in try TimeZoneRules.named(name) } ?? .utc
        func time(_ name: String) throws(TelemetryProblem) -> Int64? {
            guard let text = fields[name], !text.isEmpty, text != "-1" else { return nil }
            return try TimeExpression.time(text, now: now, zone: zone, roundsUp: name == "until")
        }
        from = try time("from") ?? 0
        until = try time("until") ?? now
        base = query.lastIndex(of: ".").map { String(query[...$0]) } ?? ""
        pattern = query
        guard format == .completer else { return }
        var parts = query.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
        for index in parts.indices where index < parts.count - 1 && parts[index].isEmpty { parts[index] = "*" }
        if !query.hasSuffix("*") { parts[parts.count - 1] += "*" }
        if fields.flag("automatic_variants") {
            for index in parts.indices where parts[index].contains(",") && !parts[index].contains("{") {
                parts[index] = "{\(parts[index])}"
            }
        }
        pattern = parts.joined(separator: ".")
    }

    /// The answer in JSON.
    package func encode(_ nodes: [SeriesNode]) -> [UInt8] {
        let nodes = leavesOnly ? nodes.filter(\.isLeaf) : nodes
        var bytes: [UInt8] = []
        if let jsonp { bytes.append(contentsOf: (jsonp + "(").utf8) }
        switch format {
        case .treejson: appendTree(nodes, to: &bytes)
        case .completer: appendCompleter(nodes, to: &bytes)
        case .json:
            bytes.append(UInt8(ascii: "["))
            GraphJSON.list(nodes, to: &bytes) { node, bytes in
                bytes.append(contentsOf: #"{"path":"#.utf8)
                GraphJSON.append(node.path, to: &bytes)
                bytes.append(contentsOf: ",\"is_leaf\":\(node.isLeaf)}".utf8)
            }
            bytes.append(UInt8(ascii: "]"))
        }
        if jsonp != nil { bytes.append(UInt8(ascii: ")")) }
        return bytes
    }

    private static func name(of node: SeriesNode) -> Substring {
        node.path.lastIndex(of: ".").map { node.path[$0...].dropFirst() } ?? node.path[...]
    }

    /// Nodes with something below come first. Several with one name are one.
    private func appendTree(_ nodes: [SeriesNode], to bytes: inout [UInt8]) {
        var seen: Set<Substring> = []
        var entries: [(text: String, isBranch: Bool)] = []
        for isBranch in [true, false] {
            for node in nodes where node.isBranch == isBranch && seen.insert(Self.name(of: node)).inserted {
                entries.append((String(Self.name(of: node)), isBranch))
            }
        }
        if nodes.count > 1, offersWildcard { entries.insert(("*", nodes.contains(where: \.isBranch)), at: 0) }
        bytes.append(UInt8(ascii: "["))
        GraphJSON.list(entries, to: &bytes) { entry, bytes in
            bytes.append(contentsOf: #"{"text":"#.utf8)
            GraphJSON.append(entry.text, to: &bytes)
            bytes.append(contentsOf: #","id":"#.utf8)
            GraphJSON.append(base + entry.text, to: &bytes)
            let (branch, leaf) = entry.isBranch ? (1, 0) : (0, 1)
            bytes.append(contentsOf: ",\"allowChildren\":\(branch),\"expandable\":\(branch),\"leaf\":\(leaf)}".utf8)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private func appendCompleter(_ nodes: [SeriesNode], to bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"{"metrics":["#.utf8)
        GraphJSON.list(nodes, to: &bytes) { node, bytes in
            bytes.append(contentsOf: #"{"path":"#.utf8)
            GraphJSON.append(node.isLeaf ? node.path : node.path + ".", to: &bytes)
            bytes.append(contentsOf: #","name":"#.utf8)
            GraphJSON.append(Self.name(of: node), to: &bytes)
            bytes.append(contentsOf: ",\"is_leaf\":\"\(node.isLeaf ? 1 : 0)\"}".utf8)
        }
        if nodes.count > 1, offersWildcard { bytes.append(contentsOf: #",{"name":"*"}"#.utf8) }
        bytes.append(contentsOf: "]}".utf8)
    }
}
