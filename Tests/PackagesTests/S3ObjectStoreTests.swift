import AsyncHTTPClient
import CloudAWS
import Core
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Packages
import SystemPackage
import Testing

@Suite("The object store in S3")
struct S3ObjectStoreTests {
    private static let credentials = AWSCredentials(accessKey: "key", secretKey: "secret")

    private func place(
        _ server: MotoServer, bucket: String = "apus", prefix: String = "/objects/prod"
    ) throws -> S3Place {
        try S3Place(
            url: "s3://\(bucket)\(prefix)", region: "eu-central-1", endpoint: "http://127.0.0.1:\(server.port)")
    }

    private func store(_ place: S3Place) -> S3ObjectStore {
        S3ObjectStore(place, credentials: { Self.credentials }, now: { wallClock() })
    }

    private func makeBucket(_ server: MotoServer) async throws {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(server.port)/apus")
        request.method = .PUT
        request.headers.add(name: "Host", value: "127.0.0.1")
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        #expect(answer.status.code == 200)
        _ = try await answer.body.collect(upTo: 1 << 16)
    }

    @Test("keeps the contract")
    func contract() async throws {
        let server = try MotoServer()
        try await makeBucket(server)
        try await withTemporaryFolder { folder in
            try await ObjectStoreContract(store: store(try place(server)), folder: folder).check()
            // Another prefix of the same bucket is another store.
            #expect(try await store(try place(server, prefix: "/objects/staging")).list().isEmpty)
        }
    }

    @Test("lists more objects than one page has")
    func pages() async throws {
        let server = try MotoServer()
        try await makeBucket(server)
        let store = store(try place(server, prefix: ""))
        try await withTemporaryFolder { folder in
            var digests: Set<Digest> = []
            let path = folder.appending("file")
            for index in 0..<1_100 {
                let bytes = Array("object \(index)".utf8)
                try Data(bytes).write(to: URL(filePath: path.string))
                digests.insert(digest(of: bytes))
                try await store.put(path, as: digest(of: bytes))
            }
            #expect(try await Set(store.list().map(\.digest)) == digests)
        }
    }

    @Test("says that there is no such bucket, and that nothing answers")
    func refusals() async throws {
        let server = try MotoServer()
        let unknown = await problemCode { _ = try await store(try place(server)).list() }
        #expect(unknown == "objects.refused")
        let nobody = try S3Place(url: "s3://apus", region: "eu-central-1", endpoint: "http://127.0.0.1:1")
        let unreachable = await problemCode { _ = try await store(nobody).list() }
        #expect(unreachable == "objects.unreachable")
    }

    @Test(
        "places are understood, or refused with a reason",
        arguments: [
            ("s3://apus", true), ("s3://apus/", true), ("s3://my.bucket/a/b/", true), ("s3://", false),
            ("s3://Apus", false), ("s3://ap", false), ("s3://apus/a b", false), ("s3://apus/a?b", false),
            ("http://apus", false), ("s3://apus/\u{0}", false),
        ])
    func places(url: String, isGood: Bool) {
        let code = problemCodeNow { _ = try S3Place(url: url, region: "eu-central-1", endpoint: nil) }
        #expect(code == (isGood ? nil : "objects.place-invalid"))
    }

    private func wallClock() -> Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    private func problemCodeNow(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return (error as? Problem)?.code }
        return nil
    }
}
