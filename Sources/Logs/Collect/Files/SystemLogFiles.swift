#if canImport(Glibc)
    import Glibc
#endif

/// The files of this machine.
package struct SystemLogFiles: LogFiles {
    package init() {}

    package func list(_ folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    package func status(_ path: String) -> LogFileStatus? {
        var found = stat()
        return stat(path, &found) == 0 ? LogFileStatus(found) : nil
    }

    package func open(_ path: String) -> (any LogFile)? {
        // A named pipe would wait for its writer.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        let file = SystemLogFile(descriptor)
        return file.status()?.isRegular == true ? file : nil
    }
}

private final class SystemLogFile: LogFile {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    func status() -> LogFileStatus? {
        var found = stat()
        return fstat(descriptor, &found) == 0 ? LogFileStatus(found) : nil
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        max(0, pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)))
    }
}

extension LogFileStatus {
    fileprivate init(_ found: stat) {
        self.init(
            key: LogFileKey(device: UInt64(found.st_dev), inode: UInt64(found.st_ino)), size: Int(found.st_size),
            changed: Int64(found.st_mtim.tv_sec) * 1_000_000_000 + Int64(found.st_mtim.tv_nsec),
            links: Int(found.st_nlink), isRegular: found.st_mode & S_IFMT == S_IFREG)
    }
}
