package import Core

/// Where agents reach a server: `apus.example.com:2788`, `10.0.0.1` or `[2001:db8::1]:2788`.
package struct ServerAddress: Codable, Hashable, Sendable, CustomStringConvertible {
    package static let portDefault = 2788

    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Parameters:
    ///   - portDefault: the port when the text has none.
    ///   - listens: whether it is to be listened at: port 0 is one that the kernel chooses.
    /// - Throws: `server-address.invalid` for anything but a name or address and a port.
    package init(
        _ text: String, portDefault: Int = Self.portDefault, listens: Bool = false
    ) throws(Problem) {
        var host = Substring(text)
        var port: Substring?
        if text.first == "[", let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            port = rest.isEmpty ? nil : rest.first == ":" ? rest.dropFirst() : ""
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let number = port.map { Int($0) ?? -1 } ?? portDefault
        let isPlain = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        guard !host.isEmpty, host.utf8.count <= 253, isPlain, (listens ? 0...65535 : 1...65535).contains(number) else {
            throw Problem(
                "server-address.invalid", "This is not the address of a server.",
                cause: "\(quotedForMessage(text)) was found.",
                remedy:
                    "Write a name or address and, if it is not \(portDefault), a port: apus.example.com:\(portDefault)."
            )
        }
        self.init(host: String(host), port: number)
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
