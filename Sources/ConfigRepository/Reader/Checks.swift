import Core
import Glibc

/// Checks, by allow-list, of texts that end up in files of balancers, in paths and in environments.
/// Each returns its text, in the form in which it is used from there on.
enum Checks {
    private static let letters = Set("abcdefghijklmnopqrstuvwxyz".utf8)
    private static let digits = Set("0123456789".utf8)
    private static let capitals = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    private static let urlPath = letters.union(digits).union(capitals).union("/-._~@:+=%".utf8)
    private static let filePath = urlPath.union(",".utf8)
    private static let labelKey = letters.union(digits).union("-._/".utf8)
    private static let labelValue = letters.union(digits).union(capitals).union("-._/".utf8)

    /// A host name by RFC 1123, in lower case; `*.` in front stands for one label.
    static func domain(_ text: String) throws(Problem) -> String {
        func refused(_ cause: String) -> Problem {
            Problem(
                "domain.invalid", "This is not a host name.", cause: "\(quotedForMessage(text)) \(cause).",
                remedy: "write a name such as shop.example.com, or \"*.example.com\"")
        }
        guard text.utf8.count <= 253 else { throw refused("has \(text.utf8.count) bytes") }
        let name = text.hasPrefix("*.") ? text.dropFirst(2) : Substring(text)
        guard !name.isEmpty else { throw refused("is empty") }
        for label in name.split(separator: ".", omittingEmptySubsequences: false) {
            guard (1...63).contains(label.utf8.count) else { throw refused("has a part of \(label.utf8.count) bytes") }
            guard label.utf8.first != UInt8(ascii: "-"), label.utf8.last != UInt8(ascii: "-") else {
                throw refused("has a part that starts or ends with a dash")
            }
            guard
                label.utf8.allSatisfy({
                    letters.contains($0) || digits.contains($0) || capitals.contains($0) || $0 == UInt8(ascii: "-")
                })
            else { throw refused("has a character that is not allowed") }
        }
        return text.lowercased()
    }

    /// An origin without its scheme: a host name and perhaps a port.
    static func origin(_ text: String) throws(Problem) -> String {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = try domain(String(parts.first ?? ""))
        let port = parts.count == 2 ? Int(parts[1]) : nil
        guard parts.count == 1 || (port.map { (1...65535).contains($0) && String($0) == parts[1] } ?? false),
            !name.hasPrefix("*")
        else {
            throw Problem(
                "origin.invalid", "This is not an origin.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "write a host name without https://, and a port if there is one: localhost:3000")
        }
        return port.map { "\(name):\($0)" } ?? name
    }

    /// The start of a URL's path.
    static func urlPath(_ text: String) throws(Problem) -> String { try urlPath(text, urlPath) }

    /// The path and perhaps the query of a URL that is probed.
    static func probePath(_ text: String) throws(Problem) -> String { try urlPath(text, urlPath.union("?&".utf8)) }

    private static func urlPath(_ text: String, _ allowed: Set<UInt8>) throws(Problem) -> String {
        let segments = text.split(separator: "/")
        guard text.hasPrefix("/"), text.utf8.count <= 1024, text.utf8.allSatisfy(allowed.contains),
            !text.contains("//"),
            !segments.contains("."), !segments.contains("..")
        else {
            throw Problem(
                "path.invalid", "This is not the path of a URL.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "start with / and use letters, digits and / - . _ ~ @ : + = %")
        }
        return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// A path inside of a folder: relative, without a way out of it.
    static func relativePath(_ text: String) throws(Problem) -> String {
        let path = text.hasSuffix("/") ? String(text.dropLast()) : text
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = path.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII ? filePath.contains(UInt8(scalar.value)) : scalar.properties.isAlphabetic
        }
        let isInside = segments.allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".." && segment.lowercased() != ".git"
                && segment.utf8.count <= 255
        }
        guard isPlain, isInside, path.utf8.count <= 1024, !path.hasPrefix("-") else {
            throw Problem(
                "path.invalid", "This is not a path inside of a folder.", cause: "\(quotedForMessage(text)) was found.",
                remedy:
                    "write a relative path of letters, digits and / - . _ ~ @ : + , = %, without `..`: config/app.json")
        }
        return path
    }

    /// An address that hosts can be reached at, as its text and its bytes.
    static func address(_ text: String) throws(Problem) -> (text: String, bytes: [UInt8]) {
        func refused(_ cause: String) -> Problem {
            Problem(
                "address.invalid", "This is not the address of a host.", cause: "\(quotedForMessage(text)) \(cause).",
                remedy: "write an IPv4 or IPv6 address: 10.0.3.7")
        }
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { throw refused("is not an IP address") }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            bytes = Array(bytes.prefix(4))
            guard bytes[0] != 0, bytes[0] < 224 else { throw refused("cannot belong to a host") }
        } else {
            guard inet_pton(AF_INET6, text, &bytes) == 1 else { throw refused("is not an IP address") }
            guard bytes.contains(where: { $0 != 0 }), bytes[0] != 0xFF else { throw refused("cannot belong to a host") }
        }
        return (text, bytes)
    }

    static func environmentName(_ text: String) throws(Problem) -> String {
        let bytes = text.utf8
        guard let first = bytes.first, capitals.contains(first) || first == UInt8(ascii: "_"), bytes.count <= 255,
            bytes.allSatisfy({ capitals.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "_") })
        else {
            throw Problem(
                "environment.invalid", "This is not the name of an environment variable.",
                cause: "\(quotedForMessage(text)) was found.", remedy: "use capital letters, digits and _: LOG_LEVEL")
        }
        return text
    }

    static func labelKey(_ text: String) throws(Problem) -> String {
        guard let first = text.utf8.first, letters.contains(first), text.utf8.count <= 63,
            text.utf8.allSatisfy(labelKey.contains)
        else {
            throw Problem(
                "label.invalid", "This is not the name of a label.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "use lower-case letters, digits and - . _ /, starting with a letter")
        }
        return text
    }

    static func labelValue(_ text: String) throws(Problem) -> String {
        guard !text.isEmpty, text.utf8.count <= 63, text.utf8.allSatisfy(labelValue.contains) else {
            throw Problem(
                "label.invalid", "This is not the value of a label.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "use 1 to 63 letters, digits and - . _ /")
        }
        return text
    }
}
