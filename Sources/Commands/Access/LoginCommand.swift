import ArgumentParser
import Core
import FoundationEssentials
import Wire

struct LoginCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Keep a server's address and a token for it.",
        discussion: """
            The token is asked for, or read from standard input; it is kept in ~/.config/apus/context.json, which \
            only you can read. With several logins, --fabric says which is meant; the last one is the default.
            """)

    @Argument(help: "The server's address: https://HOST:PORT.") var url: String
    @Option(
        help: ArgumentHelp("PEM of the authority that signed the server's certificate.", valueName: "path"),
        completion: .file())
    var authorityFile: String?

    func run(_ console: Console) async throws {
        var context = try ContextFile.read(console.environment)
        if console.canAsk { console.words.write("Token: ") }
        let line = console.readLine(console.canAsk ? .hidden : .shown)
        if console.canAsk { console.words.write("\n") }
        guard let token = line?.split(whereSeparator: \.isWhitespace).first.map(String.init) else {
            throw Problem(
                "login.no-token", "You are not logged in.", cause: "No token was given.",
                remedy: "Type it, or pipe it in: apus login URL < token-file.")
        }
        let authority = try authorityFile.map { path in
            do { return try String(contentsOfFile: path, encoding: .utf8) } catch {
                throw Problem(
                    "file.unreadable", "The authority's certificate cannot be read.", cause: "\(error).",
                    remedy: "Name the file `authority.pem` that the server wrote.")
            }
        }
        let address = try APIAddress(url, token: token, authority: authority)
        let client = try APIClient(address)
        let answer: Result<VersionView, Problem>
        do throws(Problem) { answer = .success(try await client.version()) } catch { answer = .failure(error) }
        await client.shutdown()
        let fabric = try answer.get().fabric
        context.fabrics[fabric] = ContextFile.Entry(url: address.url, token: token, authority: authority)
        context.current = fabric
        let path = try context.write(console.environment)
        console.words.print(
            StyledText("✓ ", .green) + StyledText("Logged in to \(fabric) at \(address.url); kept in \(path)."))
        console.suggest("Look at it with `apus status`.")
    }
}
