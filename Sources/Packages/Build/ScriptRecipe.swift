import Core
import Glibc
import SystemPackage

/// Whatever an executable of the source makes.
struct ScriptRecipe {
    private let run: BuildRun
    private let path: EntryPath
    private let output: EntryPath?

    /// - Throws: `package.path-invalid` unless both are paths within the source.
    init(run: BuildRun, path: String, output: String?) throws(Problem) {
        self.run = run
        self.path = try EntryPath(path)
        if let output { self.output = try EntryPath(output) } else { self.output = nil }
    }

    /// - Returns: the folder to pack.
    func build() async throws(Problem) -> FilePath {
        let script = run.folders.tree.appending(path.text)
        guard access(script.string, X_OK) == 0 else {
            throw Problem(
                "build.script-invalid", "The build cannot be run.",
                cause: "The source has no executable \(path.quoted).",
                remedy: "Correct the path, or make it executable: git update-index --chmod=+x \(path).")
        }
        try await run.program(path.text, .path(script), [], usesHome: false).run()
        guard let output else { return run.folders.tree }
        // Each component by itself: a link that the script made must not lead elsewhere.
        var folder = try Folder.open(run.folders.tree)
        for component in output.components {
            guard try folder.kind(String(component)) == .folder else {
                throw Problem(
                    "build.output-missing", "The build made nothing to pack.",
                    cause: "\(path.quoted) has left no folder \(output.quoted).",
                    remedy: "Let it write there, or correct `output`.")
            }
            folder = try folder.folder(String(component))
        }
        return run.folders.tree.appending(output.text)
    }
}
