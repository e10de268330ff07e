import Core
import SystemPackage

/// The source, and the packages that it requires in `.apus/site-packages`, with their programs
/// in `.apus/bin`.
struct PythonRecipe {
    static let libraries = "site-packages"
    static let programs = "bin"
    /// Prints what `[project]` of a `pyproject.toml` requires, without building the project.
    private static let listRequirements = """
        import sys
        try:
            import tomllib
        except ModuleNotFoundError:
            from pip._vendor import tomli as tomllib
        with open("pyproject.toml", "rb") as file:
            project = tomllib.load(file).get("project", {})
        with open(sys.argv[1], "w") as file:
            file.writelines(line + "\\n" for line in project.get("dependencies", []))
        """

    let run: BuildRun

    func build() async throws(Problem) {
        try run.refuseReservedFolder()
        let tree = try Folder.open(run.folders.tree)
        if let requirements = try await requirements(of: tree) {
            let target = "\(PackageEnvironment.folder)/\(Self.libraries)"
            let arguments = [
                "-m", "pip", "install", "--target", target, "--requirement", requirements, "--no-compile", "--no-input",
                "--disable-pip-version-check", "--no-warn-script-location", "--progress-bar", "off",
            ]
            try await run.program(
                "pip install", .name("python3"), arguments, usesHome: true,
                adding: ["PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_ROOT_USER_ACTION": "ignore"]
            ).run()
        }
        try await Blocking.run { () throws(Problem) in try Self.finish(tree: run.folders.tree) }
    }

    /// - Returns: the file that names what to install; nil if nothing is required.
    private func requirements(of tree: Folder) async throws(Problem) -> String? {
        if try tree.kind("requirements.txt") == .file { return "requirements.txt" }
        guard try tree.kind("pyproject.toml") == .file else { return nil }
        let list = run.folders.scratch.appending("requirements.txt").string
        try await run.program(
            "reading pyproject.toml", .name("python3"), ["-c", Self.listRequirements, list], usesHome: true
        ).run()
        let lines = try Folder.open(run.folders.scratch).contents(of: "requirements.txt", bytesMax: 1 << 20)
        return lines.isEmpty ? nil : list
    }

    private static func finish(tree path: FilePath) throws(Problem) {
        let tree = try Folder.open(path)
        try PythonTree.removeCompiled(in: tree)
        guard try tree.kind(PackageEnvironment.folder) == .folder else { return }
        let own = try tree.folder(PackageEnvironment.folder)
        guard try own.kind(libraries) == .folder else { return }
        let installed = try own.folder(libraries)
        try PythonTree.makeRepeatable(installed)
        var settings = [
            PackageEnvironment.Setting(
                name: "PYTHONPATH", path: "\(PackageEnvironment.folder)/\(libraries)", isPrefix: true)
        ]
        if try PythonTree.movePrograms(from: installed, to: own) {
            let programs = "\(PackageEnvironment.folder)/\(Self.programs)"
            settings.insert(PackageEnvironment.Setting(name: "PATH", path: programs, isPrefix: true), at: 0)
        }
        try PackageEnvironment(settings: settings).write(below: tree)
    }
}
