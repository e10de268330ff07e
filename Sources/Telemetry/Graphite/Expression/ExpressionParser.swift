/// Reads targets. Source of the grammar: graphite-web 1.1.10, render/grammar_unsafe.py.
///
/// Two things differ: what is left over after the target is an error instead of being ignored, and paths may
/// have letters beyond ASCII. Both are stated in docs/graphite.md.
package struct ExpressionParser {
    /// The longest target, in bytes.
    package static let bytesMax = 256 << 10
    /// How deep calls, pipes and templates may be nested.
    package static let depthMax = 100
    /// How many calls, paths and values a target may have.
    package static let partsMax = 20_000

    let bytes: [UInt8]
    var at = 0
    private var depth = 0
    private var parts = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads one target, which must be all of `text`.
    package static func parse(_ text: String) throws(TelemetryProblem) -> GraphExpression {
        guard text.utf8.count <= bytesMax else {
            throw TelemetryProblem(
                "graph.target-too-large", "The target `\(text.prefix(48))…` was not read.",
                cause: "It has \(text.utf8.count) bytes, and \(bytesMax) are allowed.",
                remedy: "Use patterns instead of lists of paths, or several targets.")
        }
        var parser = ExpressionParser(Array(text.utf8))
        let expression = try parser.expression()
        parser.skipSpace()
        guard parser.at == parser.bytes.count else {
            throw parser.refusal("there is more after its end: \(parser.found)")
        }
        return expression
    }

    /// The first path in what may be a target with anything after it, as names of series are; nil if there is
    /// none.
    package static func firstPath(in text: String) -> String? {
        guard text.utf8.count <= bytesMax else { return nil }
        var parser = ExpressionParser(Array(text.utf8))
        guard var expression = try? parser.expression() else { return nil }
        while true {
            switch expression {
            case .path(let path): return path
            case .scalar: return nil
            case .template(let inner, _): expression = inner
            case .call(let call):
                guard let first = call.arguments.first else { return nil }
                expression = first
            }
        }
    }

    // MARK: - Expressions

    private mutating func expression() throws(TelemetryProblem) -> GraphExpression {
        try descend()
        let start = depth
        defer { depth = start - 1 }
        var result = try operand()
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "|") else { return result }
            at += 1
            skipSpace()
            try descend()
            let position = at
            guard let name = identifier(), isCallNext else {
                throw refusal("after `|` comes no call but \(found)")
            }
            guard case .call(var call) = try self.call(name, position) else {
                throw refusal("`template` cannot be piped into")
            }
            call.arguments.insert(result, at: 0)
            result = .call(call)
        }
    }

    private mutating func operand() throws(TelemetryProblem) -> GraphExpression {
        skipSpace()
        let position = at
        if let name = identifier() {
            if isCallNext { return try call(name, position) }
            at = position
        }
        return .path(try path())
    }

    /// The parenthesis of a call comes next; spaces before it are skipped.
    private var isCallNext: Bool {
        mutating get {
            let here = at
            skipSpace()
            if peek == UInt8(ascii: "(") { return true }
            at = here
            return false
        }
    }

    private mutating func call(_ name: String, _ position: Int) throws(TelemetryProblem) -> GraphExpression {
        at += 1
        if name == "template" { return try template(position) }
        var call = GraphCallExpression(function: name, arguments: [], keywords: [], source: "", position: position)
        skipSpace()
        while peek != UInt8(ascii: ")") {
            if let keyword = keywordName() {
                call.keywords.append(GraphKeyword(name: keyword, value: try argument()))
            } else if call.keywords.isEmpty {
                call.arguments.append(try argument())
            } else {
                throw refusal("an argument without a name follows one with a name")
            }
            try endArgument()
        }
        at += 1
        call.source = String(decoding: bytes[position..<at], as: UTF8.self)
        return .call(call)
    }

    private mutating func template(_ position: Int) throws(TelemetryProblem) -> GraphExpression {
        let inner = try expression()
        try endArgument()
        var variables: [GraphVariable] = []
        while peek != UInt8(ascii: ")") {
            let name = keywordName() ?? String(variables.count + 1)
            guard case .scalar(let value) = try argument() else {
                at = position
                throw refusal("a template takes only texts and numbers as variables")
            }
            variables.append(GraphVariable(name: name, value: value))
            try endArgument()
        }
        at += 1
        return .template(inner, variables)
    }

    /// Steps over a comma that another argument follows, or stands at the closing parenthesis.
    private mutating func endArgument() throws(TelemetryProblem) {
        skipSpace()
        if peek == UInt8(ascii: ")") { return }
        guard peek == UInt8(ascii: ",") else { throw refusal("`,` or `)` is missing before \(found)") }
        at += 1
        skipSpace()
        if peek == UInt8(ascii: ")") { throw refusal("an argument is missing before `)`") }
    }

    private mutating func argument() throws(TelemetryProblem) -> GraphExpression {
        skipSpace()
        if let scalar = try scalar() {
            try count()
            return .scalar(scalar)
        }
        return try expression()
    }

    private mutating func path() throws(TelemetryProblem) -> String {
        try count()
        return try readPath()
    }

    // MARK: - Limits and errors

    private mutating func descend() throws(TelemetryProblem) {
        depth += 1
        guard depth <= Self.depthMax else {
            throw refusal("calls are nested more than \(Self.depthMax) deep")
        }
        try count()
    }

    private mutating func count() throws(TelemetryProblem) {
        parts += 1
        guard parts <= Self.partsMax else { throw refusal("it has more than \(Self.partsMax) parts") }
    }

    var found: String {
        guard at < bytes.count else { return "the end" }
        return "`" + String(decoding: bytes[at..<min(at + 24, bytes.count)], as: UTF8.self) + "`"
    }

    func refusal(_ cause: String) -> TelemetryProblem {
        let shown = String(decoding: bytes.prefix(120), as: UTF8.self)
        return TelemetryProblem(
            "graph.target-invalid", "The target `\(shown)\(bytes.count > 120 ? "…" : "")` was not read.",
            cause: "At byte \(at + 1): \(cause).",
            remedy: "Write it as `function(path.of.*.nodes, \"text\", 5)`; docs/graphite.md has the grammar.")
    }
}
