import Glibc
import SystemPackage

extension PackageFile {
    static func remove(_ path: FilePath) { unlink(path.string) }

    /// After it the file is on disk under its new name, also after a crash.
    static func rename(_ source: FilePath, to destination: FilePath) throws {
        let descriptor = try FileDescriptor.open(source, .readOnly, options: [.closeOnExec])
        defer { try? descriptor.close() }
        guard fsync(descriptor.rawValue) == 0, Glibc.rename(source.string, destination.string) == 0 else {
            throw Errno(rawValue: errno)
        }
    }
}
