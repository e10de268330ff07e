import Core
import Glibc
import NIOCore
import NIOPosix
import ServiceLifecycle
import SystemPackage
import Testing

@testable import Agent

@Suite struct FileServerTests {
    @Test("Files are served with type, tag and length; nothing outside the folder ever is")
    func serves() async throws {
        let root = FilePath("/tmp/apus-test-site-\(getpid())")
        let site = root.appending("site")
        try Disk.makeFolder(site.appending("docs"))
        defer { try? Disk.remove(root) }
        for (name, text) in ["index.html": "<h1>hi</h1>", "docs/index.html": "docs", "a b.css": "x", ".env": "secret"] {
            try Disk.write(Array(text.utf8), to: site.pushing(FilePath(name)))
        }
        try Disk.write(Array("outside".utf8), to: root.appending("outside"))
        #expect(
            symlink("../outside", site.appending("out").string) == 0
                && symlink("index.html", site.appending("in").string) == 0)
        try await withServer(site) { port in
            let index = try await get("/", port)
            #expect(index.hasPrefix("HTTP/1.1 200") && index.contains("text/html") && index.hasSuffix("<h1>hi</h1>"))
            let tag = try #require(index.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") }).dropFirst(6)
            #expect(try await get("/", port, "If-None-Match: \(tag)\r\n").hasPrefix("HTTP/1.1 304"))
            #expect(try await get("/a%20b.css?v=1", port).contains("text/css"))
            #expect(try await get("/docs", port).contains("Location: /docs/"))
            #expect(try await get("//evil.example/..%2fdocs", port).hasPrefix("HTTP/1.1 404"))
            #expect(try await get("/docs/", port).hasSuffix("docs"))
            #expect(try await get("/in", port).hasSuffix("<h1>hi</h1>"))
            for hostile in [
                "/../outside", "/%2e%2e/outside", "/out", "/.env", "/docs/..%2f..%2foutside", "/nothing",
                "/index.html/",
            ] {
                #expect(try await get(hostile, port).hasPrefix("HTTP/1.1 404"), "\(hostile)")
            }
            #expect(try await get("/%00", port).hasPrefix("HTTP/1.1 400"))
            #expect(try await get("/%zz", port).hasPrefix("HTTP/1.1 400"))
            let check = HealthCheck(
                probe: HealthProbe(kind: .http(path: "/")), address: "127.0.0.1", port: port, environment: [:],
                directory: root)
            #expect(await check.run() == nil)
            var failing = check
            failing.probe.kind = .http(path: "/nothing")
            #expect(await failing.run() == "GET /nothing answered 404")
            failing.probe.kind = .tcp
            #expect(await failing.run() == nil)
            failing.port = 1
            #expect(await failing.run()?.contains("refused") == true)
        }
    }

    @Test("A command probe that takes too long fails and is ended")
    func slowCommand() async throws {
        let check = HealthCheck(
            probe: HealthProbe(
                kind: .command(try CommandTemplate("/bin/sleep 1003")), timeout: Interval(milliseconds: 200)),
            address: "127.0.0.1", port: 1, environment: ["PATH": "/bin"], directory: "/tmp")
        #expect(await check.run() == "/bin/sleep 1003: no answer within 200ms")
    }

    private func withServer(_ folder: FilePath, _ body: @Sendable (Int) async throws -> Void) async throws {
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let server = try FileServer(folder: folder, address: "127.0.0.1", port: 0) { listening.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            for await port in ports {
                try await body(port)
                break
            }
            group.cancelAll()
        }
    }

    private func get(_ path: String, _ port: Int, _ header: String = "") async throws -> String {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(
            host: "127.0.0.1", port: port
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(
                ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(header)\r\n"))
            var text = ""
            for try await buffer in inbound { text += String(buffer: buffer) }
            return text
        }
    }
}
