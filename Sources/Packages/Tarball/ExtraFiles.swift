import Core

/// Files that a release adds to its package: rendered config.
struct ExtraFiles {
    private let files: [(path: EntryPath, text: String)]

    /// - Throws: `package.path-invalid` for a path that is not within the package.
    init(_ files: [String: String]) throws(Problem) {
        var checked: [(path: EntryPath, text: String)] = []
        for (path, text) in files { checked.append((try EntryPath(path), text)) }
        self.files = checked.sorted { $0.path < $1.path }
    }

    func write(below root: Folder) throws(Problem) {
        for (path, text) in files {
            var folder = root
            for component in path.components.dropLast() {
                let component = String(component)
                switch try folder.kind(component) {
                case .folder: folder = try folder.folder(component)
                case nil: folder = try folder.makeFolder(component)
                default: throw Self.refused(path, "\(quotedForMessage(component)) is no folder")
                }
            }
            let name = String(path.name)
            switch try folder.kind(name) {
            case .file, nil: try folder.replace(name, with: Array(text.utf8), isExecutable: false)
            case .folder: throw Self.refused(path, "a folder is there")
            case .link, .special: throw Self.refused(path, "a link is there")
            }
        }
    }

    private static func refused(_ path: EntryPath, _ fault: String) -> Problem {
        Problem(
            "package.config-path", "A config file cannot be written into the package.",
            cause: "\(path.quoted): \(fault).", remedy: "Give it another path under `config`.")
    }
}
