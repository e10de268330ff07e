package import Core

/// Where a fabric's API is, and what is shown there to be let in.
package struct APIAddress: Sendable {
    /// `http://127.0.0.1:2787`, without a slash at its end.
    package let url: String
    package let token: String?
    /// PEM of the authority that the server's certificate must be signed by; nil: the system's.
    package let authority: String?

    /// - Throws: `server.address-invalid` unless the URL is `http` or `https`, a host and perhaps
    ///   a port; `server.insecure` for a token over plain HTTP to another machine.
    package init(_ url: String, token: String? = nil, authority: String? = nil) throws(Problem) {
        var text = url
        while text.last == "/" { text.removeLast() }
        let isSecure = text.hasPrefix("https://")
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let isPlain = rest.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".-:[]_".utf8.contains(byte)
        }
        guard isSecure || text.hasPrefix("http://"), !rest.isEmpty, isPlain else {
            throw Problem(
                "server.address-invalid", "This is not the address of a server.",
                cause: "\(quotedForMessage(url)) was found.", remedy: "Write http://HOST:PORT or https://HOST:PORT.")
        }
        let isLoopback = Self.isLoopback(rest.first == "[" ? rest.prefix { $0 != "]" } : rest.prefix { $0 != ":" })
        guard token == nil || isSecure || isLoopback else {
            throw Problem(
                "server.insecure", "The token was not sent.",
                cause: "\(text) is another machine, and plain HTTP would show the token to the network.",
                remedy: "Use the server's https:// address.")
        }
        self.url = text
        self.token = token
        self.authority = authority
    }

    /// A name such as `127.example.com` is somebody else's.
    private static func isLoopback(_ host: Substring) -> Bool {
        if host == "localhost" || host == "[::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
