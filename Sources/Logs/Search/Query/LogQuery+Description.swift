extension LogQuery: CustomStringConvertible {
    /// The query as it is written; reading it gives an equal one.
    package var description: String {
        var parts = stages.map { "| \($0)" }
        if filter != .all || stages.isEmpty { parts.insert(filter == .all ? "*" : filter.description, at: 0) }
        return parts.joined(separator: " ")
    }
}

extension LogExpression: CustomStringConvertible {
    package var description: String {
        switch self {
        case .all: "*"
        case .and(let parts): parts.map { $0.inner(isInAnd: true) }.joined(separator: " ")
        case .or(let parts): parts.map { $0.inner(isInAnd: false) }.joined(separator: " or ")
        case .not(let part): "-" + part.inner(isInAnd: nil)
        case .term(let term): term.description
        }
    }

    /// In parentheses where it needs them.
    private func inner(isInAnd: Bool?) -> String {
        switch self {
        case .or: "(\(self))"
        case .and: isInAnd == false ? description : "(\(self))"
        default: description
        }
    }
}

extension LogTerm: CustomStringConvertible {
    package var description: String { (field.map { LogQuoting.name($0) + ":" } ?? "") + test.description }
}

extension LogTerm.Test: CustomStringConvertible {
    package var description: String {
        switch self {
        case .phrase(let text): LogQuoting.text(text)
        case .prefix(let text): LogQuoting.text(text) + "*"
        case .exact(let text): "=" + LogQuoting.text(text)
        case .exists: "*"
        case .pattern(let text, let ignoresCase): "/\(LogQuoting.pattern(text))/\(ignoresCase ? "i" : "")"
        case .range(let from, let to): Self.range(from, to)
        }
    }

    private static func range(_ from: LogTerm.Bound?, _ to: LogTerm.Bound?) -> String {
        guard let from else { return (to?.isIncluded == true ? "<=" : "<") + (to?.text ?? "") }
        guard let to else { return (from.isIncluded ? ">=" : ">") + from.text }
        return (from.isIncluded ? "" : ">") + from.text + ".." + (to.isIncluded ? "" : "<") + to.text
    }
}

extension LogStage: CustomStringConvertible {
    package var description: String {
        switch self {
        case .aggregate(let aggregates, let groups):
            aggregates.map(\.written).joined(separator: ", ")
                + (groups.isEmpty ? "" : " by " + groups.map(\.written).joined(separator: ", "))
        case .top(let count, let fields): "top \(count) " + Self.names(fields)
        case .patterns: "patterns"
        case .fields(let names): "fields " + Self.names(names)
        case .sort(let keys):
            "sort "
                + keys.map { LogQuoting.name($0.key) + ($0.isDescending ? " desc" : "") }.joined(separator: ", ")
        case .limit(let count): "limit \(count)"
        }
    }

    private static func names(_ names: [String]) -> String { names.map(LogQuoting.name).joined(separator: ", ") }
}

extension LogAggregate {
    fileprivate var written: String { field.map { "\(function.name)(\(LogQuoting.name($0)))" } ?? function.name }
}

extension LogGroup {
    fileprivate var written: String {
        switch self {
        case .field(let name): LogQuoting.name(name)
        case .time(let span): LogSpan.text(span)
        }
    }
}

/// Writes texts so that they are read back as they are.
enum LogQuoting {
    private static let keywords = ["and", "or", "not", "by", "asc", "desc"]

    static func name(_ name: String) -> String {
        let isBare =
            name.utf8.first.map(LogQueryParser.beginsName) ?? false && name.utf8.allSatisfy(LogQueryParser.isName)
            && !keywords.contains(name.lowercased())
        return isBare ? name : quoted(Array(name.utf8))
    }

    /// Bare only if nothing of it could mean something else.
    static func text(_ text: [UInt8]) -> String {
        let isBare =
            text.first.map { LogQueryParser.isName($0) && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "/") } ?? false
            && text.allSatisfy(LogQueryParser.isName)
            && !zip(text, text.dropFirst()).contains { $0 == UInt8(ascii: ".") && $1 == UInt8(ascii: ".") }
        let word = String(decoding: text, as: UTF8.self)
        return isBare && !keywords.contains(word.lowercased()) ? word : quoted(text)
    }

    static func pattern(_ text: String) -> String {
        text.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\/")
    }

    private static func quoted(_ text: [UInt8]) -> String {
        var result = "\""
        // What is no UTF-8 is written byte by byte.
        let isText = String(validating: text, as: UTF8.self) != nil
        var plain: [UInt8] = []
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""): plain += Array("\\\"".utf8)
            case UInt8(ascii: "\\"): plain += Array("\\\\".utf8)
            case 0x0A: plain += Array("\\n".utf8)
            case 0x0D: plain += Array("\\r".utf8)
            case 0x09: plain += Array("\\t".utf8)
            case 0x20...0x7E: plain.append(byte)
            case 0x80... where isText: plain.append(byte)
            default:
                let digits = String(byte, radix: 16)
                plain += Array("\\x\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8)
            }
        }
        result += String(decoding: plain, as: UTF8.self)
        return result + "\""
    }
}
