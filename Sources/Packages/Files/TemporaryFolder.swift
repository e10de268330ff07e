import Core
import Glibc
import SystemPackage

/// A new folder that only its owner may look into. Whoever makes it removes it, on every way out.
struct TemporaryFolder: Sendable {
    let path: FilePath

    /// - Parameter prefix: what the folder's name starts with, so that one that a crash has left
    ///   behind is known for what it is.
    init(in parent: FilePath, prefix: String) throws(Problem) {
        var template = Array("\(parent.appending(prefix).string)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .file("Making a temporary folder", parent.string) }
        path = FilePath(platformString: template)
    }

    /// Nothing there any more is no failure; nothing else can be done about one either.
    func remove() { try? FileTree.remove(path) }
}

enum FileTree {
    /// Removes a file or a folder with all that is in it. Links are removed, never followed.
    static func remove(_ path: FilePath) throws(Problem) {
        guard let component = path.lastComponent else { return }
        try Folder.open(path.removingLastComponent()).remove(component.string)
    }

    /// Makes the folders of a path that are missing.
    static func makeFolders(_ path: FilePath, mode: mode_t = 0o755) throws(Problem) {
        if mkdir(path.string, mode) == 0 { return }
        if errno == ENOENT, !path.removingLastComponent().isEmpty {
            try makeFolders(path.removingLastComponent(), mode: mode)
            if mkdir(path.string, mode) == 0 { return }
        }
        var status = stat()
        guard errno == EEXIST, stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw .file("Making a folder", path.string)
        }
    }
}
