import ArgumentParser
import Core
import Wire

struct AuditCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who did what, when, from which commit, and how it ended.",
        discussion: "The newest entry is the last line. With --json and without -f: one array, the newest first.")

    @Flag(name: .shortAndLong, help: "Go on with entries as they are written.") var follow = false
    @Option(help: "How many of the last entries come first.") var limit = 50
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 1000.") }
    }

    func run(_ session: Session) async throws {
        let entries = try await session.client.audit(limit: limit)
        guard follow else {
            return try session.console.show(entries, json: output.json) {
                AuditText.table($0.reversed()).lines(width: $1)
            }
        }
        for entry in entries.reversed() { try show(entry, session.console) }
        // An entry comes again when its outcome is known, so only what is wholly the same is left out.
        let shown = Set(entries)
        for try await entry in session.client.auditEvents() where !shown.contains(entry) {
            try show(entry, session.console)
        }
    }

    private func show(_ entry: AuditView, _ console: Console) throws(Problem) {
        if output.json {
            console.data.write(try JSONText.line(entry) + "\n")
        } else {
            let line = AuditText.line(entry)
            console.data.print(console.data.width.map(line.elided) ?? line)
        }
    }
}

enum AuditText {
    static func table(_ entries: [AuditView]) -> Table {
        var table = Table([
            .init("TIME (UTC)"), .init("WHO", isElastic: true), .init("ACTION"), .init("SUBJECT", isElastic: true),
            .init("COMMIT", isOptional: true),
            .init("OUTCOME"), .init("DETAIL", isElastic: true),
        ])
        for entry in entries {
            table.add([
                StyledText(Words.time(entry.at), .dim), StyledText(entry.who), StyledText(entry.action, .bold),
                StyledText(entry.subject), StyledText(entry.commit.map(Words.commit) ?? ""), outcome(entry.outcome),
                StyledText(detail(entry)),
            ])
        }
        return table
    }

    static func line(_ entry: AuditView) -> StyledText {
        StyledText(Words.time(entry.at), .dim) + StyledText("  \(entry.who)  ") + StyledText(entry.action, .bold)
            + StyledText(" \(entry.subject)  ") + outcome(entry.outcome) + StyledText("  \(detail(entry))")
    }

    private static func detail(_ entry: AuditView) -> String {
        [entry.detail, entry.problem?.cause ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
    }

    private static func outcome(_ outcome: AuditView.Outcome) -> StyledText {
        switch outcome {
        case .begun: StyledText("… begun", .cyan)
        case .succeeded: StyledText("✓ succeeded", .green)
        case .failed: StyledText("✗ failed", .red)
        case .refused: StyledText("✗ refused", .red)
        }
    }
}
