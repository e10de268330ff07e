import Agent
import ArgumentParser
import SystemPackage

/// `apus files`: serves a folder over HTTP; what an instance of a `files` process runs.
struct FilesRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "files", abstract: "Serve a folder over HTTP.")

    @Option(help: "The folder.") var folder: String
    @Option(help: "The address to listen at.") var address = "127.0.0.1"
    @Option(help: "The port to listen at.") var port = 8000

    func run() async throws {
        try await FileServer.run(folder: try absolute(folder), address: address, port: port)
    }
}
