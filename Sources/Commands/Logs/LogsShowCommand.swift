import ArgumentParser
import Core
import Wire

struct LogsShowCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Lines, or what a query makes of them.",
        discussion: """
            The first word may name whose lines: an instance (shop.web.2.r7), an app (shop), a process (shop.web), a \
            slot of one (shop.web.2), or an app's balancers (shop.nginx, shop.haproxy). What follows is a query.

            Without a query, and without --since, lines come straight from the hosts that have them, so that they \
            are there when the server's store is not. Everything else is searched in the server's store.
            """)

    @Argument(help: "INSTANCE, or APP[.PROCESS[.SLOT]], or APP.nginx; then a query.", completion: Completions.instances)
    var words: [String] = []
    @Flag(name: .shortAndLong, help: "Go on with lines as they are written.") var follow = false
    @Option(name: .shortAndLong, help: "How many of the last lines come first.") var lines = 100
    @Option(parsing: .unconditional, help: "From when: 6h, -6h, midnight, 2026-11-21T12:00:00Z.") var since: String?
    @Option(parsing: .unconditional, help: "Until when.") var until: String?
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...10_000).contains(lines) else { throw ValidationError("--lines is a number from 0 to 10000.") }
        guard !words.isEmpty || since != nil || follow else {
            throw ValidationError("Say whose lines, or which: apus logs shop, apus logs 'level:>=warn'.")
        }
    }

    func run(_ session: Session) async throws {
        let request = try LogRequest(words)
        if let target = request.target, request.query.isEmpty, since == nil, until == nil {
            return try await showInstances(target, session)
        }
        let question = APIClient.LogQuestion(
            query: request.text, from: since.map(Self.time), until: until.map(Self.time))
        let printer = LinePrinter(terminal: session.console.data, json: output.json)
        guard !follow else { return try await LineTail(session: session, printer: printer).run(question, lines: lines) }
        let answer = try await session.client.searchLogs(question, limit: max(1, lines))
        if output.json, answer.lines == nil {
            try session.console.show(answer, json: true) { _, _ in [] }
        } else {
            for line in (answer.lines ?? []).reversed() { try await printer.print(line) }
            session.console.data.print(LogTables.lines(answer, width: session.console.data.width))
        }
        for notice in answer.report.notices { session.console.words.print(StyledText("! \(notice)", .yellow)) }
        if answer.lines?.isEmpty ?? false { session.console.suggest("No line fulfils it. A longer time: --since 1d.") }
        if answer.report.next != nil, answer.lines != nil {
            session.console.suggest("There are older lines: --lines shows more of them.")
        }
    }

    /// `6h` means what `-6h` means, and `2m`, which Graphite does not know, what `2min` means.
    static func time(_ text: String) -> String {
        let span = text.first == "-" ? text.dropFirst() : text[...]
        guard let first = span.first, first.isNumber, let last = span.last, last.isLetter, last != "Z" else {
            return text
        }
        let isMinutes = last == "m" && span.dropLast().allSatisfy(\.isNumber)
        return "-" + span + (isMinutes ? "in" : "")
    }

    private func showInstances(_ target: LogTarget, _ session: Session) async throws {
        let printer = InstancePrinter(terminal: session.console.data, json: output.json)
        if case .instance(let id) = target {
            for try await line in session.client.logs(of: id, lines: lines, follow: follow) {
                try await printer.print(line, of: id, isPrefixed: false)
            }
            return
        }
        let instances = try await session.client.instances().filter(target.admits).map(\.id).sorted()
        guard !instances.isEmpty || follow else {
            throw Problem(
                "logs.none", "There is nothing to show.", cause: "No instance of \(words[0]) is on a host.",
                remedy: "See `apus instances`, or give --since to search lines of those that were.")
        }
        try await InstanceTail(session: session, target: target, lines: lines, follow: follow, printer: printer).run(
            instances)
    }
}
