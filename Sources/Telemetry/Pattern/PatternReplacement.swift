/// What matches are replaced by, as Python's `re.sub` has it: `\1`, `\g<1>`, `\g<name>`.
package struct PatternReplacement: Sendable {
    private enum Part: Sendable {
        case scalars([UInt32])
        case group(Int)
    }

    private var parts: [Part] = []

    package init(_ text: String, for pattern: BoundedPattern) throws(TelemetryProblem) {
        let scalars = text.unicodeScalars.map(\.value)
        var literal: [UInt32] = []
        var at = 0
        while at < scalars.count {
            let scalar = scalars[at]
            at += 1
            guard scalar == 0x5C else {
                literal.append(scalar)
                continue
            }
            guard at < scalars.count else { throw Self.refusal(text, "Nothing follows the last `\\`.") }
            let next = scalars[at]
            at += 1
            if let group = try Self.group(next, scalars, &at, text, pattern) {
                guard group <= pattern.groupCount else {
                    throw Self.refusal(text, "The pattern has \(pattern.groupCount) groups, and not \(group).")
                }
                if !literal.isEmpty { parts.append(.scalars(literal)) }
                literal = []
                parts.append(.group(group))
            } else {
                literal.append(contentsOf: try Self.escaped(next, text))
            }
        }
        if !literal.isEmpty { parts.append(.scalars(literal)) }
    }

    /// The group that `\1` or `\g<…>` names; nil if it is something else.
    private static func group(
        _ first: UInt32, _ scalars: [UInt32], _ at: inout Int, _ text: String, _ pattern: BoundedPattern
    ) throws(TelemetryProblem) -> Int? {
        func digit(_ scalar: UInt32) -> Int? { scalar >= 0x30 && scalar <= 0x39 ? Int(scalar) - 0x30 : nil }
        if let number = digit(first), number > 0 {
            guard at < scalars.count, let second = digit(scalars[at]) else { return number }
            at += 1
            return number * 10 + second
        }
        guard first == 0x67 else { return nil }
        var name = ""
        guard at < scalars.count, scalars[at] == 0x3C else { throw refusal(text, "After `\\g` comes no `<`.") }
        at += 1
        while at < scalars.count, scalars[at] != 0x3E {
            name.unicodeScalars.append(Unicode.Scalar(scalars[at]) ?? " ")
            at += 1
        }
        at += 1
        guard at <= scalars.count, let group = Int(name) ?? pattern.names[name], group >= 0 else {
            throw refusal(text, "The pattern has no group `\(name)`.")
        }
        return group
    }

    private static func escaped(_ scalar: UInt32, _ text: String) throws(TelemetryProblem) -> [UInt32] {
        switch Unicode.Scalar(scalar) {
        case "n": return [0x0A]
        case "t": return [0x09]
        case "r": return [0x0D]
        case "\\": return [0x5C]
        case "0": return [0]
        default:
            if scalar < 0x80, PatternSet.isWord(scalar), scalar != 0x5F {
                throw refusal(text, "`\\` has no meaning before this letter.")
            }
            return [0x5C, scalar]
        }
    }

    private static func refusal(_ text: String, _ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "graph.replacement-invalid", "The replacement `\(text.prefix(120))` was not taken.", cause: cause,
            remedy: "Name groups of the pattern as `\\1` or `\\g<name>`, and write `\\\\` for a `\\`.")
    }

    func append(_ groups: [Int], of input: [UInt32], to output: inout [UInt32]) {
        for part in parts {
            switch part {
            case .scalars(let scalars): output.append(contentsOf: scalars)
            case .group(let number):
                let (start, end) = (groups[number * 2], groups[number * 2 + 1])
                if start >= 0, end >= start { output.append(contentsOf: input[start..<end]) }
            }
        }
    }
}

extension PatternMatcher {
    /// The longest text that replacing may make, in characters.
    package static let resultMax = 64 << 10

    /// The text with every match replaced. Empty matches count too, as since Python 3.7.
    package mutating func replacing(
        in text: String, by replacement: PatternReplacement
    ) throws(TelemetryProblem) -> String {
        let folded = scalars(text)
        let input = text.unicodeScalars.map(\.value)
        var output: [UInt32] = []
        var at = 0
        var copied = 0
        while at <= input.count, let groups = try find(in: folded, from: at) {
            output.append(contentsOf: input[copied..<groups[0]])
            replacement.append(groups, of: input, to: &output)
            guard output.count <= Self.resultMax else {
                throw TelemetryProblem(
                    "graph.name-too-long", "The names were not replaced.",
                    cause: "One of them has more than \(Self.resultMax) characters.", remedy: "Replace by less.")
            }
            copied = groups[1]
            at = groups[1]
            if groups[0] == groups[1] {
                if at < input.count { output.append(input[at]) }
                at += 1
                copied = min(at, input.count)
            }
        }
        if copied < input.count { output.append(contentsOf: input[copied...]) }
        var result = String.UnicodeScalarView()
        for scalar in output { result.append(Unicode.Scalar(scalar) ?? "\u{FFFD}") }
        return String(result)
    }
}
