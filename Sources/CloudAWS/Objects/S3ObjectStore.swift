package import Core
import NIOHTTP1
package import Packages
package import SystemPackage

/// Objects in S3, each at `PREFIX/ab/abcd…`. S3 names an object when all of it is there, so a name always
/// stands for a whole object.
package struct S3ObjectStore: ObjectStore {
    /// S3 takes no more in one request.
    private static let bytesMax: Int64 = 5 << 30
    private static let pageBytesMax = 8 << 20

    private let place: S3Place
    private let requests: S3Requests

    /// - Parameter credentials: asked at each request.
    package init(
        _ place: S3Place, credentials: @escaping @Sendable () throws(Problem) -> AWSCredentials,
        now: @escaping @Sendable () -> Instant
    ) {
        self.place = place
        requests = S3Requests(place: place, credentials: credentials, now: now)
    }

    package func put(_ file: FilePath, as digest: Digest) async throws(Problem) {
        let (size, found) = try await FileDigest.of(file)
        guard found == digest else {
            throw Problem(
                "object.digest-mismatch", "The file was not stored.",
                cause: "Its SHA-256 is \(found), and \(digest) was expected.", remedy: "Make or fetch the file again.")
        }
        guard size <= Self.bytesMax else {
            throw Problem(
                "object.too-large", "The file was not stored.",
                cause: "It has \(size) bytes, and S3 takes \(Self.bytesMax) in one request.",
                remedy: "Make it smaller.")
        }
        if try await self.size(of: digest) == size { return }
        var call = S3Call(.PUT, place.key(of: digest))
        call.payload = digest.hex
        call.file = (file, size)
        _ = try await requests.send(call, expecting: [200])
    }

    package func size(of digest: Digest) async throws(Problem) -> Int64? {
        let answer = try await requests.send(S3Call(.HEAD, place.key(of: digest)), expecting: [200, 404])
        guard answer.status == 200 else { return nil }
        guard let size = answer.size else { throw S3Requests.strange("An object has no size.") }
        return size
    }

    package func read(_ digest: Digest, from offset: Int64, bytesMax: Int) async throws(Problem) -> [UInt8] {
        // A range of no bytes cannot be asked for, and an empty object has no range at all.
        guard let size = try await size(of: digest) else { throw Self.missing(digest) }
        let start = max(0, offset)
        let count = min(Int64(max(0, bytesMax)), size - start)
        guard count > 0 else { return [] }
        var call = S3Call(.GET, place.key(of: digest))
        call.headers = [("Range", "bytes=\(start)-\(start + count - 1)")]
        call.bytesMax = Int(count)
        let answer = try await requests.send(call, expecting: [200, 206, 404])
        guard answer.status != 404 else { throw Self.missing(digest) }
        guard answer.status == 206 || count == size else { throw S3Requests.strange("A range was not kept to.") }
        return answer.body
    }

    package func get(_ digest: Digest, to file: FilePath) async throws(Problem) {
        guard let size = try await size(of: digest) else { throw Self.missing(digest) }
        try await FileDigest.write(to: file, expecting: digest) { offset throws(Problem) in
            guard offset < size else { return [] }
            return try await self.read(digest, from: offset, bytesMax: Self.pageBytesMax)
        }
    }

    package func list() async throws(Problem) -> [StoredObject] {
        var objects: [StoredObject] = []
        var continuation: String?
        repeat {
            var call = S3Call(.GET, "")
            call.query = [("list-type", "2"), ("prefix", place.prefix.isEmpty ? "" : place.prefix + "/")]
            if let continuation { call.query.append(("continuation-token", continuation)) }
            call.bytesMax = Self.pageBytesMax
            let answer = try await requests.send(call, expecting: [200])
            let page = ObjectListing(xml: String(decoding: answer.body, as: UTF8.self))
            for (key, size) in page.objects {
                guard let digest = try? Digest(String(key.suffix(64))), key == place.key(of: digest) else { continue }
                objects.append(StoredObject(digest: digest, size: size))
            }
            continuation = page.continuation
        } while continuation != nil
        return objects.sorted { $0.digest < $1.digest }
    }

    package func delete(_ digest: Digest) async throws(Problem) {
        _ = try await requests.send(S3Call(.DELETE, place.key(of: digest)), expecting: [200, 204, 404])
    }

    private static func missing(_ digest: Digest) -> Problem {
        Problem(
            "object.missing", "The object is not in the store.", cause: "There is no \(digest).",
            remedy: "Build the package again.")
    }
}
