package import Core
package import SystemPackage

/// Where packages, archives of logs and backups are kept: immutable files, known by their
/// SHA-256. Every implementation passes the tests of `ObjectStoreContract`.
package protocol ObjectStore: Sendable {
    /// Stores a copy of the file. What is there already stays as it is.
    /// - Throws: `object.digest-mismatch` if the file's SHA-256 is another one; nothing is stored.
    func put(_ file: FilePath, as digest: Digest) async throws(Problem)

    /// - Returns: bytes of the object, nil if it is not there.
    func size(of digest: Digest) async throws(Problem) -> Int64?

    /// Reads a part of an object.
    /// - Returns: `bytesMax` bytes from `offset`, fewer only at the object's end.
    /// - Throws: `object.missing`.
    func read(_ digest: Digest, from offset: Int64, bytesMax: Int) async throws(Problem) -> [UInt8]

    /// Writes the object to a file at a path where nothing is, and checks it on the way.
    /// - Throws: `object.missing`, `object.corrupt`; there is no file then.
    func get(_ digest: Digest, to file: FilePath) async throws(Problem)

    /// Every object, in the order of the digests.
    func list() async throws(Problem) -> [StoredObject]

    /// Nothing there is no failure.
    func delete(_ digest: Digest) async throws(Problem)
}

package struct StoredObject: Hashable, Sendable {
    package var digest: Digest
    /// Bytes.
    package var size: Int64

    package init(digest: Digest, size: Int64) {
        self.digest = digest
        self.size = size
    }
}

extension ObjectStore {
    package func contains(_ digest: Digest) async throws(Problem) -> Bool { try await size(of: digest) != nil }
}
