package import Core
import Crypto
import NIOCore
package import SystemPackage
import Wire

/// Gets packages through the agent's connection, whatever happens to it: a fetch waits while
/// there is none, and goes on where it was.
package actor PackageFetcher {
    private static let chunkBytes = 256 << 10
    /// Requests on their way at once: enough to fill the line, few enough to let heartbeats by.
    private static let requestsMax = 4
    private static let sizeMax: Int64 = 64 << 30

    typealias Send = @Sendable (AgentMessage) async throws -> Void

    private enum News: Sendable {
        case connected
        case lost
        case bytes(request: UInt64, ByteBuffer)
        case refused(Problem)
    }

    private struct Asked {
        var request: UInt64
        var length: Int
    }

    private var send: Send?
    private var lastRequest: UInt64 = 0
    private var lastFetch = 0
    /// Who asked for which bytes.
    private var requests: [UInt64: Int] = [:]
    private var fetches: [Int: AsyncStream<News>.Continuation] = [:]
    /// Digests that are being fetched, and who else waits for each.
    private var underWay: [Core.Digest: [Signal]] = [:]

    package init() {}

    /// Fetches the package unless it is there, and checks that it is what the reference says.
    /// - Returns: the file, `DIGEST` in `folder`. Its bytes have the reference's SHA-256; whether
    ///   the signature is good is for the caller to check.
    /// - Throws: `package.digest-wrong`, `package.fetch-failed`, and what the server refuses with.
    package func fetch(_ reference: PackageReference, to folder: FilePath) async throws(Problem) -> FilePath {
        guard (0...Self.sizeMax).contains(reference.size) else {
            throw Self.failed(reference, "It claims to have \(reference.size) bytes.")
        }
        while underWay[reference.digest] != nil {
            let turn = Signal()
            underWay[reference.digest]?.append(turn)
            await turn.wait()
            guard !Task.isCancelled else { throw Self.failed(reference, "The command was cancelled.") }
        }
        underWay[reference.digest] = []
        defer { for waiter in underWay.removeValue(forKey: reference.digest) ?? [] { waiter.give() } }

        let file = PackageFile(reference: reference, folder: folder)
        if try await file.isComplete() { return file.path }
        try await download(reference, into: file)
        try await file.finish()
        return file.path
    }

    func connected(_ send: @escaping Send) {
        self.send = send
        for fetch in fetches.values { fetch.yield(.connected) }
    }

    func disconnected() {
        send = nil
        requests = [:]
        for fetch in fetches.values { fetch.yield(.lost) }
    }

    func received(_ bytes: ByteBuffer, of request: UInt64) {
        guard let fetch = requests.removeValue(forKey: request) else { return }
        fetches[fetch]?.yield(.bytes(request: request, bytes))
    }

    func refused(_ problem: Problem, of request: UInt64) {
        guard let fetch = requests.removeValue(forKey: request) else { return }
        fetches[fetch]?.yield(.refused(problem))
    }

    private func download(_ reference: PackageReference, into file: PackageFile) async throws(Problem) {
        // Unbounded, and yet bounded: news come only of what was asked for, and of connections.
        let (news, continuation) = AsyncStream<News>.makeStream()
        lastFetch += 1
        let fetch = lastFetch
        fetches[fetch] = continuation
        defer {
            fetches[fetch] = nil
            requests = requests.filter { $0.value != fetch }
        }
        var offset = try file.open()
        defer { file.close() }
        var asked: [Asked] = []
        var askedTo = offset
        if send != nil { continuation.yield(.connected) }
        guard offset < reference.size else { return }
        for await item in news {
            switch item {
            case .connected, .lost:
                for one in asked { requests[one.request] = nil }
                asked = []
                askedTo = offset
            case .bytes(let request, let bytes):
                guard let first = asked.first, first.request == request else { continue }
                guard bytes.readableBytes == first.length else {
                    throw Self.failed(reference, "The server has fewer bytes of it than the release says.")
                }
                asked.removeFirst()
                try file.append(bytes)
                offset += Int64(bytes.readableBytes)
                if offset == reference.size { return }
            case .refused(let problem):
                throw problem
            }
            while let send, asked.count < Self.requestsMax, askedTo < reference.size {
                let length = Int(min(Int64(Self.chunkBytes), reference.size - askedTo))
                lastRequest += 1
                let request = lastRequest
                requests[request] = fetch
                asked.append(Asked(request: request, length: length))
                let message = AgentMessage.packageBytes(
                    request: request, digest: reference.digest, offset: askedTo, length: length)
                askedTo += Int64(length)
                // A connection that is gone is followed by `.lost`, which starts this over.
                guard (try? await send(message)) != nil else { break }
            }
        }
        throw Self.failed(reference, "The command was cancelled.")
    }

    private static func failed(_ reference: PackageReference, _ cause: String) -> Problem {
        Problem(
            "package.fetch-failed", "The package \(reference.digest.short) of \(reference.app) was not fetched.",
            cause: cause,
            remedy: "Look at the server's log, and deploy again.")
    }
}
