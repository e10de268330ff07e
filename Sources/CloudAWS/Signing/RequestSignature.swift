import Crypto

/// Signature Version 4 of a request, in its `Authorization` header. Source: AWS Identity and Access
/// Management, "Create a signed AWS API request".
package struct RequestSignature {
    package var credentials: AWSCredentials
    /// `eu-central-1`.
    package var region: String
    /// `s3`, `ec2`.
    package var service: String
    /// S3 takes a path as it is encoded; other services encode it once more.
    package var encodesPathTwice: Bool

    package init(credentials: AWSCredentials, region: String, service: String, encodesPathTwice: Bool) {
        self.credentials = credentials
        self.region = region
        self.service = service
        self.encodesPathTwice = encodesPathTwice
    }

    private static let algorithm = "AWS4-HMAC-SHA256"

    /// The headers to add: `X-Amz-Date`, `X-Amz-Security-Token` if there is one, and `Authorization`.
    ///
    /// - Parameters:
    ///   - request: its headers are all that are sent and are to be signed, with `host`.
    ///   - payload: the SHA-256 of the body in lower-case hex, or `UNSIGNED-PAYLOAD`.
    ///   - time: `20150830T123600Z`.
    package func headers(for request: SignedRequest, payload: String, at time: String) -> [(String, String)] {
        var added = [("X-Amz-Date", time)]
        if let token = credentials.sessionToken { added.append(("X-Amz-Security-Token", token)) }
        let (canonical, signed) = canonical(request, adding: added, payload: payload)
        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let text = [Self.algorithm, time, scope, hex(SHA256.hash(data: Array(canonical.utf8)))].joined(separator: "\n")
        let signature = hex(authenticate(text, with: key(day)))
        added.append(
            (
                "Authorization",
                "\(Self.algorithm) Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(signed), "
                    + "Signature=\(signature)"
            ))
        return added
    }

    /// What is signed, and the names of the headers in it.
    func canonical(
        _ request: SignedRequest, adding added: [(String, String)], payload: String
    ) -> (text: String, signed: String) {
        var values: [String: [String]] = [:]
        for (name, value) in request.headers + added {
            values[name.lowercased(), default: []].append(Self.folded(value))
        }
        let headers = values.sorted { $0.key < $1.key }
        let signed = headers.map(\.key).joined(separator: ";")
        let query = request.query.map { (URIText.encoded($0.0), URIText.encoded($0.1)) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        let path = encodesPathTwice ? URIText.encoded(request.path, keeping: "/") : request.path
        let lines =
            [request.method, path, query] + headers.map { "\($0.key):\($0.value.joined(separator: ","))" }
            + ["", signed, payload]
        return (lines.joined(separator: "\n"), signed)
    }

    /// Without spaces around it, and one for several.
    private static func folded(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" }).joined(separator: " ")
    }

    private func key(_ day: String) -> SymmetricKey {
        var key = SymmetricKey(data: Array("AWS4\(credentials.secretKey)".utf8))
        for part in [day, region, service, "aws4_request"] {
            key = SymmetricKey(data: Array(authenticate(part, with: key)))
        }
        return key
    }

    private func authenticate(_ text: String, with key: SymmetricKey) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)
    }

    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// What a signature is for.
package struct SignedRequest: Sendable {
    package var method: String
    /// Encoded as it is sent: `/bucket/a%20b`.
    package var path: String
    /// Not encoded.
    package var query: [(String, String)]
    package var headers: [(String, String)]

    package init(method: String, path: String, query: [(String, String)], headers: [(String, String)]) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
    }
}
