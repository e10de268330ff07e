package import Core

/// Where in S3, or in what speaks its language, objects are: `s3://bucket/prefix`.
package struct S3Place: Hashable, Sendable {
    package var bucket: String
    /// Before every key: empty, or without a slash at either end.
    package var prefix: String
    package var region: String
    /// `http://127.0.0.1:5000`, of another service than AWS; nil: AWS.
    package var endpoint: String?

    /// - Throws: `objects.place-invalid`.
    package init(url: String, region: String?, endpoint: String?) throws(Problem) {
        guard url.hasPrefix("s3://") else { throw Self.invalid(url, "It does not begin with s3://.") }
        let parts = url.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        bucket = String(parts[0])
        guard (3...63).contains(bucket.utf8.count), bucket.utf8.allSatisfy(Self.isOfBucket) else {
            throw Self.invalid(url, "\(quotedForMessage(bucket)) is no name of a bucket.")
        }
        prefix = parts.count > 1 ? parts[1].split(separator: "/").joined(separator: "/") : ""
        guard prefix.utf8.count <= 512, prefix.utf8.allSatisfy(Self.isOfPrefix) else {
            throw Self.invalid(url, "The prefix has other characters than letters, digits, '-', '_', '.' and '/'.")
        }
        guard let region = region ?? (endpoint == nil ? nil : "us-east-1"), !region.isEmpty else {
            throw Self.invalid(url, "The region is not known.")
        }
        self.region = region
        if let endpoint {
            guard endpoint.hasPrefix("http://") || endpoint.hasPrefix("https://") else {
                throw Self.invalid(url, "The endpoint \(quotedForMessage(endpoint)) is no http or https address.")
            }
            self.endpoint = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        }
    }

    /// Where requests go: scheme, host and port, and what a path begins with.
    ///
    /// A bucket with dots is no part of the host, because no certificate is for it then.
    var base: (origin: String, host: String, path: String) {
        let origin = endpoint ?? (bucket.contains(".") ? "https://s3.\(region).amazonaws.com" : virtualHost)
        let host = String(origin.drop { $0 != "/" }.dropFirst(2))
        return (origin, host, endpoint == nil && !bucket.contains(".") ? "" : "/\(bucket)")
    }

    private var virtualHost: String { "https://\(bucket).s3.\(region).amazonaws.com" }

    func key(of digest: Digest) -> String {
        (prefix.isEmpty ? "" : prefix + "/") + "\(digest.hex.prefix(2))/\(digest.hex)"
    }

    private static func isOfBucket(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    private static func isOfPrefix(_ byte: UInt8) -> Bool {
        isOfBucket(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "/")
    }

    private static func invalid(_ url: String, _ cause: String) -> Problem {
        Problem(
            "objects.place-invalid", "\(quotedForMessage(url)) is no place for objects.", cause: cause,
            remedy: "Write s3://BUCKET or s3://BUCKET/PREFIX, and give AWS_REGION.")
    }
}
