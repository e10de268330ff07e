import AsyncHTTPClient
import CloudAWS
import Core
import NIOCore
import NIOHTTP1

extension MotoServer {
    /// A store of objects in a new bucket.
    /// - Parameter prefix: of its objects' names.
    func store(prefix: String) async throws -> S3ObjectStore {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/apus")
        request.method = .PUT
        request.headers.add(name: "Host", value: "127.0.0.1")
        _ = try await HTTPClient.shared.execute(request, timeout: .seconds(30)).body.collect(upTo: 1 << 16)
        let place = try S3Place(
            url: "s3://apus/\(prefix)", region: "eu-central-1", endpoint: "http://127.0.0.1:\(port)")
        let credentials = AWSCredentials(accessKey: "key", secretKey: "secret")
        return S3ObjectStore(
            place, credentials: { credentials }, now: { Instant(milliseconds: 1_790_000_000_000) })
    }
}
