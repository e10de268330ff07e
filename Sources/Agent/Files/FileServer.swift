package import Core
import Glibc
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization
package import SystemPackage
import UnixSignals

/// Serves a folder over HTTP: what an instance with `run: { files: FOLDER }` runs. Whole files,
/// validators and nothing else; the balancer in front has the rest.
package struct FileServer: Service {
    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
    private static let headBytesMax = 16 << 10
    private static let chunkBytes = 64 << 10

    private let site: SiteFolder
    private let address: String
    private let port: Int
    private let listening: @Sendable (Int) -> Void
    private let isEnding = Ending()

    private final class Ending: Sendable {
        let value = Mutex(false)
    }

    /// - Parameter listening: is told the port once connections are accepted.
    /// - Throws: `files.folder-missing` if the folder cannot be opened.
    package init(
        folder: FilePath, address: String, port: Int, listening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(Problem) {
        guard let site = SiteFolder(folder) else {
            throw Problem(
                "files.folder-missing", "The folder cannot be served.", cause: "\(folder) cannot be opened.",
                remedy: "Name a folder of the package under `run: { files: … }`.")
        }
        self.site = site
        self.address = address
        self.port = port
        self.listening = listening
    }

    /// Serves until SIGTERM or SIGINT; requests that are under way are answered.
    package static func run(folder: FilePath, address: String, port: Int) async throws {
        let server = try FileServer(folder: folder, address: address, port: port)
        try await ServiceGroup(
            services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "apus.files")
        ).run()
    }

    /// The command line of `apus files`, as `LaunchPlan` writes it: for no one but the shim.
    package static func arguments(folder: FilePath, address: String, port: Int) -> [String] {
        ["files", "--folder", folder.string, "--address", address, "--port", "\(port)"]
    }

    /// - Parameter arguments: what `arguments(folder:address:port:)` gave.
    /// - Throws: `files.arguments` for anything else.
    package static func run(arguments: [String]) async throws {
        guard arguments.count == 7, arguments[0] == "files", arguments[1] == "--folder", arguments[3] == "--address",
            arguments[5] == "--port", let port = Int(arguments[6]), (0...65_535).contains(port)
        else {
            throw Problem(
                "files.arguments", "No folder can be served.", cause: "The arguments are not those of `apus files`.",
                remedy: "Write `apus files --folder FOLDER --address ADDRESS --port PORT`.")
        }
        try await run(folder: FilePath(arguments[2]), address: arguments[4], port: port)
    }

    package func run() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            .bind(host: address, port: port) { $0.eventLoop.makeSucceededFuture($0) }
        listening(server.channel.localAddress?.port ?? port)
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                do {
                    try await server.executeThenClose { inbound in
                        for try await channel in inbound {
                            group.addTask {
                                if let connection = await Self.connection(channel) { await serve(connection) }
                            }
                        }
                    }
                } catch {
                    // The listening socket is closed: nothing new comes, what is under way goes on.
                    return
                }
            }
        } onGracefulShutdown: {
            isEnding.value.withLock { $0 = true }
            server.channel.close(promise: nil)
        }
    }

    /// Gives a new connection HTTP, and lets it read. Only now: one that is accepted while the
    /// listener closes is never taken, and must not have a writer that nobody closes.
    private static func connection(_ channel: any Channel) async -> Connection? {
        let connection = try? await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
            return try Connection(wrappingChannelSynchronously: channel)
        }.get()
        if connection == nil { channel.close(promise: nil) }
        try? await channel.setOption(.autoRead, value: true).get()
        return connection
    }

    private func serve(_ connection: Connection) async {
        // A client that goes away in the middle is no event: its connection ends, and that is all.
        try? await connection.executeThenClose { inbound, outbound in
            var head: HTTPRequestHead?
            // The end of the service ends the wait for a next request, not an answer under way.
            for try await part in inbound.cancelOnGracefulShutdown() {
                switch part {
                case .head(let new): head = new
                case .body: continue
                case .end:
                    guard let request = head else { return }
                    head = nil
                    let goesOn = request.isKeepAlive && !isEnding.value.withLock { $0 }
                    try await answer(request, goesOn: goesOn, to: outbound)
                    if !goesOn { return }
                }
            }
        }
    }

    private func answer(
        _ request: HTTPRequestHead, goesOn: Bool, to outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        var headers = HTTPHeaders([
            ("Connection", goesOn ? "keep-alive" : "close"), ("X-Content-Type-Options", "nosniff"),
        ])
        guard request.method == .GET || request.method == .HEAD else {
            headers.add(name: "Allow", value: "GET, HEAD")
            return try await refuse(.methodNotAllowed, headers, request, outbound)
        }
        switch request.uri.utf8.count > Self.headBytesMax ? .none(status: 414) : site.open(request.uri) {
        case .none(let status):
            try await refuse(HTTPResponseStatus(statusCode: status), headers, request, outbound)
        case .redirect(let path):
            headers.add(name: "Location", value: path)
            try await refuse(.movedPermanently, headers, request, outbound)
        case .file(let file):
            defer { close(file.descriptor) }
            headers.add(name: "ETag", value: file.tag)
            headers.add(name: "Content-Type", value: file.contentType)
            if request.headers[canonicalForm: "If-None-Match"].contains(where: { $0 == file.tag || $0 == "*" }) {
                try await outbound.write(
                    .head(HTTPResponseHead(version: .http1_1, status: .notModified, headers: headers)))
                return try await outbound.write(.end(nil))
            }
            headers.add(name: "Content-Length", value: "\(file.size)")
            try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)))
            if request.method == .GET { try await send(file, to: outbound) }
            try await outbound.write(.end(nil))
        }
    }

    /// In pieces, each waiting for the client: memory stays small however slow it reads.
    private func send(
        _ file: SiteFolder.File, to outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        var offset: Int64 = 0
        while offset < file.size {
            var buffer = ByteBufferAllocator().buffer(capacity: Self.chunkBytes)
            let wanted = min(Int64(Self.chunkBytes), file.size - offset)
            let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Int(wanted)) {
                max(0, pread(file.descriptor, $0.baseAddress, Int(wanted), off_t(offset)))
            }
            // Shorter than it was: the length that was promised can only be broken off.
            if count == 0 { throw ChannelError.eof }
            offset += Int64(count)
            try await outbound.write(.body(.byteBuffer(buffer)))
        }
    }

    private func refuse(
        _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ request: HTTPRequestHead,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        let text = "\(status.code) \(status.reasonPhrase)\n"
        var headers = headers
        headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        headers.add(name: "Content-Length", value: "\(text.utf8.count)")
        try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        if request.method != .HEAD { try await outbound.write(.body(.byteBuffer(ByteBuffer(string: text)))) }
        try await outbound.write(.end(nil))
    }
}
