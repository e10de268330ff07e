import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1
import SystemPackage

/// A request to S3.
struct S3Call: Sendable {
    var method: HTTPMethod
    /// Of the object; empty for the bucket.
    var key: String
    var query: [(String, String)] = []
    var headers: [(String, String)] = []
    /// The SHA-256 of the body, in hex.
    var payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    /// The body: a file, and how many bytes it has.
    var file: (path: FilePath, size: Int64)?
    /// Bytes of an answer that are read.
    var bytesMax = 1 << 16

    init(_ method: HTTPMethod, _ key: String) {
        self.method = method
        self.key = key
    }
}

struct S3Answer: Sendable {
    var status: Int
    /// What `Content-Length` says.
    var size: Int64?
    var body: [UInt8]
}

/// Signs requests, sends them, and sends those again that failed for no reason of ours.
struct S3Requests: Sendable {
    private static let timeout = TimeAmount.seconds(120)
    private static let attempts = 4
    private static let pause = Duration.milliseconds(200)
    private static let chunkBytes = 256 << 10

    /// Without tries of its own to connect: a store that is away is known at once.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(10)
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    let place: S3Place
    let credentials: @Sendable () throws(Problem) -> AWSCredentials
    let now: @Sendable () -> Instant

    /// - Throws: `objects.unreachable`, `objects.refused`.
    func send(_ call: S3Call, expecting statuses: Set<Int>) async throws(Problem) -> S3Answer {
        var attempt = 1
        while true {
            let result = await once(call)
            switch result {
            case .success(let answer) where statuses.contains(answer.status): return answer
            case .success(let answer) where answer.status < 500 && answer.status != 429: throw refused(answer)
            case .success(let answer): if attempt == Self.attempts { throw refused(answer) }
            case .failure(let problem):
                if attempt == Self.attempts || problem.code != "objects.unreachable" { throw problem }
            }
            try? await Task.sleep(for: Self.pause * (1 << attempt))
            attempt += 1
        }
    }

    private func once(_ call: S3Call) async -> Result<S3Answer, Problem> {
        let request: HTTPClientRequest
        do throws(Problem) { request = try self.request(call) } catch { return .failure(error) }
        do {
            let response = try await Self.client.execute(request, deadline: .now() + Self.timeout)
            var body: [UInt8] = []
            if call.method != .HEAD {
                for try await part in response.body {
                    body += part.readableBytesView.prefix(max(0, call.bytesMax - body.count))
                }
            }
            let size = response.headers.first(name: "content-length").flatMap(Int64.init)
            return .success(S3Answer(status: Int(response.status.code), size: size, body: body))
        } catch {
            return .failure(
                Problem(
                    "objects.unreachable", "The store of objects does not answer.",
                    cause: "\(place.base.host): \(quotedForMessage("\(error)", lengthMax: 200)).",
                    remedy: "Look at the network and at the store; what waits for it is tried again."))
        }
    }

    private func request(_ call: S3Call) throws(Problem) -> HTTPClientRequest {
        let base = place.base
        let path = base.path + "/" + URIText.encoded(call.key, keeping: "/")
        let query = call.query.map { "\(URIText.encoded($0.0))=\(URIText.encoded($0.1))" }.joined(separator: "&")
        var headers = call.headers + [("Host", base.host), ("x-amz-content-sha256", call.payload)]
        let signature = RequestSignature(
            credentials: try credentials(), region: place.region, service: "s3", encodesPathTwice: false)
        headers += signature.headers(
            for: SignedRequest(method: call.method.rawValue, path: path, query: call.query, headers: headers),
            payload: call.payload, at: AWSTime.text(now()))
        var request = HTTPClientRequest(url: base.origin + path + (query.isEmpty ? "" : "?" + query))
        request.method = call.method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let (path, size) = call.file {
            request.body = .stream(FileChunks(path: path, bytes: Self.chunkBytes), length: .known(size))
        }
        return request
    }

    private func refused(_ answer: S3Answer) -> Problem {
        let text = String(decoding: answer.body.prefix(1000), as: UTF8.self)
        return Problem(
            "objects.refused", "The store of objects refused a request.",
            cause: "\(place.base.host) answered \(answer.status): \(quotedForMessage(text, lengthMax: 300)).",
            remedy: "Look at the bucket, its region, and at what the credentials are allowed to do.")
    }

    static func strange(_ cause: String) -> Problem {
        Problem(
            "objects.refused", "The store of objects gave a strange answer.", cause: cause,
            remedy: "Look at what answers at the endpoint.")
    }
}
