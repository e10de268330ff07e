internal import Synchronization
package import Telemetry

#if canImport(Glibc)
    import Glibc
#endif

/// Receives syslog by UDP and by TCP at one port, on a thread of its own.
///
/// While the intake has no room nothing is read: who sends by TCP waits then, and what comes by UDP is dropped by the
/// kernel when its buffer is full, and counted.
package final class SyslogListener: Sendable {
    package let port: UInt16

    private let stopping = StopFlag()
    private let waker: Poller.Waker
    private let thread: Mutex<OSThread?>

    /// Starts.
    /// - Parameters:
    ///   - address: an IP address.
    ///   - port: 0: one that the kernel picks.
    package init(address: String, port: UInt16, into intake: SyslogIntake) throws(TelemetryProblem) {
        let loop = try SyslogLoop(address: address, port: port, intake: intake)
        self.port = Socket.port(loop.connections)
        waker = loop.waker
        let stopping = stopping
        thread = Mutex(try OSThread("syslog") { loop.run(stopping) })
    }

    /// Stops listening, takes in what has come, and returns when all is over.
    package func stop() {
        guard let running = thread.withLock({ $0.take() }) else { return }
        stopping.set()
        waker.wake()
        running.join()
    }
}

/// The thread of a listener.
private final class SyslogLoop: @unchecked Sendable {
    // Unchecked: made by one thread, then used by the one that runs it.

    private final class Connection {
        let descriptor: Int32
        let sender: SyslogSender

        init(_ descriptor: Int32) {
            self.descriptor = descriptor
            sender = SyslogSender(address: Socket.peer(descriptor))
        }

        deinit { close(descriptor) }
    }

    private static let connectionsMax = 4096
    private static let readBytes = 256 << 10
    private static let receiveBufferBytes: Int32 = 8 << 20
    /// Where two sockets are to have one port that the kernel picks, the second may find it taken.
    private static let portTries = 20
    /// After a round that brought less, more is waited for: few large pieces cost less than many small ones.
    private static let roundBytes = 128 << 10
    private static let napMicroseconds: UInt32 = 1000
    private static let fullMicroseconds: UInt32 = 5000

    let connections: Int32
    let datagrams: Int32
    var waker: Poller.Waker { poller.waker }

    private let intake: SyslogIntake
    private let slab: DatagramSlab
    private var poller: Poller
    private var open: [Int32: Connection] = [:]
    private let buffer: UnsafeMutableRawBufferPointer

    init(address: String, port: UInt16, intake: SyslogIntake) throws(TelemetryProblem) {
        self.intake = intake
        slab = try DatagramSlab(count: 64)
        poller = try Poller()
        (connections, datagrams) = try Self.bound(address, port)
        buffer = .allocate(byteCount: Self.readBytes, alignment: 64)
        _ = Socket.setReceiveBuffer(datagrams, bytes: Self.receiveBufferBytes)
        poller.add(connections)
        poller.add(datagrams)
    }

    private static func bound(_ address: String, _ port: UInt16) throws(TelemetryProblem) -> (Int32, Int32) {
        var tries = port == 0 ? portTries : 1
        while true {
            let stream = try Socket.bound(Socket.stream, address: address, port: port)
            do throws(TelemetryProblem) {
                return (stream, try Socket.bound(Socket.datagram, address: address, port: Socket.port(stream)))
            } catch {
                close(stream)
                tries -= 1
                if tries == 0 { throw error }
            }
        }
    }

    deinit {
        close(connections)
        close(datagrams)
        buffer.deallocate()
    }

    func run(_ stopping: StopFlag) {
        while !stopping.isSet {
            guard intake.hasRoom else {
                usleep(Self.fullMicroseconds)
                continue
            }
            var taken = 0
            for descriptor in poller.wait(milliseconds: 1000) { taken += receive(descriptor) }
            if taken < Self.roundBytes, !stopping.isSet { usleep(Self.napMicroseconds) }
        }
        _ = intake.takeDatagrams(of: datagrams, slab)
        for descriptor in Array(open.keys) { _ = receive(descriptor) }
        for connection in open.values { intake.finish(connection.sender) }
        open = [:]
        intake.count { $0.connections = 0 }
    }

    /// - Returns: about how many bytes came.
    private func receive(_ descriptor: Int32) -> Int {
        if descriptor == datagrams { return intake.takeDatagrams(of: descriptor, slab) ? Self.roundBytes : 1 }
        if descriptor == connections {
            accept()
            return 0
        }
        guard let connection = open[descriptor] else { return 0 }
        let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            let goesOn = intake.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), of: connection.sender)
            if !goesOn { end(connection) }
            return count
        }
        if count == 0 || (errno != EAGAIN && errno != EINTR) {
            intake.finish(connection.sender)
            end(connection)
        }
        return 0
    }

    private func end(_ connection: Connection) {
        open[connection.descriptor] = nil
        intake.count { $0.connections -= 1 }
    }

    private func accept() {
        while let descriptor = Socket.accepted(connections) {
            guard open.count < Self.connectionsMax else {
                close(descriptor)
                intake.count { $0.connectionsRefused += 1 }
                continue
            }
            open[descriptor] = Connection(descriptor)
            intake.count { $0.connections += 1 }
            poller.add(descriptor)
        }
    }
}
