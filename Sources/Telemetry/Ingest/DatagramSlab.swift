internal import CTelemetry

/// Memory that datagrams are received into, many with one system call. For one thread.
package final class DatagramSlab {
    /// A datagram that is longer is cut.
    package static let datagramBytesMax = 64 << 10

    /// A datagram, for as long as the call that gives it.
    package struct Datagram {
        package let bytes: UnsafeRawBufferPointer
        fileprivate let index: UInt32
    }

    private let slab: OpaquePointer
    private let count: UInt32
    private var drops: UInt32 = 0

    /// - Parameter count: datagrams of one system call, at most 1024.
    package init(count: UInt32) throws(TelemetryProblem) {
        guard let slab = ctelemetry_slab_make(count, Self.datagramBytesMax, PaddedBytes.padding),
            ctelemetry_slab_keep_senders(slab) == 0
        else {
            throw TelemetryProblem(
                "listener.memory-missing", "The listener was not started.", cause: "The kernel gave no memory.",
                remedy: "Give the process more memory.")
        }
        self.slab = slab
        self.count = count
    }

    deinit { ctelemetry_slab_free(slab) }

    /// Gives the datagrams that wait at a socket.
    /// - Returns: whether there may be more.
    package func receive(_ descriptor: Int32, _ body: (Datagram) -> Void) -> Bool {
        let received = ctelemetry_slab_receive(slab, descriptor)
        guard received > 0 else { return false }
        for index in 0..<UInt32(received) {
            var length: UInt32 = 0
            guard let start = ctelemetry_slab_datagram(slab, index, &length) else { continue }
            body(Datagram(bytes: UnsafeRawBufferPointer(start: start, count: Int(length)), index: index))
        }
        return UInt32(received) == count
    }

    /// The address that a datagram came from.
    package func sender(of datagram: Datagram) -> String {
        Socket.addressText { ctelemetry_slab_sender(slab, datagram.index, $0, $1) }
    }

    /// How many datagrams the kernel has dropped at a socket since the last call, because nobody read them in time.
    /// Always of the same socket.
    package func takeDrops(_ descriptor: Int32) -> Int {
        let total = ctelemetry_drops(descriptor)
        defer { drops = total }
        return Int(total &- drops)
    }
}
