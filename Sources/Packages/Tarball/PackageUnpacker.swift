package import Core
import Glibc
package import SystemPackage

/// Puts packages into place: all of one, or nothing.
///
/// The order is what makes it safe. The signature is checked first, then the whole file against
/// the signed digest; only then is a byte of it read as an archive, into a folder beside the
/// target that nobody else may look into. The folder gets the target's name at the very end.
package struct PackageUnpacker: Sendable {
    /// What the name of an unfinished folder starts with.
    package static let temporaryPrefix = ".unpack-"

    private let verifier: PackageVerifier
    private let limits: UnpackLimits

    package init(verifier: PackageVerifier, limits: UnpackLimits = .standard) {
        self.verifier = verifier
        self.limits = limits
    }

    /// Unpacks `archive` as the folder `target`.
    ///
    /// - Parameters:
    ///   - reference: what the archive is said to be, with its signature.
    ///   - target: a path at which nothing is (or an empty folder), in a folder that is there.
    ///   - extraFiles: texts by path in the package, such as rendered config. One may take the
    ///     place of a file of the package, not of a folder or a link, and is never written
    ///     through a link.
    /// - Throws: `package.signature-invalid`, `package.size-mismatch`, `package.digest-mismatch`,
    ///   `package.malformed`, `package.unsafe`, `package.path-invalid`, `package.link-unsafe`,
    ///   `package.limit-exceeded`, `package.config-path`, `package.target-exists`, `package.file`.
    package func unpack(
        archive: FilePath, reference: PackageReference, into target: FilePath, extraFiles: [String: String] = [:]
    ) async throws(Problem) {
        try await Blocking.run { () throws(Problem) in
            try unpackNow(archive: archive, reference: reference, into: target, extraFiles: extraFiles)
        }
    }

    /// Checks an archive without unpacking it: a download, before it is kept.
    package func verify(archive: FilePath, reference: PackageReference) async throws(Problem) {
        try await Blocking.run { () throws(Problem) in _ = try open(archive, as: reference) }
    }

    /// Removes an unpacked package: from one moment to the next, and then from the disk. So a crash
    /// on the way leaves no half of a release under its name. Nothing there is no failure.
    package static func remove(_ target: FilePath) async throws(Problem) {
        try await Blocking.run { () throws(Problem) in
            let parent = target.removingLastComponent()
            guard let name = target.lastComponent?.string, try Folder.open(parent).kind(name) != nil else { return }
            let temporary = try TemporaryFolder(in: parent, prefix: temporaryPrefix)
            defer { temporary.remove() }
            try Folder.open(parent).move(name, to: Folder.open(temporary.path), as: name)
        }
    }

    /// Removes the folders that a crash has left in `parent`. For the start of an agent, before
    /// anything is unpacked there.
    package static func removeLeftovers(in parent: FilePath) throws(Problem) {
        let folder = try Folder.open(parent)
        for name in try folder.names() where name.hasPrefix(temporaryPrefix) { try folder.remove(name) }
    }

    func unpackNow(
        archive: FilePath, reference: PackageReference, into target: FilePath, extraFiles: [String: String]
    ) throws(Problem) {
        let extraFiles = try ExtraFiles(extraFiles)
        let file = try open(archive, as: reference)
        let temporary = try TemporaryFolder(in: target.removingLastComponent(), prefix: Self.temporaryPrefix)
        defer { temporary.remove() }
        let root = try Folder.open(temporary.path)
        var reader = TarReader(DecompressedFile(file, archiveBytes: reference.size, limits: limits), limits: limits)
        var extractor = TreeExtractor(root: root)
        try extractor.extract(&reader)
        try extraFiles.write(below: root)
        try root.setMode(0o755)
        try root.synchronizeFileSystem()
        guard rename(temporary.path.string, target.string) == 0 else {
            if errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR { throw Self.targetExists(target) }
            throw .file("Naming an unpacked folder", target.string)
        }
        try Folder.open(target.removingLastComponent()).synchronize()
    }

    private func open(_ archive: FilePath, as reference: PackageReference) throws(Problem) -> OpenFile {
        try verifier.verify(reference)
        let file = try OpenFile.reading(archive)
        let size = Int64(try file.status().st_size)
        guard size == reference.size else {
            throw Problem(
                "package.size-mismatch", "The package is not the one that was signed.",
                cause: "The file has \(size) bytes, and \(reference.size) were signed.", remedy: "Fetch it again.")
        }
        var hash = DigestBuilder()
        try file.readAll { (chunk) throws(Problem) in hash.update(chunk) }
        let digest = hash.finish()
        guard digest == reference.digest else {
            throw Problem(
                "package.digest-mismatch", "The package is not the one that was signed.",
                cause: "The file's SHA-256 is \(digest), and \(reference.digest) was signed.", remedy: "Fetch it again."
            )
        }
        try file.rewind()
        return file
    }

    private static func targetExists(_ target: FilePath) -> Problem {
        Problem(
            "package.target-exists", "The package cannot be unpacked there.",
            cause: "\(quotedForMessage(target.string, lengthMax: 200)) is there already.",
            remedy: "Use what is there, or remove it first.")
    }
}
