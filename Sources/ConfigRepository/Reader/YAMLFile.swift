import Core
import Yams

/// Reads the text of a file into a `YAMLValue`, and refuses every part of YAML that a
/// configuration does not need and an attacker does: anchors, aliases, tags, more than one
/// document, deep nesting, control and direction characters.
enum YAMLFile {
    static let bytesMax = 1 << 20
    static let depthMax = 64
    /// Line ends and commas, counted before the file is parsed: a value or two stand between them,
    /// so this bounds the time that a file can take.
    static let separatorsMax = 50_000

    /// The file's value, or nil after the reason was reported.
    static func read(_ bytes: [UInt8], file: String, log: DiagnosticLog) -> YAMLValue? {
        guard let text = SourceText.checked(bytes, file: file, bytesMax: bytesMax, log: log) else { return nil }
        log.add(file: file, text: text)
        let separators = text.utf8.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: ",") }
        guard separators <= separatorsMax else {
            log.error(
                "yaml.size", at: SourcePosition(file: file),
                "The file has more than \(separatorsMax) lines and commas.",
                hint: "split it into several files")
            return nil
        }
        guard refuseAnchors(in: text, file: file, log: log), let node = compose(text, file: file, log: log)?.node else {
            return nil
        }
        let converter = YAMLConverter(file: file, log: log)
        return converter.value(of: node, depth: 1)
    }

    /// Aliases must be refused before the composer resolves them: a key that is an alias is hashed
    /// with everything that it stands for, and a few hundred bytes take seconds. So where a `*`
    /// stands that may start an alias, a copy of the text is composed first in which it is a `&`:
    /// there, every alias has become an anchor on an empty value, and nothing expands.
    private static func refuseAnchors(in text: String, file: String, log: DiagnosticLog) -> Bool {
        guard text.utf8.contains(UInt8(ascii: "&")) || text.utf8.contains(UInt8(ascii: "*")) else { return true }
        let neutral = String(
            decoding: text.utf8.map { $0 == UInt8(ascii: "*") ? UInt8(ascii: "&") : $0 }, as: UTF8.self)
        guard let (node, parser) = compose(neutral, file: file, log: log) else { return false }
        // The parser holds the anchors, to which nodes have weak references only.
        return withExtendedLifetime(parser) {
            var pending = [node]
            while let node = pending.popLast() {
                if node.anchor != nil {
                    log.error(
                        "yaml.anchor", at: position(of: node, in: file),
                        "Anchors (`&`) and aliases (`*`) are not read.",
                        hint: "write the value out where it is needed, or put the text in quotes")
                    return false
                }
                if let mapping = node.mapping { pending += mapping.flatMap { [$0.value, $0.key] } }
                if let sequence = node.sequence { pending += sequence }
            }
            return true
        }
    }

    /// libyaml itself gives up at 1,000 levels, which bounds the recursion of the composer. The
    /// basic resolver looks at no scalar: ours are text.
    private static func compose(_ text: String, file: String, log: DiagnosticLog) -> (node: Node, parser: Parser)? {
        do {
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            if let node = try parser.singleRoot() { return (node, parser) }
            log.error("yaml.empty", at: SourcePosition(file: file), "The file is empty.")
        } catch let error as YamlError {
            report(error, file: file, log: log)
        } catch {
            log.error("yaml.invalid", at: SourcePosition(file: file), "The file is not YAML.", cause: "\(error)")
        }
        return nil
    }

    private static func report(_ error: YamlError, file: String, log: DiagnosticLog) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let position = SourcePosition(file: file, line: max(1, mark.line), column: max(1, mark.column))
            if problem.hasPrefix("Maximum nesting level") || context?.text.hasPrefix("Maximum nesting") == true {
                reportDepth(at: position, log: log)
            } else if problem.contains("another document") {
                log.error(
                    "yaml.documents", at: position, "A second document starts here.",
                    hint: "put it into a file of its own")
            } else if problem.hasPrefix("did not find expected alphabetic") {
                log.error(
                    "yaml.anchor", at: position, "Text that starts with `*` or `&` means something else in YAML.",
                    hint: "put it in quotes: \"*.example.com\"")
            } else {
                let place = context.map { "\($0.text) that starts in line \($0.mark.line): " } ?? ""
                log.error(
                    "yaml.invalid", at: position, "This is not YAML.", cause: "\(place)\(problem).",
                    hint: "look at the indentation, and put text with `: `, ` #`, quotes or braces in quotes")
            }
        case .duplicatedKeysInMapping(let duplicates, let context):
            for key in duplicates.prefix(5) {
                let length = key.unicodeScalars.count
                let first = SourcePosition(
                    file: file, line: max(1, context.mark.line), column: max(1, context.mark.column), length: length)
                let second = log.line(after: first, startsWith: "\(key):")
                log.error(
                    "key.duplicate", at: second ?? first, "The key \(quotedForMessage(key)) is there more than once.",
                    cause: second == nil ? nil : "It is in line \(first.line) already.", hint: "keep one of them")
            }
        case .reader(let problem, _, _, _):
            log.error("yaml.invalid", at: SourcePosition(file: file), "This is not YAML.", cause: "\(problem).")
        default:
            log.error("yaml.invalid", at: SourcePosition(file: file), "The file is not YAML.", cause: "\(error)")
        }
    }

    static func reportDepth(at position: SourcePosition, log: DiagnosticLog) {
        log.error("yaml.depth", at: position, "The file is nested more than \(depthMax) levels deep.")
    }

    static func position(of node: Node, in file: String, length: Int = 1) -> SourcePosition {
        SourcePosition(
            file: file, line: max(1, node.mark?.line ?? 1), column: max(1, node.mark?.column ?? 1), length: length)
    }
}

/// Turns the composer's nodes into our values, with the limits that libyaml does not know.
private struct YAMLConverter {
    private static let tagsAllowed: Set<String> = [
        "", "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq",
    ]

    let file: String
    let log: DiagnosticLog

    func value(of node: Node, depth: Int) -> YAMLValue? {
        let position = YAMLFile.position(of: node, in: file)
        guard depth <= YAMLFile.depthMax else {
            YAMLFile.reportDepth(at: position, log: log)
            return nil
        }
        guard hasPlainTag(node) else {
            log.error(
                "yaml.tag", at: position, "Tags (`!`) are not read.", hint: "remove the tag, or put the text in quotes")
            return nil
        }
        switch node {
        case .scalar(let scalar): return value(of: scalar, at: position)
        case .sequence(let sequence):
            var list: [YAMLValue] = []
            for item in sequence {
                guard let value = value(of: item, depth: depth + 1) else { return nil }
                list.append(value)
            }
            return YAMLValue(content: .list(list), position: position)
        case .mapping(let mapping):
            var entries: [YAMLEntry] = []
            for (key, item) in mapping {
                guard let entry = entry(key, item, depth: depth + 1) else { return nil }
                entries.append(entry)
            }
            return YAMLValue(content: .mapping(entries), position: position)
        case .alias:
            log.error("yaml.anchor", at: position, "Anchors (`&`) and aliases (`*`) are not read.")
            return nil
        }
    }

    private func hasPlainTag(_ node: Node) -> Bool {
        switch node {
        case .scalar(let scalar): Self.tagsAllowed.contains(scalar.tag.description)
        case .sequence(let sequence): Self.tagsAllowed.contains(sequence.tag.description)
        case .mapping(let mapping): Self.tagsAllowed.contains(mapping.tag.description)
        case .alias: true
        }
    }

    private func value(of scalar: Node.Scalar, at position: SourcePosition) -> YAMLValue? {
        guard !scalar.string.unicodeScalars.contains("\0") else {
            log.error("text.control", at: position, "The text has a NUL character.")
            return nil
        }
        var position = position
        let isPlain = scalar.style == .plain || scalar.style == .any
        let isBlock = scalar.style == .literal || scalar.style == .folded
        let length = scalar.string.unicodeScalars.count + (isPlain ? 0 : 2)
        position.length = isBlock || scalar.string.contains("\n") ? 1 : max(1, length)
        return YAMLValue(content: .scalar(YAMLScalar(text: scalar.string, isPlain: isPlain)), position: position)
    }

    private func entry(_ key: Node, _ item: Node, depth: Int) -> YAMLEntry? {
        guard case .scalar(let scalar) = key, let keyValue = value(of: key, depth: depth) else {
            if case .scalar = key { return nil }
            log.error(
                "key.invalid", at: YAMLFile.position(of: key, in: file), "A key must be a single word.",
                hint: "put text that starts with `{` or `[` in quotes")
            return nil
        }
        guard let value = value(of: item, depth: depth) else { return nil }
        return YAMLEntry(key: scalar.string, keyPosition: keyValue.position, value: value)
    }
}
