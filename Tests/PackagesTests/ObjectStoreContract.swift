import Core
import FoundationEssentials
import SystemPackage
import Testing

@testable import Packages

/// What every implementation of `ObjectStore` keeps. An implementation's tests make an empty
/// store and call `check`.
struct ObjectStoreContract {
    let store: any ObjectStore
    /// For files of the tests.
    let folder: FilePath

    func check() async throws {
        try await storesAndReads()
        try await readsRanges()
        try await refusesWrongDigest()
        try await isIdempotent()
        try await missing()
        try await deletes()
    }

    private func file(_ bytes: [UInt8]) throws -> (path: FilePath, digest: Digest) {
        let path = folder.appending("file-\(digest(of: bytes).short)")
        try Data(bytes).write(to: URL(filePath: path.string))
        return (path, digest(of: bytes))
    }

    private func storesAndReads() async throws {
        for bytes in [[], [1], [UInt8](repeating: 7, count: 700_000)] {
            let (path, digest) = try file(bytes)
            #expect(try await store.contains(digest) == false)
            try await store.put(path, as: digest)
            #expect(try await store.size(of: digest) == Int64(bytes.count))
            let copy = folder.appending("copy-\(digest.short)")
            try await store.get(digest, to: copy)
            #expect(try Array(Data(contentsOf: URL(filePath: copy.string))) == bytes)
        }
        let listed = try await store.list()
        #expect(listed.map(\.size).sorted() == [0, 1, 700_000])
        #expect(listed.map(\.digest) == listed.map(\.digest).sorted())
    }

    private func readsRanges() async throws {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let (path, digest) = try file(bytes)
        try await store.put(path, as: digest)
        for (offset, count) in [(0, 1000), (0, 10), (990, 100), (1000, 10), (5000, 10), (3, 0)] {
            let expected = Array(bytes.dropFirst(offset).prefix(count))
            let found = try await store.read(digest, from: Int64(offset), bytesMax: count)
            #expect(found == expected)
        }
    }

    private func refusesWrongDigest() async throws {
        let (path, _) = try file([9, 9, 9])
        let other = digest(of: [8])
        let code = await problemCode { try await store.put(path, as: other) }
        #expect(code == "object.digest-mismatch")
        #expect(try await store.contains(other) == false)
    }

    private func isIdempotent() async throws {
        let (path, digest) = try file([4, 5, 6])
        try await store.put(path, as: digest)
        try await store.put(path, as: digest)
        #expect(try await store.list().filter { $0.digest == digest }.count == 1)
    }

    private func missing() async throws {
        let unknown = digest(of: [0xDE, 0xAD])
        #expect(try await store.size(of: unknown) == nil)
        let target = folder.appending("missing")
        let read = await problemCode { _ = try await store.read(unknown, from: 0, bytesMax: 1) }
        let get = await problemCode { try await store.get(unknown, to: target) }
        #expect(read == "object.missing")
        #expect(get == "object.missing")
        #expect(FileManager.default.fileExists(atPath: target.string) == false)
    }

    private func deletes() async throws {
        let (path, digest) = try file([1, 2, 3])
        try await store.put(path, as: digest)
        try await store.delete(digest)
        try await store.delete(digest)
        #expect(try await store.contains(digest) == false)
        try await store.put(path, as: digest)
        #expect(try await store.contains(digest))
    }
}

@Suite("The object store in a folder")
struct FolderObjectStoreTests {
    @Test("keeps the contract")
    func contract() async throws {
        try await withTemporaryFolder { folder in
            let store = try FolderObjectStore(root: folder.appending("deep/store"))
            try await ObjectStoreContract(store: store, folder: folder).check()
        }
    }

    @Test("notices a file that was changed on the disk, and gives no copy of it")
    func corrupt() async throws {
        try await withTemporaryFolder { folder in
            let store = try FolderObjectStore(root: folder.appending("store"))
            try makeTree(["file": .file("good")], at: folder)
            let digest = digest(of: Array("good".utf8))
            try await store.put(folder.appending("file"), as: digest)
            try Data("evil".utf8).write(to: URL(filePath: store.path(of: digest).string))
            let code = await problemCode { try await store.get(digest, to: folder.appending("copy")) }
            #expect(code == "object.corrupt")
            #expect(try names(in: folder) == ["file", "store"])
        }
    }

    @Test("leaves a file alone that is where a copy should go")
    func existingFile() async throws {
        try await withTemporaryFolder { folder in
            let store = try FolderObjectStore(root: folder.appending("store"))
            try makeTree(["file": .file("good"), "mine": .file("kept")], at: folder)
            let digest = digest(of: Array("good".utf8))
            try await store.put(folder.appending("file"), as: digest)
            let code = await problemCode { try await store.get(digest, to: folder.appending("mine")) }
            #expect(code == "package.file")
            #expect(try readTree(folder)["mine"] == .file("kept"))
        }
    }

    @Test("clears what a crash has left half written")
    func leftovers() async throws {
        try await withTemporaryFolder { folder in
            try makeTree([".incoming-x/object": .file("half")], at: folder)
            let store = try FolderObjectStore(root: folder)
            #expect(try await store.list() == [])
            #expect(try names(in: folder) == [])
        }
    }
}
