import AsyncHTTPClient
package import Core
import FoundationEssentials
import HTTPTypes
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOSSL

/// The API as functions. Every failure is a `Problem` that says what to do: the server's own, or
/// `server.unreachable` when there is none to ask.
package final class APIClient: Sendable {
    private static let answerBytesMax = 64 << 20

    package let address: APIAddress
    let http: HTTPClient

    /// The client keeps connections open until `shutdown()`.
    /// - Throws: `server.authority-invalid` for an authority that is not PEM.
    package init(_ address: APIAddress) throws(Problem) {
        self.address = address
        var tls = TLSConfiguration.makeClientConfiguration()
        if let authority = address.authority {
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
            } catch {
                throw Problem(
                    "server.authority-invalid", "The authority's certificate cannot be read.", cause: "\(error).",
                    remedy: "Give the file `authority.pem` that the server wrote.")
            }
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        // A server that is not there is said at once; streams connect again by themselves.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Streams are silent for up to a heartbeat's time; requests may wait for the server's work.
        configuration.timeout.read = .seconds(120)
        configuration.httpVersion = .http1Only
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    package func shutdown() async { try? await http.shutdown() }

    /// Calls a route that answers with JSON.
    func call<Output: Decodable & Sendable>(
        _ route: Route, _ path: [String] = [], query: [(String, String?)] = [], as output: Output.Type = Output.self
    ) async throws(Problem) -> Output {
        try decode(try await send(route, path, query, body: nil))
    }

    /// Calls a route that answers with a part of a list.
    /// - Returns: its rows, and where the next part begins.
    func part<Row: Decodable & Sendable>(
        of route: Route, query: [(String, String?)]
    ) async throws(Problem) -> (rows: [Row], next: String?) {
        let answer = try await exchange(route, [], query, body: nil)
        return (try decode(answer.body), answer.headers.first(name: HTTPField.Name.apusNext.rawName))
    }

    /// Calls a route that takes and answers with JSON.
    func call<Input: Encodable & Sendable, Output: Decodable & Sendable>(
        _ route: Route, _ path: [String] = [], with input: Input, as output: Output.Type = Output.self
    ) async throws(Problem) -> Output {
        let body: Data
        do { body = try JSONEncoder().encode(input) } catch { throw Self.notUnderstood("\(error)") }
        return try decode(try await send(route, path, [], body: ByteBuffer(data: body)))
    }

    /// Calls a route that takes bytes and answers with JSON.
    func call<Output: Decodable & Sendable>(
        _ route: Route, query: [(String, String?)], body: ByteBuffer
    ) async throws(Problem) -> Output { try decode(try await send(route, [], query, body: body)) }

    /// Calls a route, and gives back the bytes of its answer.
    /// - Throws: what the server says, for any status but 2xx.
    func send(_ route: Route, _ path: [String], _ query: [(String, String?)], body: ByteBuffer?) async throws(Problem)
        -> ByteBuffer
    {
        try await exchange(route, path, query, body: body).body
    }

    private func exchange(
        _ route: Route, _ path: [String], _ query: [(String, String?)], body: ByteBuffer?
    ) async throws(Problem) -> (body: ByteBuffer, headers: HTTPHeaders) {
        var request = request(route, path, query)
        if let body {
            request.headers.replaceOrAdd(name: "content-type", value: "application/json")
            request.body = .bytes(body)
        }
        let response: HTTPClientResponse
        let answer: ByteBuffer
        do {
            response = try await http.execute(request, timeout: .seconds(180))
            answer = try await response.body.collect(upTo: Self.answerBytesMax)
        } catch {
            throw Self.unreachable(address, error)
        }
        guard (200..<300).contains(response.status.code) else { throw Self.refusal(response.status.code, answer) }
        return (answer, response.headers)
    }

    func request(_ route: Route, _ path: [String], _ query: [(String, String?)]) -> HTTPClientRequest {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(percentEncoded($0))" } }
        let target = address.url + route.path(path) + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
        var request = HTTPClientRequest(url: target)
        request.method = HTTPMethod(rawValue: route.method.rawValue)
        request.headers.add(name: "accept", value: "application/json, text/event-stream;q=0.9, */*;q=0.5")
        if let token = address.token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        return request
    }

    private func decode<Output: Decodable>(_ answer: ByteBuffer) throws(Problem) -> Output {
        do {
            return try JSONDecoder().decode(Output.self, from: Data(answer.readableBytesView))
        } catch {
            throw Self.notUnderstood("\(error)")
        }
    }

    static func refusal(_ status: UInt, _ answer: ByteBuffer) -> Problem {
        if let problem = try? JSONDecoder().decode(Problem.self, from: Data(answer.readableBytesView)) {
            return problem
        }
        return Problem(
            "server.unexpected", "The server did not do it.", cause: "It answered with HTTP status \(status).",
            remedy: "See that the address is that of an Apus server, and read its log.")
    }

    static func unreachable(_ address: APIAddress, _ error: any Error) -> Problem {
        if error is CancellationError || (error as? HTTPClientError) == .cancelled {
            return Problem(
                "request.cancelled", "The request was given up.", cause: "Its task was cancelled.", remedy: "Try again."
            )
        }
        // The libraries below say these things in many words, and in types of their own.
        let words = "\(error)"
        if words.contains("CERTIFICATE_VERIFY_FAILED") {
            return Problem(
                "server.untrusted", "The server at \(address.url) is not trusted.",
                cause: "Its certificate is for another name, or of an authority that this machine does not trust.",
                remedy: "Name the authority's PEM file with --authority-file, or use the name in the certificate.")
        }
        let isRefused = words.contains("Connection refused")
        let cause = isRefused ? "Nothing listens there: the connection was refused." : "\(words)."
        return Problem(
            "server.unreachable", "The server at \(address.url) cannot be reached.", cause: cause,
            remedy: "Start it with `apus server` or `apus dev`, or name another one with --server.")
    }

    private static func notUnderstood(_ detail: String) -> Problem {
        Problem(
            "server.not-understood", "The server's answer was not understood.", cause: detail,
            remedy: "Compare the versions of both with `apus version`.")
    }
}
