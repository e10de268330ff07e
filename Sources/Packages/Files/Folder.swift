import CZstd
import Core
import Glibc
import SystemPackage

/// A folder that is held open. What is in it is named by one component, relative to the open
/// descriptor, and a link in that place is never followed: so nothing outside can be reached,
/// whatever anybody does to the tree meanwhile.
final class Folder: Sendable {
    /// What a name in a folder stands for.
    enum Kind: Equatable {
        case file
        case folder
        case link
        /// A device, a pipe or a socket.
        case special
    }

    let descriptor: CInt
    /// For messages.
    let name: String

    private init(descriptor: CInt, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    deinit { close(descriptor) }

    /// Opens a folder by a path that Apus chose: links in it are followed.
    static func open(_ path: FilePath) throws(Problem) -> Folder {
        let descriptor = Glibc.open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file("Opening a folder", path.string) }
        return Folder(descriptor: descriptor, name: path.string)
    }

    func folder(_ component: String) throws(Problem) -> Folder {
        let opened = openat(descriptor, component, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
        guard opened >= 0 else { throw .file("Opening a folder", component) }
        return Folder(descriptor: opened, name: component)
    }

    /// Makes a folder that must not be there yet, and opens it.
    func makeFolder(_ component: String) throws(Problem) -> Folder {
        guard mkdirat(descriptor, component, 0o755) == 0 else { throw .file("Making a folder", component) }
        let folder = try folder(component)
        if CreationMask.takes(from: 0o755) { try folder.setMode(0o755) }
        return folder
    }

    func openFile(_ component: String) throws(Problem) -> OpenFile {
        let opened = openat(descriptor, component, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0)
        guard opened >= 0 else { throw .file("Opening a file", component) }
        return OpenFile(descriptor: opened, name: component)
    }

    /// Makes a file that must not be there yet: its mode is 0755 or 0644 whatever the umask.
    func makeFile(_ component: String, isExecutable: Bool) throws(Problem) -> OpenFile {
        let mode: mode_t = isExecutable ? 0o755 : 0o644
        let opened = openat(descriptor, component, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard opened >= 0 else { throw .file("Making a file", component) }
        let file = OpenFile(descriptor: opened, name: component)
        if CreationMask.takes(from: mode) { try file.setMode(mode) }
        return file
    }

    func makeLink(_ component: String, to target: String) throws(Problem) {
        guard symlinkat(target, descriptor, component) == 0 else { throw .file("Making a link", component) }
    }

    func linkTarget(_ component: String) throws(Problem) -> String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlinkat(descriptor, component, &bytes, bytes.count - 1)
        guard count >= 0 else { throw .file("Reading a link", component) }
        guard let target = String(validating: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) else {
            throw EntryPath.refused("The target of the link \(quotedForMessage(component)) is not UTF-8.")
        }
        return target
    }

    /// - Returns: nil if nothing has that name.
    func kind(_ component: String) throws(Problem) -> Kind? {
        var status = stat()
        guard fstatat(descriptor, component, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return nil }
            throw .file("Looking at a file", component)
        }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .special
        }
    }

    /// The names in the folder, in the order of their bytes.
    func names() throws(Problem) -> [String] {
        // The stream takes its descriptor over, and shares an offset with every copy of it.
        let opened = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard opened >= 0, let stream = fdopendir(opened) else { throw .file("Listing a folder", name) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw .file("Listing a folder", name) }
                break
            }
            let found = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let found else {
                throw EntryPath.refused("A name in the folder \(quotedForMessage(name)) is not UTF-8.")
            }
            if found != "." && found != ".." { names.append(found) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func removeFile(_ component: String) throws(Problem) {
        guard unlinkat(descriptor, component, 0) == 0 else { throw .file("Removing a file", component) }
    }

    /// Removes what has that name, with all that is in it. Nothing there is no failure.
    func remove(_ component: String) throws(Problem) {
        guard let kind = try kind(component) else { return }
        guard kind == .folder else { return try removeFile(component) }
        // A build may leave folders that even their owner may not write.
        _ = fchmodat(descriptor, component, 0o700, 0)
        let folder = try folder(component)
        for name in try folder.names() { try folder.remove(name) }
        guard unlinkat(descriptor, component, AT_REMOVEDIR) == 0 else { throw .file("Removing a folder", component) }
    }

    func move(_ component: String, to folder: Folder, as newComponent: String) throws(Problem) {
        guard renameat(descriptor, component, folder.descriptor, newComponent) == 0 else {
            throw .file("Moving a file", component)
        }
    }

    func setMode(_ mode: mode_t) throws(Problem) {
        guard fchmod(descriptor, mode) == 0 else { throw .file("Setting a folder's mode", name) }
    }

    /// Returns when the folder's own entries are on the disk.
    func synchronize() throws(Problem) {
        guard fsync(descriptor) == 0 else { throw .file("Writing a folder to the disk", name) }
    }

    /// Returns when everything on the folder's file system is on the disk. For thousands of new
    /// files that is far quicker than one `fsync` for each.
    func synchronizeFileSystem() throws(Problem) {
        guard syncfs(descriptor) == 0 else { throw .file("Writing files to the disk", name) }
    }
}

extension Folder {
    /// Reads a small file whole.
    /// - Throws: `package.file` if it is no regular file, or longer than `bytesMax`.
    func contents(of component: String, bytesMax: Int) throws(Problem) -> [UInt8] {
        let file = try openFile(component)
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= bytesMax else {
            throw Problem(
                "package.file", "Reading a file failed.",
                cause: "\(quotedForMessage(component)) is no regular file of at most \(bytesMax) bytes.",
                remedy: "Make it one.")
        }
        var bytes: [UInt8] = []
        try file.readAll { (chunk) throws(Problem) in bytes += chunk }
        return bytes
    }

    /// Writes a small file in the place of what has that name, which is no folder.
    func replace(_ component: String, with bytes: [UInt8], isExecutable: Bool) throws(Problem) {
        if try kind(component) != nil { try removeFile(component) }
        try makeFile(component, isExecutable: isExecutable).write(bytes)
    }
}
