internal import CTelemetry

#if canImport(Glibc)
    import Glibc
#endif

/// Sockets as the kernel has them: an IP address and a port, no blocking, closed on `exec`.
package enum Socket {
    package static let datagram = Int32(SOCK_DGRAM.rawValue)
    package static let stream = Int32(SOCK_STREAM.rawValue)

    /// A bound socket; of a stream, it listens.
    /// - Parameter address: an IPv4 or IPv6 address without a name. Port 0: one that the kernel picks.
    package static func bound(_ type: Int32, address: String, port: UInt16) throws(TelemetryProblem) -> Int32 {
        var name = sockaddr_storage()
        guard let length = fill(&name, address, port) else {
            throw TelemetryProblem(
                "listener.address-invalid", "The listener on `\(address)` was not started.",
                cause: "`\(address)` is not an IP address.",
                remedy: "Give an address such as 127.0.0.1 or ::1.")
        }
        let descriptor = socket(Int32(name.ss_family), type | flags, 0)
        guard descriptor >= 0 else { throw refused(address, port, "socket") }
        var yes: Int32 = 1
        if type == stream { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4) }
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard result == 0, type != stream || listen(descriptor, 1024) == 0 else {
            let problem = refused(address, port, "bind")
            close(descriptor)
            throw problem
        }
        return descriptor
    }

    private static let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)

    private static let noDescriptorMicroseconds: UInt32 = 10_000

    /// The next connection that waits, or nil.
    package static func accepted(_ listener: Int32) -> Int32? {
        let descriptor = ctelemetry_accept(listener)
        if descriptor >= 0 { return descriptor }
        // Out of descriptors the listener stays readable, and who waits for it would turn at full speed.
        if errno == EMFILE || errno == ENFILE { usleep(noDescriptorMicroseconds) }
        return nil
    }

    /// Lets sending wait, but not for longer than some seconds. Reading is asked for without waiting.
    static func setBlocking(_ descriptor: Int32, sendSeconds: Int) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        var limit = timeval(tv_sec: sendSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Lets the kernel end a connection whose other side is gone without a word, within two minutes.
    package static func keepAlive(_ descriptor: Int32) {
        var (yes, idle, gap, count): (Int32, Int32, Int32, Int32) = (1, 60, 15, 4)
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, 4)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, &idle, 4)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, &gap, 4)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT, &count, 4)
    }

    /// The address at the other end of a connection, without its port; empty if it is not known.
    package static func peer(_ descriptor: Int32) -> String { addressText { ctelemetry_peer(descriptor, $0, $1) } }

    static func addressText(_ fill: (UnsafeMutablePointer<CChar>, UInt32) -> Void) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let start = text.baseAddress else { return "" }
            fill(start, 64)
            return String(cString: start)
        }
    }

    /// The port that a socket is bound to.
    package static func port(_ descriptor: Int32) -> UInt16 {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &name) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        // The port is at the same place in both families.
        return withUnsafeBytes(of: &name) {
            UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))
        }
    }

    /// Asks for room for datagrams that wait, and returns what the kernel gives, in bytes. Root may have more
    /// than `net.core.rmem_max`.
    package static func setReceiveBuffer(_ descriptor: Int32, bytes: Int32) -> Int {
        var size = bytes
        let length = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, length) != 0 {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, length)
        }
        var given: Int32 = 0
        var givenLength = length
        getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &given, &givenLength)
        return Int(given)
    }

    private static func fill(_ name: inout sockaddr_storage, _ address: String, _ port: UInt16)
        -> socklen_t?
    {
        withUnsafeMutableBytes(of: &name) { bytes -> socklen_t? in
            guard let start = bytes.baseAddress else { return nil }
            let four = start.assumingMemoryBound(to: sockaddr_in.self)
            if inet_pton(AF_INET, address, &four.pointee.sin_addr) == 1 {
                four.pointee.sin_family = sa_family_t(AF_INET)
                four.pointee.sin_port = port.bigEndian
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            }
            let six = start.assumingMemoryBound(to: sockaddr_in6.self)
            six.pointee = sockaddr_in6()
            guard inet_pton(AF_INET6, address, &six.pointee.sin6_addr) == 1 else { return nil }
            six.pointee.sin6_family = sa_family_t(AF_INET6)
            six.pointee.sin6_port = port.bigEndian
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }

    private static func refused(_ address: String, _ port: UInt16, _ call: String) -> TelemetryProblem {
        let reason = String(cString: strerror(errno))
        return TelemetryProblem(
            "listener.bind-failed", "The listener on `\(address)` port \(port) was not started.",
            cause: "\(call): \(reason).", remedy: "Free the port, or configure another one.")
    }
}
