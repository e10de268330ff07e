package import SystemPackage

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The file system of this machine.
package struct Disk: FileSystem {
    package init() {}

    package func makeFolder(_ path: FilePath) throws(FileFault) {
        if mkdir(path.string, 0o750) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, !path.removingLastComponent().isEmpty else { throw fault(.makeFolder, path) }
        try makeFolder(path.removingLastComponent())
        guard mkdir(path.string, 0o750) == 0 || errno == EEXIST else { throw fault(.makeFolder, path) }
    }

    package func list(_ folder: FilePath) throws(FileFault) -> [String] {
        guard let stream = opendir(folder.string) else { throw fault(.list, folder) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw fault(.list, folder) }
        return names.sorted()
    }

    package func create(_ path: FilePath) throws(FileFault) -> any StoredFile {
        try DiskFile(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, .create)
    }

    package func open(_ path: FilePath) throws(FileFault) -> any StoredFile {
        try DiskFile(path, O_RDONLY, .open)
    }

    package func truncate(_ path: FilePath, to size: Int) throws(FileFault) {
        let file = try DiskFile(path, O_RDWR, .truncate)
        try file.truncate(to: size)
        try file.sync()
    }

    package func rename(_ path: FilePath, to new: FilePath) throws(FileFault) {
        guard Glibc.rename(path.string, new.string) == 0 else { throw fault(.rename, path) }
    }

    package func remove(_ path: FilePath) throws(FileFault) {
        guard unlink(path.string) == 0 || errno == ENOENT else { throw fault(.remove, path) }
    }

    package func syncFolder(_ path: FilePath) throws(FileFault) {
        let file = try DiskFile(path, O_RDONLY | O_DIRECTORY, .syncFolder)
        do { try file.sync() } catch { throw FileFault(.syncFolder, path, error.reason) }
    }

    package func claim(_ path: FilePath) throws(FileFault) -> any Sendable {
        let file = try DiskFile(path, O_RDWR | O_CREAT, .claim)
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else { throw fault(.claim, path) }
        return file
    }
}

private func fault(_ operation: FileOperation, _ path: FilePath) -> FileFault {
    FileFault(operation, path, Errno(rawValue: errno))
}

private final class DiskFile: StoredFile {
    let path: FilePath
    let descriptor: Int32

    init(_ path: FilePath, _ flags: Int32, _ operation: FileOperation) throws(FileFault) {
        self.path = path
        descriptor = Glibc.open(path.string, flags | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw fault(operation, path) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileFault) {
        var rest = bytes[...]
        while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
            let count = write(descriptor, start, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw fault(.append, path) }
            rest = rest.dropFirst(count)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileFault) -> Int {
        var filled = 0
        while filled < buffer.count, let start = buffer.baseAddress {
            let count = pread(descriptor, start + filled, buffer.count - filled, off_t(offset + filled))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw fault(.read, path) }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    func sync() throws(FileFault) {
        // The size is metadata that is needed to read the content, so fdatasync keeps it too.
        guard fdatasync(descriptor) == 0 else { throw fault(.sync, path) }
    }

    func truncate(to size: Int) throws(FileFault) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw fault(.truncate, path) }
    }

    func size() throws(FileFault) -> Int {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw fault(.size, path) }
        return Int(end)
    }
}
