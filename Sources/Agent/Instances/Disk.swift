import Core
import Glibc
import SystemPackage

/// File operations that the folders of a host need: durable, atomic, and never through a
/// symbolic link that an app may have put in the way.
enum Disk {
    static func fault(_ what: String, _ path: FilePath, _ number: Int32 = errno) -> Problem {
        Problem(
            "disk.failed", "\(what) did not work.", cause: "\(path): \(String(cString: strerror(number))).",
            remedy: "Look at the disk's room and the folder's owner, and repeat.")
    }

    static func makeFolder(_ path: FilePath, mode: mode_t = 0o755) throws(Problem) {
        if mkdir(path.string, mode) == 0 { return }
        switch errno {
        case EEXIST:
            guard isFolder(path) else { throw fault("Making a folder", path, ENOTDIR) }
        case ENOENT where !path.removingLastComponent().isEmpty:
            try makeFolder(path.removingLastComponent())
            guard mkdir(path.string, mode) == 0 || errno == EEXIST else { throw fault("Making a folder", path) }
        default: throw fault("Making a folder", path)
        }
    }

    /// Says that what is in each folder of this folder has nothing to do with what is in the others.
    ///
    /// ext4 then gives each a region of its own with many free inodes. Otherwise all lie close
    /// together, and where thousands of files have just been removed, making as many is ten times
    /// slower: each time it passes over every inode that was freed in the last minute. It is the
    /// `T` of chattr(1); other file systems do not know it, and nothing depends on it.
    static func spreadFolders(in path: FilePath) {
        let (getFlags, setFlags, topDirectory) = (UInt(0x8008_6601), UInt(0x4008_6602), CInt(0x0002_0000))
        let descriptor = open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var flags: CInt = 0
        guard ioctl(descriptor, getFlags, &flags) == 0, flags & topDirectory == 0 else { return }
        flags |= topDirectory
        _ = ioctl(descriptor, setFlags, &flags)
    }

    static func isFolder(_ path: FilePath) -> Bool {
        (try? path.stat())?.type == .directory
    }

    static func exists(_ path: FilePath) -> Bool { access(path.string, F_OK) == 0 }

    /// Whole or not at all, and still there after a power cut.
    static func write(_ bytes: [UInt8], to path: FilePath, mode: mode_t = 0o600) throws(Problem) {
        let temporary = FilePath(path.string + ".new")
        let file = open(temporary.string, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw fault("Writing a file", temporary) }
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let problem = fault("Writing a file", temporary)
                close(file)
                unlink(temporary.string)
                throw problem
            }
            offset += count
        }
        guard fsync(file) == 0, close(file) == 0, rename(temporary.string, path.string) == 0 else {
            throw fault("Writing a file", path)
        }
        try synchronize(path.removingLastComponent())
    }

    static func synchronize(_ folder: FilePath) throws(Problem) {
        let descriptor = open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault("Opening a folder", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw fault("Writing a folder", folder) }
    }

    /// nil: there is no such file, or it cannot be read.
    static func read(_ path: FilePath, bytesMax: Int = 4 << 20) -> [UInt8]? {
        let file = open(path.string, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= bytesMax {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
        return nil
    }

    static func text(_ path: FilePath) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }

    /// Makes `path` a symbolic link to `target`, in one step for whoever looks, and durably.
    static func link(_ path: FilePath, to target: String) throws(Problem) {
        try switchLink(path, to: target)
        try synchronize(path.removingLastComponent())
    }

    static func switchLink(_ path: FilePath, to target: String) throws(Problem) {
        let temporary = path.string + ".new"
        unlink(temporary)
        guard symlink(target, temporary) == 0, rename(temporary, path.string) == 0 else {
            throw fault("Switching a link", path)
        }
    }

    static func linkTarget(_ path: FilePath) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path.string, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    static func names(in folder: FilePath) -> [String] {
        guard let stream = opendir(folder.string) else { return [] }
        defer { closedir(stream) }
        return entries(of: stream).sorted()
    }

    /// Removes a folder and all that is in it, or a file. What is not there is no failure.
    static func remove(_ path: FilePath) throws(Problem) {
        try remove(path.string, in: AT_FDCWD, shown: path)
    }

    private static func remove(_ name: String, in folder: Int32, shown: FilePath) throws(Problem) {
        if unlinkat(folder, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw fault("Removing a file", shown) }
        let descriptor = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0, let stream = fdopendir(descriptor) else { throw fault("Removing a folder", shown) }
        defer { closedir(stream) }
        for entry in entries(of: stream) { try remove(entry, in: descriptor, shown: shown.appending(entry)) }
        guard unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw fault("Removing a folder", shown)
        }
    }

    private static func entries(of stream: OpaquePointer) -> [String] {
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Gives a folder, and all that is in it, to a user and group. Links themselves, never their targets.
    static func own(_ path: FilePath, user: UInt32, group: UInt32) throws(Problem) {
        guard lchown(path.string, user, group) == 0 else { throw fault("Changing an owner", path) }
        guard (try? path.stat(followTargetSymlink: false))?.type == .directory else { return }
        for name in names(in: path) { try own(path.appending(name), user: user, group: group) }
    }
}
