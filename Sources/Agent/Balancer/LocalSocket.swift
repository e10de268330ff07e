import Core
import Glibc
import NIOPosix

/// One exchange with a balancer on its unix socket: connect, send, read to the end.
///
/// The address of a unix socket holds 107 bytes and an agent's root may be deeper than that, so
/// the folder is opened and the socket is reached through its descriptor.
struct LocalSocket: Sendable {
    private static let timeoutSeconds = 5
    private static let answerBytesMax = 64 << 20

    let folder: String
    let name: String
    /// Who listens there, for messages.
    let engine: String
    /// Whether the end of a request is told by closing that half of the connection. nginx takes this
    /// for a client that has gone, and breaks off an answer that does not fit into the socket's buffer.
    let closesHalf: Bool

    func exchange(_ request: String) async throws(Problem) -> String {
        do {
            return try await NIOThreadPool.singleton.runIfActive { try exchangeBlocking(Array(request.utf8)) }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw problem("\(error)")
        }
    }

    /// Another socket of the same folder.
    func sibling(_ name: String) -> LocalSocket {
        LocalSocket(folder: folder, name: name, engine: engine, closesHalf: closesHalf)
    }

    /// A connection that is open until nobody has it any more.
    final class Connection: Sendable {
        fileprivate let descriptor: Int32

        fileprivate init(_ descriptor: Int32) { self.descriptor = descriptor }

        deinit { close(descriptor) }
    }

    func connected() throws(Problem) -> Connection {
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw problem("Its folder cannot be opened (\(errno)).") }
        defer { close(directory) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw problem("There is no descriptor left (\(errno)).") }
        let connection = Connection(descriptor)
        var limit = timeval(tv_sec: Self.timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard connect(descriptor, to: "/proc/self/fd/\(directory)/\(name)") else {
            throw problem("Its socket does not accept (\(errno)).")
        }
        return connection
    }

    private func exchangeBlocking(_ request: [UInt8]) throws(Problem) -> String {
        let connection = try connected()
        defer { withExtendedLifetime(connection) {} }
        let descriptor = connection.descriptor
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw problem("Its socket takes no command (\(errno)).") }
            sent += count
        }
        if closesHalf { shutdown(descriptor, Int32(SHUT_WR)) }
        return try readToEnd(descriptor)
    }

    private func connect(_ descriptor: Int32, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    private func readToEnd(_ descriptor: Int32) throws(Problem) -> String {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while answer.count < Self.answerBytesMax {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw problem("Its answer did not end (\(errno)).") }
            if count == 0 { break }
            answer += buffer[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    private func problem(_ cause: String) -> Problem {
        Problem(
            "balancer.unreachable", "\(engine) does not take commands.", cause: cause,
            remedy: "See whether it runs; the agent starts it again if it ended.")
    }
}
