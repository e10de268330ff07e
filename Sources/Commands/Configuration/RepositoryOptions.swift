import ArgumentParser
import ConfigRepository
import Core
import SystemPackage

/// Where a configuration repository is, and what of it is meant.
struct RepositoryOptions: ParsableArguments {
    @Argument(help: "The configuration repository's folder.", completion: .directory) var path = "."
    @Option(help: "A branch, tag or commit, in place of the files as they are.") var commit: String?

    func read() async throws(Problem) -> ConfigurationReading {
        guard let commit else {
            return ConfigurationReader.read(try FileTree(folder: FilePath(path)), commit: "work tree")
        }
        let repository = try GitRepository(path: FilePath(path))
        return try await ConfigurationReader.read(
            repository, commit: try await repository.resolve(try GitReference(commit)))
    }
}

extension ConfigurationReading {
    /// The named fabric, or the only one.
    /// - Throws: `fabric.ambiguous`, `config.…`.
    func configuration(named name: String?) throws(Problem) -> FabricConfiguration {
        if let name { return try configuration(of: try FabricName(name)) }
        guard fabrics.count == 1 || !isValid, let only = fabrics.first else {
            throw Problem(
                "fabric.ambiguous", "Which fabric is meant?",
                cause: fabrics.isEmpty
                    ? "fabrics/ has none." : "There are \(fabrics.map(\.text).joined(separator: ", ")).",
                remedy: fabrics.isEmpty
                    ? "Write fabrics/NAME.yaml, or begin with `apus init`." : "Name one with --fabric.")
        }
        return try configuration(of: only)
    }
}
