import Core
import Logs
import Telemetry

/// The words behind `apus logs`: whose lines, and which of them.
struct LogRequest: Hashable {
    /// Whose instances; nil if none are named.
    var target: LogTarget?
    /// What was written behind it.
    var query: String
    /// Both as one query.
    var text: String

    private static let balancers = ["nginx", "haproxy"]

    /// - Throws: `logs.target-invalid`, `logs.query-invalid`.
    init(_ words: [String]) throws(Problem) {
        guard !words.contains("") else {
            throw Problem(
                "logs.target-invalid", "This does not name lines.", cause: "A word is empty.",
                remedy: "Write APP, APP.PROCESS or a query; `*` is every line.")
        }
        guard let first = words.first, Self.isName(first) else {
            query = words.joined(separator: " ")
            text = query
            return
        }
        query = words.dropFirst().joined(separator: " ")
        let parts = first.split(separator: ".").map(String.init)
        if parts.count == 2, Self.balancers.contains(parts[1]) {
            let app = try AppName(parts[0])
            query = query.isEmpty ? "*" : query
            text = try Self.joined(
                [("source", .prefix(parts[1])), ("app", .exact(app.text))], query == "*" ? "" : query)
            return
        }
        let target = try LogTarget(first)
        self.target = target
        text = try Self.joined(target.labels, query)
    }

    /// Whether a word can only be meant as a name: queries of one plain word begin with a quote or a field.
    private static func isName(_ word: String) -> Bool {
        word.first?.isLetter == true && word.last?.isPunctuation != true
            && word.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: ".")
            }
    }

    private static func joined(_ labels: [(String, LogLabel)], _ query: String) throws(Problem) -> String {
        do throws(TelemetryProblem) {
            var parsed = try LogQuery(query)
            parsed.filter = .all(of: labels.map { $1.expression($0) } + [parsed.filter])
            return parsed.description
        } catch {
            throw Problem(error.code, error.sentence, cause: error.cause, remedy: error.remedy)
        }
    }
}

/// What a label must be.
enum LogLabel: Hashable {
    case exact(String)
    case prefix(String)

    func expression(_ name: String) -> LogExpression {
        switch self {
        case .exact(let text): .term(LogTerm(name, .exact(Array(text.utf8))))
        case .prefix(let text): .term(LogTerm(name, .prefix(Array(text.utf8))))
        }
    }
}

extension LogTarget {
    /// The labels that lines of these instances have.
    fileprivate var labels: [(String, LogLabel)] {
        switch self {
        case .instance(let id): return [("instance", .exact(id.description))]
        case .some(let app, let process, let slot):
            var labels: [(String, LogLabel)] = [("app", .exact(app.text))]
            if let process { labels.append(("process", .exact(process.text))) }
            if let process, let slot { labels.append(("instance", .prefix("\(app).\(process).\(slot).r"))) }
            return labels
        }
    }
}
