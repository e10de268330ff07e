package import Core
import Glibc
package import SystemPackage

/// A package as a file.
package struct PackedTarball: Hashable, Sendable {
    package var path: FilePath
    package var digest: Digest
    /// Bytes of the file.
    package var size: Int64
    package var entries: Int
    package var unpackedBytes: Int64
}

/// Packs a folder. The same names, contents, links and executable bits give the same bytes,
/// whoever owns the files and whenever they were written.
package struct PackagePacker: Sendable {
    package let limits: UnpackLimits
    /// Names that are left out wherever they are.
    package let ignored: Set<String>

    package init(limits: UnpackLimits = .standard, ignored: Set<String> = []) {
        self.limits = limits
        self.ignored = ignored
    }

    /// - Parameter file: where the package is written: a path at which nothing is. Removed if
    ///   packing fails.
    /// - Throws: `package.path-invalid`, `package.link-unsafe`, `package.special-file` for what
    ///   cannot be in a package; `package.limit-exceeded`, `package.source-changed`, `package.file`.
    package func pack(_ tree: FilePath, to file: FilePath) async throws(Problem) -> PackedTarball {
        try await Blocking.run { () throws(Problem) in try packNow(tree, to: file) }
    }

    func packNow(_ tree: FilePath, to file: FilePath) throws(Problem) -> PackedTarball {
        let opened = try OpenFile.making(file)
        do throws(Problem) {
            return try pack(tree, to: opened, at: file)
        } catch {
            unlink(file.string)
            throw error
        }
    }

    private func pack(_ tree: FilePath, to opened: OpenFile, at file: FilePath) throws(Problem) -> PackedTarball {
        let compressed = CompressedFile(opened)
        var writer = TarWriter { (bytes) throws(Problem) in try compressed.write(bytes) }
        try TreeWalk(ignored: ignored).visit(Folder.open(tree)) { (path, found) throws(Problem) in
            try limits.check(entries: writer.entries + 1)
            switch found {
            case .folder: try writer.add(TarEntry(path: path, kind: .folder))
            case .link(let target):
                let target = try LinkTarget(normalizing: target, at: path)
                try writer.add(TarEntry(path: path, kind: .link(target)))
            case .file(let contents, let size, let isExecutable):
                let entry = TarEntry(path: path, kind: .file(size: size, isExecutable: isExecutable))
                // Before the bytes are read, so that an endless file fills no disk.
                try limits.check(unpackedBytes: writer.bytes + size)
                try writer.add(entry, contents: contents)
            }
        }
        try writer.finish()
        let digest = try compressed.finish()
        try limits.check(unpackedBytes: writer.bytes, archiveBytes: compressed.size)
        return PackedTarball(
            path: file, digest: digest, size: compressed.size, entries: writer.entries, unpackedBytes: writer.bytes)
    }
}
