package import Core
package import SystemPackage

/// Makes packages from sources.
///
/// A build runs in a folder of its own below the work folder, on a copy of the source, and
/// leaves nothing there but the package. What it runs is code that the source brings: a build
/// has the rights of the user that the server runs as.
package struct PackageBuilder: Sendable {
    /// What the name of a build's folder starts with.
    package static let temporaryPrefix = ".build-"

    private let limits: BuildLimits

    package init(limits: BuildLimits = .standard) { self.limits = limits }

    /// Builds a package.
    ///
    /// - Parameters:
    ///   - source: a folder with the source, checked out. It is not changed; `.git` is left out.
    ///   - version: what the source is at, for the programs that are run (`APUS_VERSION`).
    ///   - work: a folder that is there, for the build and its package.
    ///   - log: is given each line of the output, as it comes.
    /// - Returns: the package, in `work`; whoever asked for it moves it to the store.
    /// - Throws: `build.…` for the build, `package.…` for what it made.
    package func build(
        recipe: BuildRecipe, source: FilePath, app: AppName, version: String, work: FilePath,
        log: @escaping @Sendable (String) -> Void
    ) async throws(Problem) -> PackedTarball {
        let folders = try BuildFolders(work: work)
        defer { folders.remove() }
        let run = BuildRun(app: app, version: version, folders: folders, limits: limits, log: log)
        let tree: FilePath
        switch recipe {
        case .files: tree = source
        case .python:
            try await copy(source, to: folders.tree)
            try await PythonRecipe(run: run).build()
            tree = folders.tree
        case .node:
            try await copy(source, to: folders.tree)
            try await NodeRecipe(run: run).build()
            tree = folders.tree
        case .script(let path, let output):
            let script = try ScriptRecipe(run: run, path: path, output: output)
            try await copy(source, to: folders.tree)
            tree = try await script.build()
        }
        let packer = PackagePacker(limits: limits.package, ignored: SourceCopy.ignored)
        var packed = try await packer.pack(tree, to: folders.root.appending("package"))
        let target = work.appending("\(app)-\(packed.digest).tar.zst")
        try Folder.open(folders.root).move("package", to: Folder.open(work), as: target.lastComponent?.string ?? "")
        packed.path = target
        log(
            "Packed \(packed.entries) entries, \(packed.unpackedBytes) bytes, as \(packed.size) bytes: \(packed.digest.short)."
        )
        return packed
    }

    /// Removes the folders that a crash has left in `work`. For the start of a server.
    package static func removeLeftovers(in work: FilePath) throws(Problem) {
        let folder = try Folder.open(work)
        for name in try folder.names() where name.hasPrefix(temporaryPrefix) { try folder.remove(name) }
    }

    private func copy(_ source: FilePath, to tree: FilePath) async throws(Problem) {
        let limits = limits.package
        try await Blocking.run { () throws(Problem) in try SourceCopy.make(of: source, in: tree, limits: limits) }
    }
}

/// The folders of one build.
struct BuildFolders: Sendable {
    private let temporary: TemporaryFolder

    init(work: FilePath) throws(Problem) {
        temporary = try TemporaryFolder(in: work, prefix: PackageBuilder.temporaryPrefix)
        for folder in [tree, home, scratch] { try FileTree.makeFolders(folder) }
    }

    var root: FilePath { temporary.path }
    /// The copy of the source.
    var tree: FilePath { root.appending("tree") }
    var home: FilePath { root.appending("home") }
    var scratch: FilePath { root.appending("tmp") }

    func remove() { temporary.remove() }
}

/// What the recipes share.
struct BuildRun: Sendable {
    let app: AppName
    let version: String
    let folders: BuildFolders
    let limits: BuildLimits
    let log: @Sendable (String) -> Void

    /// - Parameter usesHome: whether the program sees the user's own settings of pip and npm.
    func program(
        _ label: String, _ program: BuildProgram.Program, _ arguments: [String], usesHome: Bool,
        adding: [String: String] = [:]
    ) -> BuildProgram {
        var environment = BuildEnvironment.inherited(
            home: usesHome ? nil : folders.home, temporary: folders.scratch
        ).variables
        environment["APUS_APP"] = app.text
        environment["APUS_VERSION"] = version
        environment.merge(adding) { _, added in added }
        return BuildProgram(
            label: label, program: program, arguments: arguments, environment: environment, folder: folders.tree,
            limits: limits, log: log)
    }

    /// - Throws: `build.reserved-folder` if the source has a `.apus` of its own.
    func refuseReservedFolder() throws(Problem) {
        guard try Folder.open(folders.tree).kind(PackageEnvironment.folder) != nil else { return }
        throw Problem(
            "build.reserved-folder", "The source cannot be built.",
            cause: "It has a `\(PackageEnvironment.folder)`, which is where the build puts what it adds.",
            remedy: "Rename it in the source.")
    }
}
