import Core
import Wire

/// The last lines that fulfil a query, and those that come.
struct LineTail {
    private struct Seen: Hashable {
        var time: String
        var labels: [String: String]
        var message: String
    }

    let session: Session
    let printer: LinePrinter

    /// What comes between the search and the first line that is followed is in both, and shown once.
    func run(_ question: APIClient.LogQuestion, lines: Int) async throws {
        let coming = session.client.followLogs(question.query)
        var seen: Set<Seen> = []
        if lines > 0 {
            let answer = try await session.client.searchLogs(question, limit: lines)
            guard let found = answer.lines else {
                throw Problem(
                    "logs.follow-invalid", "This cannot be followed.", cause: "The query makes a table of lines.",
                    remedy: "Leave out its pipes, or -f.")
            }
            for line in found.reversed() {
                try await printer.print(line)
                seen.insert(Self.seen(line))
            }
        }
        for try await line in coming {
            if !seen.isEmpty, seen.remove(Self.seen(line)) != nil { continue }
            try await printer.print(line)
        }
    }

    private static func seen(_ line: LogLineView) -> Seen {
        Seen(time: line.time, labels: line.labels, message: line.message)
    }
}
