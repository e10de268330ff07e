import ArgumentParser
import Core
import Wire

struct LogsCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "What instances write.",
        discussion: """
            Names an instance (shop.web.2.r7) or several: an app (shop), a process (shop.web) or a slot of one \
            (shop.web.2). Lines of several instances begin with the instance. With -f, instances that start \
            later are followed too.
            """)

    @Argument(help: "INSTANCE, or APP[.PROCESS[.SLOT]].", completion: Completions.instances) var target: String
    @Flag(name: .shortAndLong, help: "Go on with lines as they are written.") var follow = false
    @Option(name: .shortAndLong, help: "How many of the last lines come first.") var lines = 100
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...10_000).contains(lines) else { throw ValidationError("--lines is a number from 0 to 10000.") }
    }

    func run(_ session: Session) async throws {
        let target = try LogTarget(target)
        let printer = LogPrinter(terminal: session.console.data, json: output.json)
        if case .instance(let id) = target {
            for try await line in session.client.logs(of: id, lines: lines, follow: follow) {
                try await printer.print(line, of: id, isPrefixed: false)
            }
            return
        }
        let instances = try await session.client.instances().filter(target.admits).map(\.id).sorted()
        guard !instances.isEmpty || follow else {
            throw Problem(
                "logs.none", "There is nothing to show.", cause: "No instance of \(self.target) is on a host.",
                remedy: "See `apus instances`.")
        }
        try await LogTail(session: session, target: target, lines: lines, follow: follow, printer: printer).run(
            instances)
    }
}
