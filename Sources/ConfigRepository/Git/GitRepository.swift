package import Core
import FoundationEssentials
package import SystemPackage

/// A git repository, read at any commit and never written to: a local one in place, a remote one
/// in a bare mirror in a folder of ours. Neither a work tree nor an index is touched.
package struct GitRepository: Sendable {
    package let location: GitLocation
    /// The repository's own folder.
    let directory: String
    private let isMirror: Bool

    /// - Parameter cache: the folder for mirrors of remote repositories.
    /// - Throws: `git.not-a-repository` for a path without one.
    package init(_ location: GitLocation, cache: FilePath) throws(Problem) {
        self.location = location
        switch location {
        case .url(let url):
            directory = cache.appending(Self.mirrorName(url)).string
            isMirror = true
        case .path(let path):
            directory = try Self.localDirectory(path)
            isMirror = false
        }
    }

    /// A local repository: a work tree's top folder, or a bare repository.
    /// - Throws: `git.not-a-repository`.
    package init(path: FilePath) throws(Problem) {
        try self.init(.path(path.string), cache: path)
    }

    /// Makes the mirror equal to the remote repository. Does nothing for a local one.
    /// - Throws: `git.fetch-failed`, `git.timeout`.
    package func fetch(timeout: Duration = .seconds(300)) async throws(Problem) {
        guard isMirror else { return }
        try await GitMirror(url: location.text, shown: "\(location)", directory: directory).update(timeout: timeout)
    }

    /// The commit that a branch, tag or commit's number means now.
    /// - Throws: `git.reference-unknown`.
    package func resolve(_ reference: GitReference) async throws(Problem) -> String {
        if reference.text == "HEAD" { return try await head() }
        guard let commit = try await revision("\(reference.text)^{commit}") else {
            throw try await unknown(reference)
        }
        return commit
    }

    /// The commit of the default branch (of a mirror), or of what is checked out (of a local one).
    /// - Throws: `git.empty`.
    package func head() async throws(Problem) -> String {
        if isMirror, let commit = try await revision("\(GitMirror.headReference)^{commit}") { return commit }
        if let commit = try await revision("HEAD^{commit}") { return commit }
        throw Problem(
            "git.empty", "The repository has no commit to read.", cause: "\(location) has no HEAD.",
            remedy: isMirror ? "Push a commit, or name a branch." : "Commit something: git add . && git commit.")
    }

    /// The hash of a folder's contents at a commit; nil if it is not there. Equal hashes mean equal
    /// files, so an app whose folder has the same hash need not be built again.
    package func treeID(commit: String, path: String = "") async throws(Problem) -> String? {
        let path = path.isEmpty ? path : try Checks.relativePath(path)
        let commit = try GitReference(commit).text
        guard let id = try await revision("\(commit):\(path)"), try await type(of: id) == "tree" else { return nil }
        return id
    }

    /// The commit's author, time and subject.
    package func commit(_ commit: String) async throws(Problem) -> GitCommit {
        let id = try await resolve(try GitReference(commit))
        let result = try await git(["cat-file", "commit", id])
        guard result.isSuccess else { throw failed("cat-file", result) }
        return GitCommit(id: id, object: result.text)
    }

    /// The newest commits first.
    package func log(from reference: GitReference, countMax: Int) async throws(Problem) -> [GitCommit] {
        let start = try await resolve(reference)
        let result = try await git(["rev-list", "--max-count=\(max(1, countMax))", "--end-of-options", start])
        guard result.isSuccess else { throw failed("rev-list", result) }
        let ids = result.text.split(separator: "\n").map(String.init)
        let objects = try await GitObjects(git: git).read(ids, bytesMax: 64 << 20)
        return zip(ids, objects).map { GitCommit(id: $0, object: String(decoding: $1, as: UTF8.self)) }
    }

    /// What the configuration's reader needs of a commit.
    /// - Throws: `folder.size`, `git.failed`.
    package func tree(at commit: String) async throws(Problem) -> FileTree {
        try await GitTree(git: git, commit: try GitReference(commit).text).fileTree(place: "\(location)")
    }

    /// Writes a folder of a commit (the whole commit with an empty path) into a folder that is not
    /// there yet: plain files, executables, and links that stay inside. No filter, hook or
    /// attribute of the repository is applied.
    /// - Throws: `git.export-…` when the commit holds something else, or too much of it.
    package func export(commit: String, path: String = "", to folder: FilePath, limits: GitExport.Limits = .init())
        async throws(Problem)
    {
        let path = path.isEmpty ? path : try Checks.relativePath(path)
        let commit = try GitReference(commit).text
        guard let tree = try await treeID(commit: commit, path: path) else {
            throw Problem(
                "git.folder-missing", "The source cannot be read.",
                cause: "There is no folder \(quotedForMessage(path)) in commit \(commit) of \(location).",
                remedy: "Name a folder of the repository under `source`.")
        }
        try await GitExport(git: git, tree: tree, limits: limits).write(to: folder)
    }

    private var git: GitCommand { GitCommand(directory: directory) }

    private func revision(_ expression: String) async throws(Problem) -> String? {
        let result = try await git(["rev-parse", "--verify", "--quiet", "--end-of-options", expression])
        guard result.isSuccess, result.line.utf8.count >= 40 else { return nil }
        return result.line
    }

    private func type(of id: String) async throws(Problem) -> String {
        try await git(["cat-file", "-t", id]).line
    }

    private func unknown(_ reference: GitReference) async throws(Problem) -> Problem {
        let result = try await git([
            "for-each-ref", "--count=2000", "--format=%(refname:short)", "refs/heads", "refs/tags",
        ])
        let names = result.text.split(separator: "\n").map(String.init)
        let nearest = Suggestion.nearest(to: reference.text, in: names)
        return Problem(
            "git.reference-unknown", "There is no such branch, tag or commit.",
            cause: "\(location) has no \(quotedForMessage(reference.text)).",
            remedy: nearest.map { "Did you mean \(quotedForMessage($0))?" } ?? "Push it, or name another.")
    }

    private func failed(_ command: String, _ result: GitCommand.Result) -> Problem {
        Problem(
            "git.failed", "The repository cannot be read.",
            cause: "`git \(command)` in \(location): \(quotedForMessage(result.error, lengthMax: 300)).",
            remedy: "Look whether `git fsck` finds the repository whole.")
    }

    private static func localDirectory(_ path: String) throws(Problem) -> String {
        let manager = FileManager.default
        let absolute = path.hasPrefix("/") ? path : "\(manager.currentDirectoryPath)/\(path)"
        if manager.fileExists(atPath: "\(absolute)/.git") { return "\(absolute)/.git" }
        if manager.fileExists(atPath: "\(absolute)/HEAD"), manager.fileExists(atPath: "\(absolute)/objects") {
            return absolute
        }
        throw Problem(
            "git.not-a-repository", "The repository cannot be read.",
            cause: "\(quotedForMessage(path, lengthMax: 200)) is not the top folder of a git repository.",
            remedy: "Make it one: git init && git add . && git commit.")
    }

    /// Readable, and different for different URLs: FNV-1a over the whole of it.
    private static func mirrorName(_ url: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in url.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let name = url.split(separator: "/").last ?? "repository"
        let plain = name.utf8.prefix(40).map { byte -> Character in
            let character = Character(Unicode.Scalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
        }
        return "\(String(plain))-\(String(hash, radix: 16)).git"
    }
}
