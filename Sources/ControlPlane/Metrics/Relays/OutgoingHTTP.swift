import AsyncHTTPClient
import Core
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization
import Telemetry

/// Requests of metrics to other servers: what relays send, and what other regions and engines are asked.
/// Redirects are not followed: a token is for one server.
final class OutgoingHTTP: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]

        /// The beginning of the body, for messages.
        var text: String { quotedForMessage(String(decoding: body.prefix(400), as: UTF8.self), lengthMax: 200) }
    }

    struct Call: Sendable {
        var url: String
        var method: HTTPMethod = .POST
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
    }

    private static let bytesMax = 256 << 20

    private let client = Mutex<HTTPClient?>(nil)

    /// - Throws: `http.unreachable` if there is no answer, or none before the time is over.
    func execute(_ call: Call, within milliseconds: Int64) async throws(TelemetryProblem) -> Answer {
        var request = HTTPClientRequest(url: call.url)
        request.method = call.method
        request.headers.add(name: "user-agent", value: "apus")
        for header in call.headers { request.headers.add(name: header.name, value: header.value) }
        if call.method == .POST { request.body = .bytes(ByteBuffer(bytes: call.body)) }
        do {
            let deadline = NIODeadline.now() + .milliseconds(max(1, milliseconds))
            let response = try await existing().execute(request, deadline: deadline)
            let body = try await response.body.collect(upTo: Self.bytesMax)
            return Answer(status: Int(response.status.code), body: Array(body.readableBytesView))
        } catch {
            let address = call.url.prefix { $0 != "?" }
            throw TelemetryProblem(
                "http.unreachable", "\(address) did not answer.", cause: Self.cause(error),
                remedy: "Look at the address, and at what listens there.")
        }
    }

    /// Ends all connections, once nothing is asked any more.
    func shutdown() async {
        guard let client = client.withLock({ $0.take() }) else { return }
        try? await client.shutdown()
    }

    private func existing() -> HTTPClient {
        client.withLock { client in
            if let client { return client }
            var configuration = HTTPClient.Configuration(
                tlsConfiguration: .makeClientConfiguration(), redirectConfiguration: .disallow)
            configuration.timeout.connect = .seconds(5)
            configuration.timeout.read = .seconds(30)
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.httpVersion = .http1Only
            let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            client = made
            return made
        }
    }

    private static func cause(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            "There was no answer in time."
        case let error as HTTPClientError where error == .connectTimeout: "There was no connection in time."
        // What NIOSSL says beside this names files of its sources.
        case is NIOSSLError, is NIOSSLExtraError: "Its certificate is not trusted."
        default: quotedForMessage("\(error)", lengthMax: 200)
        }
    }
}

extension OutgoingHTTP.Call {
    /// Fields as a form has them.
    static func form(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
    }

    /// With every byte that may mean something in a URL written as `%41`.
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let isPlain =
                byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x30 && byte <= 0x39 || "-._~".utf8.contains(byte)
            result +=
                isPlain
                ? String(Character(Unicode.Scalar(byte))) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return result
    }
}
