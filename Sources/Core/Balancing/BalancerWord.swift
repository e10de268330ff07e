/// A piece of HAProxy's or nginx's file or of a runtime command that cannot carry an injection.
///
/// `haproxy -c` accepts an injected directive like any other, so checking the finished file is no
/// defence. A word is either written in this program's source (a literal), or made by one of the
/// functions below, each of which admits only the characters that its kind of value needs.
package struct BalancerWord: Hashable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(stringLiteral value: StaticString) { text = value.description }
    private init(checked text: String) { self.text = text }

    private static let letters = Set("abcdefghijklmnopqrstuvwxyz".utf8)
    private static let capitals = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    private static let digits = Set("0123456789".utf8)

    static func number(_ value: Int) -> BalancerWord { BalancerWord(checked: "\(value)") }

    static func concatenated(_ words: BalancerWord...) -> BalancerWord {
        BalancerWord(checked: words.map(\.text).joined())
    }

    /// Instances and hosts are names already: letters, digits, dots and dashes.
    static func server(_ server: BalancerConfiguration.Server) -> BalancerWord { BalancerWord(checked: server.name) }

    /// A name already.
    static func balancer(_ name: BalancerName) -> BalancerWord { BalancerWord(checked: name.text) }

    /// Hexadecimal digits.
    static func digest(_ digest: Digest) -> BalancerWord { BalancerWord(checked: digest.short) }

    /// Where a certificate lies in the balancer's folder: named by its content, so that a new
    /// one never overwrites the one that serves.
    static func certificate(_ digest: Digest) -> BalancerWord { BalancerWord(checked: "certs/\(digest.short).pem") }

    /// - Throws: `balancer.value-refused` unless it is `APP.PROCESS`.
    static func backend(_ name: String) throws(Problem) -> BalancerWord {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, (try? AppName(String(parts[0]))) != nil, (try? ProcessName(String(parts[1]))) != nil
        else {
            throw refusal("backend", name, remedy: "Write APP.PROCESS.")
        }
        return BalancerWord(checked: name)
    }

    /// - Throws: `balancer.value-refused` unless it is the name of a system's user.
    static func account(_ name: String) throws(Problem) -> BalancerWord {
        try admitted(
            name, as: "system user", lengthMax: 32, letters.union(digits).union("_-".utf8),
            remedy: "Use a lower-case name of letters, digits, dashes and underscores.")
    }

    /// - Throws: `balancer.value-refused` unless it is an IPv4 or IPv6 literal.
    static func address(_ address: String) throws(Problem) -> BalancerWord {
        let remedy = "Give an IPv4 or IPv6 address."
        if !address.utf8.contains(UInt8(ascii: ":")) {
            let parts = address.split(separator: ".", omittingEmptySubsequences: false)
            let areBytes = parts.allSatisfy {
                !$0.isEmpty && $0.utf8.count <= 3 && $0.utf8.allSatisfy(digits.contains) && UInt8($0) != nil
            }
            guard parts.count == 4, areBytes else { throw refusal("address", address, remedy: remedy) }
            return BalancerWord(checked: address)
        }
        return try admitted(
            address, as: "address", lengthMax: 45, digits.union("abcdefABCDEF:.".utf8), remedy: remedy)
    }

    /// An address as a URL has it: IPv6 in brackets.
    static func host(_ address: BalancerWord) -> BalancerWord {
        address.text.utf8.contains(UInt8(ascii: ":")) ? BalancerWord(checked: "[\(address.text)]") : address
    }

    /// Address and port, with an IPv6 address in brackets.
    static func endpoint(_ address: String, _ port: Int) throws(Problem) -> BalancerWord {
        .concatenated(host(try Self.address(address)), ":", try Self.port(port))
    }

    /// - Throws: `balancer.value-refused` unless it is from 1 to 65,535.
    static func port(_ port: Int) throws(Problem) -> BalancerWord {
        guard (1...65_535).contains(port) else {
            throw refusal("port", "\(port)", remedy: "Use a port from 1 to 65535.")
        }
        return BalancerWord(checked: "\(port)")
    }

    /// A host's full name in lower case, without a wildcard.
    static func hostName(_ name: String) throws(Problem) -> BalancerWord {
        let remedy = "Use a lower-case host name such as shop.example.com, or *.example.com."
        guard !name.hasPrefix("-"), !name.hasPrefix("."), !name.hasSuffix("."), !name.contains("..") else {
            throw refusal("host name", name, remedy: remedy)
        }
        return try admitted(
            name, as: "host name", lengthMax: 253, letters.union(digits).union("-.".utf8), remedy: remedy)
    }

    /// A host name, and a port where it is not the scheme's own.
    static func origin(scheme: BalancerWord, _ origin: String) throws(Problem) -> BalancerWord {
        let parts = origin.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var text = scheme.text + (try hostName(String(parts[0])).text)
        if parts.count == 2 {
            guard let number = Int(parts[1]), String(number) == parts[1] else {
                throw refusal("origin", origin, remedy: "Write HOST or HOST:PORT.")
            }
            text += ":" + (try port(number).text)
        }
        return BalancerWord(checked: text)
    }

    /// The path of a URL, percent-encoded where it needs to be.
    static func path(_ path: String) throws(Problem) -> BalancerWord {
        let remedy = "Start with a slash, and percent-encode all but letters, digits and -._~/+:@%=&?"
        guard path.hasPrefix("/") else { throw refusal("path", path, remedy: remedy) }
        let allowed = letters.union(capitals).union(digits).union("-._~/+:@%=&?".utf8)
        return try admitted(path, as: "path", lengthMax: 1024, allowed, remedy: remedy)
    }

    /// The path as nginx compares it: decoded, and without what its file gives a meaning to.
    static func location(_ path: String) throws(Problem) -> BalancerWord {
        let bytes = Array(try Self.path(path).text.utf8)
        let remedy = "nginx cannot route by it: use letters, digits and -._~/+:@=& or UTF-8, percent-encoded."
        let allowed = letters.union(capitals).union(digits).union("-._~/+:@=&".utf8).union(0x80...0xFF)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            var byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                let hex = String(decoding: bytes[(index + 1)...].prefix(2), as: UTF8.self)
                guard hex.utf8.count == 2, hex.first != "+", let value = UInt8(hex, radix: 16) else {
                    throw refusal("path", path, remedy: remedy)
                }
                byte = value
                index += 2
            }
            guard allowed.contains(byte) else { throw refusal("path", path, remedy: remedy) }
            decoded.append(byte)
            index += 1
        }
        guard let text = String(validating: decoded, as: UTF8.self) else {
            throw refusal("path", path, remedy: remedy)
        }
        return BalancerWord(checked: text)
    }

    /// A regular expression for the names one level below a domain.
    static func namesBelow(_ domain: String) throws(Problem) -> BalancerWord {
        let escaped = try hostName(domain).text.split(separator: ".", omittingEmptySubsequences: false)
        return BalancerWord(checked: #"~^[^.]+\."# + escaped.joined(separator: #"\."#) + "$")
    }

    /// - Throws: `balancer.value-refused` unless it is from 1 to 256.
    static func weight(_ weight: Int) throws(Problem) -> BalancerWord {
        guard (1...256).contains(weight) else {
            throw refusal("weight", "\(weight)", remedy: "Use a weight from 1 to 256.")
        }
        return .number(weight)
    }

    private static func admitted(
        _ text: String, as kind: String, lengthMax: Int, _ allowed: Set<UInt8>, remedy: String
    ) throws(Problem) -> BalancerWord {
        guard !text.isEmpty, text.utf8.count <= lengthMax, text.utf8.allSatisfy(allowed.contains) else {
            throw refusal(kind, text, remedy: remedy)
        }
        return BalancerWord(checked: text)
    }

    private static func refusal(_ kind: String, _ text: String, remedy: String) -> Problem {
        Problem(
            "balancer.value-refused", "The balancer's configuration cannot be written.",
            cause: "\(quotedForMessage(text)) is not a valid \(kind).", remedy: remedy)
    }
}

/// Words of one directive, joined by single spaces.
package struct BalancerLine: Hashable, Sendable {
    package let text: String

    init(_ words: [BalancerWord]) { text = words.map(\.text).joined(separator: " ") }
    init(_ words: BalancerWord...) { self.init(words) }

    package static let showTimes = BalancerLine("show events times")
    package static let showInformation = BalancerLine("show info")
    package static let showStatistics = BalancerLine("show stat")
    package static let showServersState = BalancerLine("show servers state")
}
