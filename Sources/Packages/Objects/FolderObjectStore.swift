package import Core
import Glibc
package import SystemPackage

/// Objects in a folder, each at `ab/abcd…`: the first two digits of its digest, and all of them.
///
/// An object is written beside its place, brought to the disk and then named, so a name always
/// stands for a whole object, even after a power cut.
package struct FolderObjectStore: ObjectStore {
    private static let temporaryPrefix = ".incoming-"

    private let root: FilePath

    /// Makes the folder if it is missing, and removes what a crash has left half written.
    package init(root: FilePath) throws(Problem) {
        try FileTree.makeFolders(root, mode: 0o700)
        let folder = try Folder.open(root)
        for name in try folder.names() where name.hasPrefix(Self.temporaryPrefix) { try folder.remove(name) }
        self.root = root
    }

    /// Where an object is, for whoever can use the file in place. It must not be changed.
    package func path(of digest: Digest) -> FilePath {
        root.appending(String(digest.hex.prefix(2))).appending(digest.hex)
    }

    package func put(_ file: FilePath, as digest: Digest) async throws(Problem) {
        try await Blocking.run { () throws(Problem) in try putNow(file, as: digest) }
    }

    package func size(of digest: Digest) async throws(Problem) -> Int64? {
        try await Blocking.run { () throws(Problem) in
            guard access(path(of: digest).string, F_OK) == 0 else { return nil }
            return Int64(try OpenFile.reading(path(of: digest)).status().st_size)
        }
    }

    package func read(_ digest: Digest, from offset: Int64, bytesMax: Int) async throws(Problem) -> [UInt8] {
        try await Blocking.run { () throws(Problem) in
            let file = try open(digest)
            let rest = max(0, Int64(try file.status().st_size) - max(0, offset))
            guard lseek(file.descriptor, off_t(max(0, offset)), SEEK_SET) >= 0 else {
                throw .file("Reading an object", digest.hex)
            }
            let wanted = Int(min(rest, Int64(max(0, bytesMax))))
            let room = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, wanted), alignment: 16)
            defer { room.deallocate() }
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: room[..<wanted]))
            return Array(room[..<count])
        }
    }

    package func get(_ digest: Digest, to file: FilePath) async throws(Problem) {
        try await Blocking.run { () throws(Problem) in
            let source = try open(digest)
            let target = try OpenFile.making(file)
            do throws(Problem) {
                guard try copy(source, to: target) == digest else {
                    throw Problem(
                        "object.corrupt", "The object cannot be used.",
                        cause: "The bytes stored as \(digest) have another SHA-256.",
                        remedy: "Check the disk, delete the object and build the package again.")
                }
            } catch {
                unlink(file.string)
                throw error
            }
        }
    }

    package func list() async throws(Problem) -> [StoredObject] {
        try await Blocking.run { () throws(Problem) in try listNow() }
    }

    package func delete(_ digest: Digest) async throws(Problem) {
        try await Blocking.run { () throws(Problem) in
            guard unlink(path(of: digest).string) == 0 || errno == ENOENT else {
                throw .file("Removing an object", digest.hex)
            }
        }
    }

    private func putNow(_ file: FilePath, as digest: Digest) throws(Problem) {
        let source = try OpenFile.reading(file)
        let temporary = try TemporaryFolder(in: root, prefix: Self.temporaryPrefix)
        defer { temporary.remove() }
        let incoming = temporary.path.appending("object")
        let found = try copy(source, to: OpenFile.making(incoming))
        guard found == digest else {
            throw Problem(
                "object.digest-mismatch", "The file was not stored.",
                cause: "Its SHA-256 is \(found), and \(digest) was expected.", remedy: "Make or fetch the file again.")
        }
        let target = path(of: digest)
        try FileTree.makeFolders(target.removingLastComponent(), mode: 0o700)
        if access(target.string, F_OK) == 0 { return }
        guard rename(incoming.string, target.string) == 0 else { throw .file("Naming an object", digest.hex) }
        try Folder.open(target.removingLastComponent()).synchronize()
        try Folder.open(root).synchronize()
    }

    private func copy(_ source: OpenFile, to target: OpenFile) throws(Problem) -> Digest {
        var hash = DigestBuilder()
        try source.readAll { (chunk) throws(Problem) in
            hash.update(chunk)
            try target.write(chunk)
        }
        try target.synchronize()
        return hash.finish()
    }

    private func open(_ digest: Digest) throws(Problem) -> OpenFile {
        guard access(path(of: digest).string, F_OK) == 0 else {
            throw Problem(
                "object.missing", "The object is not in the store.", cause: "There is no \(digest).",
                remedy: "Build the package again.")
        }
        return try OpenFile.reading(path(of: digest))
    }

    private func listNow() throws(Problem) -> [StoredObject] {
        var objects: [StoredObject] = []
        let folder = try Folder.open(root)
        for prefix in try folder.names() where prefix.utf8.count == 2 {
            let inner = try folder.folder(prefix)
            for name in try inner.names() {
                guard let digest = try? Digest(name) else { continue }
                objects.append(StoredObject(digest: digest, size: Int64(try inner.openFile(name).status().st_size)))
            }
        }
        return objects
    }
}
