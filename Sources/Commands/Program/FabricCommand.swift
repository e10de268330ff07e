import ArgumentParser
import Core
import Wire

/// A command that is told where its words go.
protocol ConsoleCommand: AsyncParsableCommand {
    func run(_ console: Console) async throws
}

extension ConsoleCommand {
    func run() async throws { try await run(.standard()) }
}

/// A command that asks a fabric's server.
protocol FabricCommand: ConsoleCommand {
    var connection: ConnectionOptions { get }
    func run(_ session: Session) async throws
}

extension FabricCommand {
    func run(_ console: Console) async throws {
        let client = try APIClient(try connection.address(console.environment))
        let session = Session(console: console, client: client)
        let result: Result<Void, any Error>
        do {
            if let fabric = connection.fabricToCheck(console.environment) { try await session.require(fabric) }
            result = .success(try await run(session))
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        try result.get()
    }
}

/// A console, and a server to ask.
struct Session: Sendable {
    let console: Console
    let client: APIClient

    /// - Throws: `fabric.other` when the server is that of another fabric.
    fileprivate func require(_ name: String) async throws(Problem) {
        let found = try await client.version().fabric
        guard found.text == name else {
            throw Problem(
                "fabric.other", "Nothing was done.",
                cause: "The server at \(client.address.url) looks after fabric \(found), not \(name).",
                remedy: "Name the server of \(name) with --server, or leave --fabric out.")
        }
    }
}

/// `--json`, on every read.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Write JSON: one document, or one object a line for streams.")
    var json = false
}

/// `--yes` and `--dry-run`, on what changes something.
struct ConsentOptions: ParsableArguments {
    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Ask nothing.")
    var isConfirmed = false

    @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Show what would be done, and do nothing.")
    var isDryRun = false
}

/// How long a command stays with what it has begun.
struct WaitOptions: ParsableArguments {
    @Flag(name: [.customLong("wait")], inversion: .prefixedNo, help: "Stay until it is done.")
    var waits = true
}
