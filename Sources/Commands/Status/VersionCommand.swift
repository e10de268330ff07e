import ArgumentParser
import Core
import Wire

struct VersionCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "The versions of this program and of the server.")

    private struct Versions: Encodable {
        var program: String
        var server: VersionView?
    }

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        var versions = Versions(program: ProgramVersion.text)
        var problem: Problem?
        do throws(Problem) { versions.server = try await session.client.version() } catch { problem = error }
        try session.console.show(versions, json: output.json) { versions, _ in
            let server = versions.server.map { "\($0.version), API \($0.api), fabric \($0.fabric)" }
            return [StyledText("program  \(versions.program)")] + (server.map { [StyledText("server   \($0)")] } ?? [])
        }
        // The program's own version is an answer too.
        if let problem { session.console.words.print(ProblemText.lines(problem)) }
    }
}
