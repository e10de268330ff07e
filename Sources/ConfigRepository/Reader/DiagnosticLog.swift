import Core

/// Collects everything that is wrong while a repository is read, so that its author sees all of
/// it at once. A class, because every reader of a file writes into the same one; it never leaves
/// the call that made it.
final class DiagnosticLog {
    /// A hostile file must not fill the terminal: what comes after is counted only.
    private static let countMax = 500

    private(set) var diagnostics: [Diagnostic] = []
    private(set) var omitted = 0
    /// A mistake in a file that several fabrics use is one mistake.
    private var known: Set<Diagnostic> = []
    private var linesByFile: [String: [Substring]] = [:]

    /// Lets reports about the file show the line that they mean.
    func add(file: String, text: String) {
        linesByFile[file] = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    }

    func error(
        _ code: String, at position: SourcePosition, _ sentence: String, cause: String? = nil, hint: String? = nil
    ) {
        report(.error, code, at: position, sentence, cause: cause, hint: hint)
    }

    func warning(
        _ code: String, at position: SourcePosition, _ sentence: String, cause: String? = nil, hint: String? = nil
    ) {
        report(.warning, code, at: position, sentence, cause: cause, hint: hint)
    }

    func report(_ problem: Problem, at position: SourcePosition) {
        // A remedy is a sentence; a hint follows a colon.
        let remedy = problem.remedy.hasSuffix(".") ? problem.remedy.dropLast() : problem.remedy[...]
        error(
            problem.code, at: position, problem.sentence, cause: problem.cause,
            hint: remedy.prefix(1).lowercased() + remedy.dropFirst())
    }

    /// The next line of the file that has the text in the column of the position.
    func line(after position: SourcePosition, startsWith text: String) -> SourcePosition? {
        let indentation = String(repeating: " ", count: position.column - 1)
        let lines = linesByFile[position.file] ?? []
        guard
            let line = lines.indices.dropFirst(position.line).first(where: { lines[$0].hasPrefix(indentation + text) })
        else {
            return nil
        }
        var next = position
        next.line = line + 1
        return next
    }

    /// Everything in the order of files and lines.
    func finish() -> [Diagnostic] {
        var sorted = diagnostics.sorted { left, right in
            (left.position, left.code, left.sentence) < (right.position, right.code, right.sentence)
        }
        if omitted > 0, let last = sorted.last {
            sorted.append(
                Diagnostic(
                    .error, "diagnostics.omitted", at: last.position, "There are \(omitted) more errors.",
                    hint: "Correct these first."))
        }
        return sorted
    }

    private func report(
        _ severity: Diagnostic.Severity, _ code: String, at position: SourcePosition, _ sentence: String,
        cause: String?, hint: String?
    ) {
        guard diagnostics.count < Self.countMax else {
            omitted += 1
            return
        }
        let lines = linesByFile[position.file]
        let line = lines.flatMap { $0.indices.contains(position.line - 1) ? String($0[position.line - 1]) : nil }
        let diagnostic = Diagnostic(
            severity, code, at: position, line: line, sentence, cause: cause, hint: hint)
        if known.insert(diagnostic).inserted { diagnostics.append(diagnostic) }
    }
}

extension DiagnosticLog {
    /// Whether a file below the path has an error: what refers to it cannot be judged then.
    func hasErrors(in folder: String) -> Bool {
        diagnostics.contains { $0.severity == .error && $0.position.file.hasPrefix(folder) }
    }
}
