import Core
import Glibc
import NIOCore

/// Ports that instances of a host listen on.
enum PortRange {
    /// The first port after the last one given that no instance has and nothing listens on.
    /// A port that has just become free comes last, since a balancer may still know it.
    static func choose(
        from range: ClosedRange<Int>, after last: Int?, taken: Set<Int>, address: String
    ) throws(Problem) -> Int {
        guard let host = try? SocketAddress(ipAddress: address, port: 0) else {
            throw Problem(
                "agent.address-invalid", "No port can be chosen.",
                cause: "\(quotedForMessage(address)) is no IP address.",
                remedy: "Give the host an IPv4 or IPv6 address.")
        }
        let first = last.map { range.contains($0 + 1) ? $0 + 1 : range.lowerBound } ?? range.lowerBound
        for step in 0..<range.count {
            let port = range.lowerBound + (first - range.lowerBound + step) % range.count
            if !taken.contains(port) && isFree(port, host) { return port }
        }
        throw Problem(
            "agent.ports-used-up", "No port is free for the instance.",
            cause: "All of \(range.lowerBound) to \(range.upperBound) on \(address) are in use.",
            remedy: "Give the host's agent a larger range, or remove instances.")
    }

    private static func isFree(_ port: Int, _ host: SocketAddress) -> Bool {
        var address = host
        address.port = port
        let descriptor = socket(
            Int32(address.protocol.rawValue), Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        return address.withSockAddr { bind(descriptor, $0, socklen_t($1)) == 0 } && listen(descriptor, 1) == 0
    }
}
