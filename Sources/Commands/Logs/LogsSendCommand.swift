import ArgumentParser
import Core
import Wire

struct LogsSendCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send lines.",
        discussion: """
            apus logs send "backup done" --label job=backup
            some-program | apus logs send --label app=cron
            Lines of JSON and logfmt are understood. A token with the role reporter is enough.
            """)

    private static let bytesMax = 1 << 20

    @Argument(help: "A line; without one, lines are read from standard input.") var line: String?
    @Option(help: "NAME=VALUE: where the lines come from.") var label: [String] = []
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let labels = try label.map { text throws(Problem) in try LabelOption(text) }.map { ($0.name, $0.value) }
        var sum = LogsTakenView(taken: 0, refused: 0)
        func send(_ text: String) async throws(Problem) {
            let taken = try await session.client.sendLines(text, labels: labels)
            sum.taken += taken.taken
            sum.refused += taken.refused
        }
        if let line {
            try await send(line)
        } else {
            var text = ""
            while let next = session.console.readLine(.shown) {
                text += next + "\n"
                guard text.utf8.count >= Self.bytesMax else { continue }
                try await send(text)
                text = ""
            }
            if !text.isEmpty { try await send(text) }
        }
        try session.console.show(sum, json: output.json) { sum, _ in ["\(Words.count(sum.taken, "line")) kept"] }
    }
}
