import AsyncHTTPClient
import ControlPlane
import Core
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Wire

@testable import Server

/// A server on a free port of this machine, for the length of a test.
struct RunningServer: Sendable {
    let fabric: FakeFabric
    let metrics: SampleMetrics
    let port: Int
    let http: HTTPClient

    /// Shared by all tests, for as long as they run. Redirects are looked at, not followed.
    static let sharedHTTP = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))

    var url: String { "http://127.0.0.1:\(port)" }

    static func with<Result: Sendable>(
        certificate: FabricServer.Configuration.Certificate? = nil, http: HTTPClient = sharedHTTP,
        metrics given: SampleMetrics? = nil, logs givenLogs: SampleLogs? = nil,
        now: @escaping @Sendable () -> Instant = { SampleFabric.now },
        _ body: @Sendable (RunningServer) async throws -> Result
    ) async throws -> Result {
        let fabric = FakeFabric()
        let metrics = try given ?? SampleMetrics()
        let logs = try givenLogs ?? SampleLogs()
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "test")
        logger.logLevel = .error
        let server = try FabricServer(
            configuration: .init(port: 0, certificate: certificate, version: "0.1.0"), operations: fabric,
            metrics: metrics.service, logs: logs.service, access: FakeAccess(), logger: logger,
            now: now, onBound: { bound.yield($0) })
        let group = ServiceGroup(services: [server], logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { bound.finish() }
                try await group.run()
            }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else {
                throw Problem("test.failed", "The server did not start.", cause: "No port.", remedy: "Look.")
            }
            let result: Result
            do {
                result = try await body(RunningServer(fabric: fabric, metrics: metrics, port: port, http: http))
            } catch {
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        }
    }

    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: String
    }

    func send(
        _ method: String, _ path: String, token: String? = nil, headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = HTTPMethod(rawValue: method)
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let body {
            if headers["content-type"] == nil { request.headers.add(name: "content-type", value: "application/json") }
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await http.execute(request, timeout: .seconds(20))
        if response.headers.first(name: "content-type")?.hasPrefix("text/event-stream") == true {
            // A stream may never end: its status is what is asked about.
            return Answer(status: Int(response.status.code), headers: response.headers, body: "")
        }
        let buffer = try await response.body.collect(upTo: 8 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, body: String(buffer: buffer))
    }

    func client(token: String? = "admin") throws -> APIClient { try APIClient(APIAddress(url, token: token)) }
}

extension RunningServer {
    /// The body of a stream, as text.
    struct Raw {
        var body: HTTPClientResponse.Body

        /// Ends when the server ends the stream.
        mutating func readAll() async throws -> String { String(buffer: try await body.collect(upTo: 1 << 20)) }
    }

    func raw(_ path: String, headers: [String: String]) async throws -> Raw {
        var request = HTTPClientRequest(url: url + path)
        request.headers.add(name: "authorization", value: "Bearer viewer")
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        return Raw(body: try await http.execute(request, timeout: .seconds(20)).body)
    }
}

extension FabricServer {
    static func sample(address: String) throws -> FabricServer {
        try FabricServer(
            configuration: .init(address: address, port: 0, version: "0.1.0"), operations: FakeFabric(),
            metrics: SampleMetrics().service, logs: SampleLogs().service, access: FakeAccess(),
            logger: Logger(label: "test"))
    }
}
