import CloudAWS
import Core
import FoundationEssentials
import Packages
import SystemPackage

/// Where the archive of logs is: a folder, or a bucket of S3 or of what speaks like it.
struct ArchivePlace: Sendable {
    private enum Kind: Sendable {
        case folder(FilePath)
        case bucket(S3Place)
    }

    private let kind: Kind
    /// How long lines are on the server's own disk too.
    let localAge: Interval

    /// - Parameters:
    ///   - text: `s3://BUCKET/PREFIX`, or a path.
    ///   - endpoint: `http://HOST:PORT` of another service than AWS.
    ///   - environment: `AWS_REGION` and the credentials.
    /// - Throws: `objects.place-invalid`, `objects.credentials-missing`.
    init(
        _ text: String, endpoint: String?, localAge: Interval, environment: [String: String]
    ) throws(Problem) {
        self.localAge = localAge
        guard text.hasPrefix("s3://") else {
            kind = .folder(try absolute(text))
            return
        }
        let region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
        kind = .bucket(try S3Place(url: text, region: region, endpoint: endpoint))
        _ = try Self.credentials(environment)
    }

    func open(now: @escaping @Sendable () -> Instant) throws(Problem) -> any ObjectStore {
        switch kind {
        case .folder(let path): try FolderObjectStore(root: path)
        case .bucket(let place):
            S3ObjectStore(
                place,
                credentials: { () throws(Problem) in try Self.credentials(ProcessInfo.processInfo.environment) },
                now: now)
        }
    }

    private static func credentials(_ environment: [String: String]) throws(Problem) -> AWSCredentials {
        guard let credentials = AWSCredentials(environment: environment) else {
            throw Problem(
                "objects.credentials-missing", "The archive cannot be used.",
                cause: "AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set.",
                remedy: "Give the server both in its environment.")
        }
        return credentials
    }
}
