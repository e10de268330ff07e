package import Core
import FoundationEssentials
import Stencil

/// Renders an app's config files.
///
/// Templates come from the configuration repository and are not trusted with the control plane:
/// they load nothing, reach nothing but the context, and end within bounds of steps and bytes. A
/// value that is not there is an error, so that no config file goes out with a hole in it.
package struct TemplateRenderer: Sendable {
    package static let templateBytesMax = 256 << 10
    package static let outputBytesMax = 256 << 10
    private static let stepsMax = 100_000
    private static let partsMax = 4000
    private static let depthMax = 16

    package init() {}

    /// - Parameter path: the template's path in the configuration repository, for messages.
    /// - Throws: `template.invalid`, with path and line.
    package func render(_ template: String, path: String, context: TemplateContext) throws(Problem) -> String {
        guard template.utf8.count <= Self.templateBytesMax else {
            throw problem(
                TemplateFault(
                    line: 1, cause: "It has \(template.utf8.count) bytes; \(Self.templateBytesMax) is the most.",
                    remedy: "Ship large files in the package."), path)
        }
        do throws(TemplateFault) {
            let parts = try TemplateScanner.scan(template)
            guard parts.count <= Self.partsMax else {
                throw TemplateFault(
                    line: parts[Self.partsMax].line, cause: "It has more than \(Self.partsMax) tags and texts.",
                    remedy: "Use a loop, or ship the file in the package.")
            }
            return try TemplateProgram(parts).run(context.dictionary)
        } catch {
            throw problem(error, path)
        }
    }

    /// Every config file of an app.
    /// - Parameter templates: by the path that the app reads the file at.
    package func render(
        _ templates: [String: String], context: TemplateContext
    ) throws(Problem) -> [String: String] {
        var files: [String: String] = [:]
        for (path, template) in templates.sorted(by: { $0.key < $1.key }) {
            files[path] = try render(template, path: path, context: context)
        }
        return files
    }

    private func problem(_ fault: TemplateFault, _ path: String) -> Problem {
        Problem(
            "template.invalid", "A template cannot be rendered.",
            cause: "\(quotedForMessage(path, lengthMax: 200)), line \(fault.line): \(fault.cause)", remedy: fault.remedy
        )
    }

    /// Counts what a template does. One meter belongs to one rendering.
    fileprivate final class Meter {
        var steps = 0
        var bytes = 0
        /// Kept here because the engine puts every error into one of its own.
        var fault: TemplateFault?

        func step(_ count: Int, line: Int) throws {
            steps += count
            if steps > stepsMax {
                throw stop(line, "It takes more than \(stepsMax) steps.", "Loop over less.")
            }
        }

        func write(_ text: String, line: Int) throws -> String {
            try step(1, line: line)
            bytes += text.utf8.count
            if bytes > outputBytesMax {
                throw stop(line, "It makes more than \(outputBytesMax) bytes.", "Ship large files in the package.")
            }
            return text
        }

        func stop(_ line: Int, _ cause: String, _ remedy: String) -> TemplateFault {
            let found = fault ?? TemplateFault(line: line, cause: cause, remedy: remedy)
            fault = found
            return found
        }
    }

    fileprivate static func checkDepth(_ depth: Int, line: Int) throws(TemplateFault) {
        guard depth <= depthMax else {
            throw TemplateFault(line: line, cause: "Tags are nested deeper than \(depthMax).", remedy: "Nest less.")
        }
    }
}

/// A template, translated into the engine's tokens: texts and values become tags of ours that
/// count, and every loop and condition is led by one.
private final class TemplateProgram {
    private struct Instruction {
        var content: String
        var line: Int
        var weight: Int
    }

    private let meter = TemplateRenderer.Meter()
    private var instructions: [Instruction] = []
    private var tokens: [(token: Token, line: Int)] = []
    private let place: SourceMap

    init(_ parts: [TemplatePart]) throws(TemplateFault) {
        // The engine lets nobody else make a place in a source; lines are kept beside it.
        place = Template(templateString: " ").tokens[0].sourceMap
        var depth = 0
        var branches = 1
        for part in parts {
            switch part.kind {
            case .text: add("text", part.content, part.line)
            case .value: add("value", try TemplateGrammar.expression(part.content, line: part.line), part.line)
            case .tag:
                let tag = try TemplateGrammar.tag(part.content, line: part.line)
                switch tag {
                case .condition(opens: false, _): branches += 1
                case .condition, .loop: depth += 1
                case .endIf, .endLoop: depth -= 1
                case .otherwise, .empty, .leave: break
                }
                try TemplateRenderer.checkDepth(depth, line: part.line)
                add(tag, part.line)
            }
        }
        // A condition costs as much as the longest chain of branches that it may have.
        for index in instructions.indices where instructions[index].weight < 0 { instructions[index].weight = branches }
    }

    func run(_ context: [String: Any]) throws(TemplateFault) -> String {
        let environment = Environment(extensions: [makeExtension()])
        do {
            let nodes = try TokenParser(tokens: tokens.map(\.token), environment: environment).parse()
            return try renderNodes(nodes, Context(dictionary: context, environment: environment))
        } catch {
            if let fault = meter.fault { throw fault }
            let syntaxError = error as? TemplateSyntaxError
            let found = syntaxError?.token.flatMap { token in
                tokens.first { $0.token === token } ?? tokens.first { $0.token.contents.contains(token.contents) }
            }
            throw TemplateFault(
                line: found?.line ?? tokens.last?.line ?? 1, cause: syntaxError?.reason ?? "\(error)",
                remedy: "Check that every if and for has its end.")
        }
    }

    private func add(_ tag: TemplateTag, _ line: Int) {
        switch tag {
        case .condition(let opens, let text):
            if opens { add("step", "", line, weight: -1) }
            add(raw: text, line)
        case .loop(let list, let count, let text):
            if let list { add("require", list, line) } else { add("step", "", line, weight: count) }
            add(raw: text, line)
            add("step", "", line)
        case .endIf: add(raw: "endif", line)
        case .otherwise: add(raw: "else", line)
        case .endLoop: add(raw: "endfor", line)
        case .empty: add(raw: "empty", line)
        case .leave(let word): add(raw: word, line)
        }
    }

    private func add(_ name: String, _ content: String, _ line: Int, weight: Int = 1) {
        instructions.append(Instruction(content: content, line: line, weight: weight))
        add(raw: "apus_\(name) \(instructions.count - 1)", line)
    }

    private func add(raw text: String, _ line: Int) { tokens.append((.block(value: text, at: place), line)) }

    private func makeExtension() -> Extension {
        let meter = meter
        let instructions = instructions
        func instruction(_ token: Token) -> Instruction {
            instructions[Int(token.contents.split(separator: " ")[1]) ?? 0]
        }
        let ours = Extension()
        ours.registerTag("apus_text") { _, token in
            let text = instruction(token)
            return SimpleNode(token: token) { _ in try meter.write(text.content, line: text.line) }
        }
        ours.registerTag("apus_step") { _, token in
            let step = instruction(token)
            return SimpleNode(token: token) { _ in
                try meter.step(step.weight, line: step.line)
                return ""
            }
        }
        ours.registerTag("apus_value") { parser, token in
            let value = instruction(token)
            let resolvable = try parser.compileFilter(value.content, containedIn: token)
            return SimpleNode(token: token) { context in
                let found = try Self.value(of: resolvable, value, context, meter)
                guard let text = Self.text(of: found) else {
                    throw meter.stop(
                        value.line, "\(value.content) is a list or has fields.",
                        "Use a loop, `|join:\", \"` or `|json`.")
                }
                return try meter.write(text, line: value.line)
            }
        }
        ours.registerTag("apus_require") { parser, token in
            let list = instruction(token)
            let resolvable = try parser.compileFilter(list.content, containedIn: token)
            return SimpleNode(token: token) { context in
                let found = try Self.value(of: resolvable, list, context, meter)
                guard let count = (found as? [Any])?.count ?? (found as? [String: Any])?.count else {
                    throw meter.stop(list.line, "\(list.content) is not a list.", "Loop over hosts or labels.")
                }
                try meter.step(count, line: list.line)
                return ""
            }
        }
        ours.registerFilter("json") { value in value.flatMap { TemplateJSON.text(of: $0) } }
        return ours
    }

    private static func value(
        of resolvable: any Resolvable, _ instruction: Instruction, _ context: Context, _ meter: TemplateRenderer.Meter
    ) throws -> Any {
        guard let value = try resolvable.resolve(context) else {
            throw meter.stop(
                instruction.line, "\(instruction.content) is not there.",
                "Known are \(TemplateContext.names.joined(separator: ", ")); give what may be missing a `|default:\"…\"`."
            )
        }
        return value
    }

    private static func text(of value: Any) -> String? {
        if let text = value as? String { return text }
        if let flag = value as? Bool { return flag ? "true" : "false" }
        if let number = value as? Int { return String(number) }
        return nil
    }
}

/// A value of the context as JSON, with sorted keys: quotes texts for JSON, YAML and JavaScript.
private enum TemplateJSON {
    static func text(of value: Any) -> String? {
        if let text = value as? String { return encoded(text) }
        if let flag = value as? Bool { return flag ? "true" : "false" }
        if let number = value as? Int { return String(number) }
        if let list = value as? [Any] {
            let items = list.compactMap { text(of: $0) }
            return items.count == list.count ? "[" + items.joined(separator: ",") + "]" : nil
        }
        guard let fields = value as? [String: Any] else { return nil }
        var items: [String] = []
        for (name, field) in fields.sorted(by: { $0.key < $1.key }) {
            guard let name = encoded(name), let field = text(of: field) else { return nil }
            items.append(name + ":" + field)
        }
        return "{" + items.joined(separator: ",") + "}"
    }

    private static func encoded(_ text: String) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) }
    }
}
