import Core
import Glibc
import NIOPosix

extension OutgoingAddress {
    /// `192.0.2.1`, `2001:db8::1`.
    var text: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "an unknown address" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Addresses of names, by the resolver of this machine.
enum NameLookup {
    /// - Throws: `webhook.unreachable`.
    @Sendable static func addresses(of host: String) async throws(Problem) -> [OutgoingAddress] {
        let result: Result<[OutgoingAddress], Problem>
        do {
            // The resolver blocks.
            result = .success(try await NIOThreadPool.singleton.runIfActive { try look(up: host) })
        } catch {
            result = .failure(
                (error as? Problem) ?? failure(host, "\(error)"))
        }
        return try result.get()
    }

    private static func look(up host: String) throws(Problem) -> [OutgoingAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { throw failure(host, String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var addresses: [OutgoingAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let address = entry.pointee.ai_addr else { continue }
            // By their place in `sockaddr_in` and `sockaddr_in6`: which C module has the names of
            // these fields depends on what else is built.
            switch entry.pointee.ai_family {
            case AF_INET: addresses.append(OutgoingAddress(bytes: bytes(of: address, from: 4, count: 4)))
            case AF_INET6: addresses.append(OutgoingAddress(bytes: bytes(of: address, from: 8, count: 16)))
            default: continue
            }
        }
        return addresses
    }

    private static func bytes(of address: UnsafeMutablePointer<sockaddr>, from start: Int, count: Int) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: UnsafeRawPointer(address) + start, count: count))
    }

    private static func failure(_ host: String, _ cause: String) -> Problem {
        Problem(
            "webhook.unreachable", "The webhook cannot be called.",
            cause: "\(quotedForMessage(host)) cannot be looked up: \(cause).",
            remedy: "Look at its name, and at the resolver of the server.")
    }
}
