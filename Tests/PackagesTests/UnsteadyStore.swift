import Core
import Packages
import Synchronization
import SystemPackage

/// Objects in a folder that can be cut off, or at which a server dies.
final class UnsteadyStore: ObjectStore {
    let objects: FolderObjectStore
    let isDown = Mutex(false)
    /// Whether what is asked for is done, and nobody hears of it.
    let isSilent = Mutex(false)
    let calls = Mutex(0)

    init(_ root: FilePath) throws { objects = try FolderObjectStore(root: root) }

    private func ask<Answer>(_ body: () async throws(Problem) -> Answer) async throws(Problem) -> Answer {
        calls.withLock { $0 += 1 }
        let gone = Problem("test.gone", "It did not answer.", cause: "It is cut off.", remedy: "Wait.")
        if isDown.withLock({ $0 }) { throw gone }
        let answer = try await body()
        if isSilent.withLock({ $0 }) { throw gone }
        return answer
    }

    func put(_ file: FilePath, as digest: Digest) async throws(Problem) {
        try await ask { () throws(Problem) in try await objects.put(file, as: digest) }
    }
    func size(of digest: Digest) async throws(Problem) -> Int64? {
        try await ask { () throws(Problem) in try await objects.size(of: digest) }
    }
    func read(_ digest: Digest, from offset: Int64, bytesMax: Int) async throws(Problem) -> [UInt8] {
        try await ask { () throws(Problem) in try await objects.read(digest, from: offset, bytesMax: bytesMax) }
    }
    func get(_ digest: Digest, to file: FilePath) async throws(Problem) {
        try await ask { () throws(Problem) in try await objects.get(digest, to: file) }
    }
    func list() async throws(Problem) -> [StoredObject] { try await objects.list() }
    func delete(_ digest: Digest) async throws(Problem) {
        try await ask { () throws(Problem) in try await objects.delete(digest) }
    }
}
