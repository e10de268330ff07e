internal import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// statsd's management port: lines by TCP, an answer to each. Source: statsd, docs/admin_interface.md.
final class StatsdManagement: Sendable {
    let port: UInt16
    private let isStopping = StopFlag()
    private let waker: Poller.Waker
    private let thread: Mutex<OSThread?>

    init(_ address: String, port: UInt16, state: StatsdServerState) throws(TelemetryProblem) {
        let listener = try Socket.bound(Socket.stream, address: address, port: port)
        self.port = Socket.port(listener)
        let loop: StatsdManagementLoop
        do throws(TelemetryProblem) {
            loop = try StatsdManagementLoop(listener, state: state)
        } catch {
            close(listener)
            throw error
        }
        waker = loop.waker
        let flag = isStopping
        thread = Mutex(try OSThread("statsd-manage") { loop.run(until: flag) })
    }

    func stop() {
        guard let running = thread.withLock({ $0.take() }) else { return }
        isStopping.set()
        waker.wake()
        running.join()
    }
}

/// The thread of a management port.
final class StatsdManagementLoop: @unchecked Sendable {
    // Unchecked: made by one thread, then used by the one that runs it.

    private static let connectionsMax = 16
    /// A client that does not read its answer for so long is cut off.
    private static let sendSeconds = 2

    private let listener: Int32
    private let state: StatsdServerState
    private var poller: Poller
    private var streams: [Int32: LineStream] = [:]

    var waker: Poller.Waker { poller.waker }

    init(_ listener: Int32, state: StatsdServerState) throws(TelemetryProblem) {
        self.listener = listener
        self.state = state
        poller = try Poller()
        poller.add(listener)
    }

    deinit { close(listener) }

    func run(until flag: StopFlag) {
        while !flag.isSet {
            for descriptor in poller.wait(milliseconds: 60_000) {
                if descriptor == listener { accept() } else { serve(descriptor) }
            }
        }
    }

    private func accept() {
        while let descriptor = Socket.accepted(listener) {
            guard streams.count < Self.connectionsMax else {
                close(descriptor)
                continue
            }
            Socket.setBlocking(descriptor, sendSeconds: Self.sendSeconds)
            streams[descriptor] = LineStream(descriptor)
            poller.add(descriptor)
        }
    }

    private func serve(_ descriptor: Int32) {
        guard let stream = streams[descriptor] else { return }
        var isOver = false
        let step = stream.read(
            lines: { start, count in
                let text = String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
                for line in text.split(whereSeparator: \.isNewline) where !isOver {
                    isOver = !answer(String(line), on: descriptor)
                }
            },
            tooLong: { _ in isOver = true })
        if isOver || step == .closed { streams[descriptor] = nil }
    }

    /// False if the connection is to be closed.
    private func answer(_ line: String, on descriptor: Int32) -> Bool {
        guard let text = state.answer(line, now: WallClock.milliseconds() / 1000) else { return false }
        var left = Array(text.utf8)[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            left = left.dropFirst(count)
        }
        return true
    }
}
