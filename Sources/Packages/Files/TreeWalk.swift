import Core
import Glibc

/// Visits a tree in the order of a package: a folder before what is in it, names in the order
/// of their bytes. Links are reported, never followed.
struct TreeWalk {
    enum Found {
        case folder
        case file(OpenFile, size: Int64, isExecutable: Bool)
        case link(target: String)
    }

    /// Names that are left out wherever they are.
    let ignored: Set<String>

    func visit(_ root: Folder, _ body: (EntryPath, Found) throws(Problem) -> Void) throws(Problem) {
        try visit(root, at: nil, body)
    }

    private func visit(
        _ folder: Folder, at path: EntryPath?, _ body: (EntryPath, Found) throws(Problem) -> Void
    ) throws(Problem) {
        for name in try folder.names() where !ignored.contains(name) {
            let entry = try EntryPath(path.map { "\($0)/\(name)" } ?? name)
            switch try folder.kind(name) {
            case .folder:
                try body(entry, .folder)
                try visit(folder.folder(name), at: entry, body)
            case .link: try body(entry, .link(target: folder.linkTarget(name)))
            case .file: try body(entry, open(name, in: folder, at: entry))
            case .special: throw Self.special(entry)
            case nil: throw Self.changed(entry)
            }
        }
    }

    private func open(_ name: String, in folder: Folder, at entry: EntryPath) throws(Problem) -> Found {
        let file = try folder.openFile(name)
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw Self.changed(entry) }
        guard status.st_mode & (S_ISUID | S_ISGID) == 0 else {
            throw Problem(
                "package.special-file", "The folder cannot be packed.",
                cause: "\(entry.quoted) has the setuid or setgid bit.",
                remedy: "Remove the bit: an instance runs as its own user.")
        }
        return .file(file, size: Int64(status.st_size), isExecutable: status.st_mode & S_IXUSR != 0)
    }

    static func changed(_ entry: EntryPath) -> Problem {
        Problem(
            "package.source-changed", "The folder cannot be packed.",
            cause: "\(entry.quoted) changed while it was read.", remedy: "Build again when nobody writes to it.")
    }

    private static func special(_ entry: EntryPath) -> Problem {
        Problem(
            "package.special-file", "The folder cannot be packed.",
            cause: "\(entry.quoted) is a device, a pipe or a socket.",
            remedy: "Remove it: a package has files, folders and links.")
    }
}
