import Core

/// The source, and the modules that its lock file names.
struct NodeRecipe {
    static let lockFiles = ["package-lock.json", "npm-shrinkwrap.json"]
    static let modules = "node_modules"

    let run: BuildRun

    func build() async throws(Problem) {
        try run.refuseReservedFolder()
        if try hasLockFile() {
            try await run.program(
                "npm ci", .name("npm"), ["ci", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier"],
                usesHome: true
            ).run()
        }
        let tree = try Folder.open(run.folders.tree)
        guard try tree.kind(Self.modules) == .folder else { return }
        let modules = try tree.folder(Self.modules)
        try modules.remove(".cache")
        guard try modules.kind(".bin") == .folder else { return }
        let setting = PackageEnvironment.Setting(name: "PATH", path: "\(Self.modules)/.bin", isPrefix: true)
        try PackageEnvironment(settings: [setting]).write(below: tree)
    }

    private func hasLockFile() throws(Problem) -> Bool {
        let tree = try Folder.open(run.folders.tree)
        for name in Self.lockFiles where try tree.kind(name) == .file { return true }
        return false
    }
}
