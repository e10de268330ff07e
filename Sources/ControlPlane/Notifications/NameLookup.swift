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
            // By their places in `sockaddr_in` and `sockaddr_in6`: which module declares their fields
            // depends on what else is imported, and is another one in a release build.
            let place: Range<Int>
            switch entry.pointee.ai_family {
            case AF_INET: place = 4..<8
            case AF_INET6: place = 8..<24
            default: continue
            }
            guard place.upperBound <= Int(entry.pointee.ai_addrlen) else { continue }
            let bytes = UnsafeRawBufferPointer(start: address, count: place.upperBound)[place]
            addresses.append(OutgoingAddress(bytes: Array(bytes)))
        }
        return addresses
    }

    private static func failure(_ host: String, _ cause: String) -> Problem {
        Problem(
            "webhook.unreachable", "The webhook cannot be called.",
            cause: "\(quotedForMessage(host)) cannot be looked up: \(cause).",
            remedy: "Look at its name, and at the resolver of the server.")
    }
}
