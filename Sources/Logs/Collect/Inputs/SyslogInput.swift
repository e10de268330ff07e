package import Telemetry

#if canImport(Glibc)
    import Glibc
#endif

/// Syslog that others send to this host: datagrams, connections (RFC 6587), or a socket such as `/dev/log`. The lines
/// go on as they came; who keeps them reads their form.
package final class SyslogInput: LogInput {
    package enum Listener: Hashable, Sendable {
        /// A Unix datagram socket. What is at the path and is a socket is replaced.
        case socket(path: String)
        /// Port 0: one that the kernel picks.
        case datagrams(address: String, port: UInt16)
        case stream(address: String, port: UInt16)
    }

    package static let connectionsMax = 256
    private static let datagramBytesMax = 64 << 10
    private static let receiveBufferBytes: Int32 = 8 << 20

    package let name: String
    package var cursor: String? { nil }
    /// The port that is listened on; 0 of a socket with a path.
    package let port: UInt16
    private let labels: LogStream
    private let descriptor: Int32
    private let path: String?
    private let isStream: Bool
    private var connections: [Connection] = []
    private let buffer: UnsafeMutableRawBufferPointer
    private var turn = 0

    private final class Connection {
        let descriptor: Int32
        var stream = LogLineStream(lineBytesMax: LineScanner.eventBytesMax)

        init(_ descriptor: Int32) { self.descriptor = descriptor }

        deinit { close(descriptor) }
    }

    /// Listens.
    /// - Parameter labels: of its lines.
    package init(_ listener: Listener, labels: LogStream) throws(TelemetryProblem) {
        self.labels = labels
        switch listener {
        case .socket(let path):
            descriptor = try Self.bound(path)
            self.path = path
            isStream = false
            port = 0
        case .datagrams(let address, let port):
            descriptor = try Socket.bound(Socket.datagram, address: address, port: port)
            path = nil
            isStream = false
            self.port = Socket.port(descriptor)
        case .stream(let address, let port):
            descriptor = try Socket.bound(Socket.stream, address: address, port: port)
            path = nil
            isStream = true
            self.port = Socket.port(descriptor)
        }
        name = "syslog:\(path ?? "\(isStream ? "tcp" : "udp"):\(port)")"
        if !isStream { _ = Socket.setReceiveBuffer(descriptor, bytes: Self.receiveBufferBytes) }
        buffer = .allocate(byteCount: Self.datagramBytesMax, alignment: 64)
    }

    deinit {
        close(descriptor)
        if let path { unlink(path) }
        buffer.deallocate()
    }

    private static func bound(_ path: String) throws(TelemetryProblem) -> Int32 {
        func refused(_ cause: String) -> TelemetryProblem {
            TelemetryProblem(
                "listener.bind-failed", "The listener on `\(path)` was not started.", cause: cause,
                remedy: "Stop what has the socket, or configure another path.")
        }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: name.sun_path)
        guard path.utf8.count < room else { throw refused("A socket's path has at most \(room - 1) bytes.") }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        var found = stat()
        if lstat(path, &found) == 0, found.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
        let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, Socket.datagram | flags, 0)
        guard descriptor >= 0 else { throw refused("socket: \(String(cString: strerror(errno))).") }
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let problem = refused("bind: \(String(cString: strerror(errno))).")
            close(descriptor)
            throw problem
        }
        // Every program of the host may log.
        chmod(path, 0o666)
        return descriptor
    }

    package func read(into events: LogEvents, bytesMax: Int) -> Bool {
        let stream = events.register(labels)
        return isStream ? readConnections(events, stream, bytesMax) : readDatagrams(events, stream, bytesMax)
    }

    private func readDatagrams(_ events: LogEvents, _ stream: UInt32, _ bytesMax: Int) -> Bool {
        var taken = 0
        while taken < bytesMax {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return false }
            var end = count
            while end > 0, buffer[end - 1] == 0x0A || buffer[end - 1] == 0 { end -= 1 }
            if end > 0 { events.add(UnsafeRawBufferPointer(rebasing: buffer[..<end]), of: stream) }
            taken += max(count, 1)
        }
        return true
    }

    private func readConnections(_ events: LogEvents, _ stream: UInt32, _ bytesMax: Int) -> Bool {
        while connections.count < Self.connectionsMax, let accepted = Socket.accepted(descriptor) {
            connections.append(Connection(accepted))
        }
        var taken = 0
        var ended: Set<Int32> = []
        var more = false
        for offset in connections.indices {
            guard taken < bytesMax else {
                turn += offset
                more = true
                break
            }
            let connection = connections[(turn + offset) % connections.count]
            let count = recv(connection.descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            func add(_ line: ByteView, _ cutFrom: Int?) {
                if !line.isEmpty { events.add(line.buffer, of: stream, isCut: cutFrom != nil) }
            }
            if count > 0 {
                connection.stream.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), add)
                taken += count
                if count == buffer.count { more = true }
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                connection.stream.finish(add)
                ended.insert(connection.descriptor)
            }
        }
        if !ended.isEmpty { connections.removeAll { ended.contains($0.descriptor) } }
        return more
    }
}
