import Core

/// A line of `git ls-tree`.
struct GitTreeEntry {
    enum Mode {
        case file
        case executable
        case link
        case submodule
        case folder
    }

    var mode: Mode
    var id: String
    /// Bytes of a file or link; 0 for the others.
    var size: Int
    /// As bytes, because a name in git need not be UTF-8.
    var path: [UInt8]

    /// Reads `MODE TYPE ID SIZE<tab>PATH`. Git itself knows no other modes.
    init?(_ line: ArraySlice<UInt8>) {
        guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { return nil }
        let words = String(decoding: line[..<tab], as: UTF8.self).split(separator: " ")
        guard words.count == 4 else { return nil }
        switch words[0] {
        case "100755": mode = .executable
        case "100644", "100664": mode = .file
        case "120000": mode = .link
        case "160000": mode = .submodule
        case "040000": mode = .folder
        default: return nil
        }
        id = String(words[2])
        size = Int(words[3]) ?? 0
        path = Array(line[line.index(after: tab)...])
    }
}

/// Reads objects by their ids, many in one process.
struct GitObjects {
    let git: GitCommand

    /// The objects' bytes, in the order of their ids.
    func read(_ ids: [String], bytesMax: Int) async throws(Problem) -> [ArraySlice<UInt8>] {
        guard !ids.isEmpty else { return [] }
        let result = try await git(
            ["cat-file", "--batch"], input: Array((ids.joined(separator: "\n") + "\n").utf8),
            outputMax: bytesMax + ids.count * 128)
        var rest = result.output[...]
        var objects: [ArraySlice<UInt8>] = []
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let header = String(decoding: rest[..<newline], as: UTF8.self).split(separator: " ")
            let start = newline + 1
            guard header.count == 3, let size = Int(header[2]), start + size < rest.endIndex else { break }
            objects.append(rest[start..<start + size])
            rest = rest[(start + size + 1)...]
        }
        guard result.isSuccess, objects.count == ids.count else {
            throw Problem(
                "git.failed", "The repository cannot be read.",
                cause: "`git cat-file` gave \(objects.count) of \(ids.count) objects.",
                remedy: "Look whether `git fsck` finds the repository whole.")
        }
        return objects
    }
}

/// The tree of a commit.
struct GitTree {
    private static let listingBytesMax = 64 << 20

    let git: GitCommand
    let commit: String

    /// The files that a configuration has a meaning for, and the names of all folders.
    func fileTree(place: String) async throws(Problem) -> FileTree {
        let entries = try await list(["-r", "--end-of-options", commit] + FileTree.folders)
        guard entries.count <= FileTree.filesMax else { throw FileTree.sizeProblem(place) }
        let folders = Set(
            try await list(["-r", "-d", "--end-of-options", commit]).map { String(decoding: $0.path, as: UTF8.self) })
        var files: [String: FileTree.Content] = [:]
        var wanted: [(path: String, id: String)] = []
        var bytesTotal = 0
        for entry in entries {
            let path = String(decoding: entry.path, as: UTF8.self)
            switch entry.mode {
            case .file, .executable:
                if entry.size > YAMLFile.bytesMax {
                    files[path] = .tooLarge(entry.size)
                } else {
                    wanted.append((path, entry.id))
                    bytesTotal += entry.size
                }
            case .link, .submodule, .folder: files[path] = .special
            }
        }
        guard bytesTotal <= FileTree.bytesMax else { throw FileTree.sizeProblem(place) }
        let objects = try await GitObjects(git: git).read(wanted.map(\.id), bytesMax: bytesTotal)
        for (file, bytes) in zip(wanted, objects) { files[file.path] = .bytes(Array(bytes)) }
        return FileTree(
            files: files, rootFolders: folders.filter { !$0.contains("/") }, isFolder: { folders.contains($0) })
    }

    private func list(_ arguments: [String]) async throws(Problem) -> [GitTreeEntry] {
        try await Self.list(git: git, arguments, outputMax: Self.listingBytesMax)
    }

    static func list(git: GitCommand, _ arguments: [String], outputMax: Int) async throws(Problem) -> [GitTreeEntry] {
        let result = try await git(["ls-tree", "-z", "--long", "--full-tree"] + arguments, outputMax: outputMax)
        let lines = result.output.split(separator: 0)
        let entries = lines.compactMap(GitTreeEntry.init)
        guard result.isSuccess, entries.count == lines.count else {
            throw Problem(
                "git.failed", "The repository cannot be read.",
                cause: "`git ls-tree`: \(quotedForMessage(result.error, lengthMax: 300)).",
                remedy: "Look whether `git fsck` finds the repository whole.")
        }
        return entries
    }
}
