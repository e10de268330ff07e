import Core
import Crypto
import NIOCore
import Synchronization
import SystemPackage

/// A package on its way into a folder: `DIGEST.part` while bytes are missing, `DIGEST` when they
/// are all there and right.
final class PackageFile: Sendable {
    private static let blockBytes = 1 << 20

    let path: FilePath
    private let partial: FilePath
    private let reference: PackageReference
    private let file = Mutex<SystemPackage.FileDescriptor?>(nil)

    init(reference: PackageReference, folder: FilePath) {
        self.reference = reference
        path = folder.appending(reference.digest.hex)
        partial = folder.appending("\(reference.digest.hex).part")
    }

    /// Whether the whole file is there already. One that is there and wrong is removed.
    @concurrent
    func isComplete() async throws(Problem) -> Bool {
        guard let digest = try? Self.digest(of: path) else { return false }
        if digest == reference.digest { return true }
        Self.remove(path)
        return false
    }

    /// - Returns: how many bytes are there from before.
    func open() throws(Problem) -> Int64 {
        try attempt {
            let descriptor = try SystemPackage.FileDescriptor.open(
                partial, .readWrite, options: [.create, .closeOnExec, .noFollow], permissions: [.ownerReadWrite])
            file.withLock { $0 = descriptor }
            let size = try descriptor.seek(offset: 0, from: .end)
            guard size > reference.size else { return size }
            // Bytes of something else: begin anew.
            try descriptor.resize(to: 0)
            return try descriptor.seek(offset: 0, from: .start)
        }
    }

    func append(_ bytes: ByteBuffer) throws(Problem) {
        try attempt {
            let descriptor = file.withLock { $0 }
            _ = try descriptor?.writeAll(bytes.readableBytesView)
        }
    }

    func close() {
        file.withLock { file in
            try? file?.close()
            file = nil
        }
    }

    /// Checks the bytes and gives the file its name.
    @concurrent
    func finish() async throws(Problem) {
        let digest = try attempt { try Self.digest(of: partial) }
        guard digest == reference.digest else {
            Self.remove(partial)
            throw Problem(
                "package.digest-wrong", "The package of \(reference.app) was not accepted.",
                cause: "Its SHA-256 is \(digest.short)…, and the release says \(reference.digest.short)….",
                remedy: "Build the release again; if it happens again, look for what changes packages on the way.")
        }
        try attempt { try Self.rename(partial, to: path) }
    }

    private func attempt<Result>(_ body: () throws -> Result) throws(Problem) -> Result {
        do {
            return try body()
        } catch {
            throw Problem(
                "package.store-failed", "The package of \(reference.app) was not stored on the host.",
                cause: "\(quotedForMessage(path.string, lengthMax: 200)): \(error).",
                remedy: "Check that the disk has room and that the agent may write there.")
        }
    }

    private static func digest(of path: FilePath) throws -> Core.Digest {
        let descriptor = try SystemPackage.FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .noFollow])
        defer { try? descriptor.close() }
        var hash = SHA256()
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: blockBytes, alignment: 16)
        defer { block.deallocate() }
        while true {
            let count = try descriptor.read(into: block)
            guard count > 0 else { break }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: block[..<count]))
        }
        return Core.Digest(bytes: hash.finalize())
    }
}
