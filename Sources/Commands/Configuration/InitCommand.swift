import ArgumentParser
import ConfigRepository
import Core
import FoundationEssentials

struct InitCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a small configuration repository that runs on this machine as it is.")

    @Argument(help: "A folder that is empty or not there yet.", completion: .directory) var path: String
    @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Show what would be written, and write nothing.")
    var isDryRun = false

    func run(_ console: Console) async throws {
        let files = StarterRepository.files.sorted { $0.key < $1.key }
        // A repository that was made for it may be there already.
        let found = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0 != ".git" }
        guard found.isEmpty else {
            throw Problem(
                "init.not-empty", "Nothing was written.",
                cause:
                    "\(quotedForMessage(path, lengthMax: 200)) has \(Words.count(found.count, "entry", plural: "entries")) already.",
                remedy: "Name a folder that is empty or not there yet.")
        }
        if !isDryRun { try write(files) }
        for (name, _) in files { console.data.print(StyledText("+ ", .green) + StyledText("\(path)/\(name)")) }
        guard !isDryRun else { return }
        console.suggest("cd \(path) && git init && git add . && git commit -m Start && apus dev .")
    }

    private func write(_ files: [(key: String, value: String)]) throws(Problem) {
        do {
            for (name, text) in files {
                let file = "\(path)/\(name)"
                let folder = file[..<(file.lastIndex(of: "/") ?? file.startIndex)]
                try FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: URL(filePath: file), options: .withoutOverwriting)
            }
        } catch {
            throw Problem(
                "init.failed", "Not everything was written.",
                cause: "\(quotedForMessage(path, lengthMax: 200)): \(error).",
                remedy: "Name a folder that you may write to.")
        }
    }
}
