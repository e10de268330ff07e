import Glibc

/// A thread's sleep that another one may end.
final class Doze: Sendable {
    private let reader: Int32
    private let writer: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        // Without descriptors every sleep is as long as it was asked for.
        _ = pipe(&ends)
        for end in ends where end >= 0 {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (reader, writer) = (ends[0], ends[1])
    }

    deinit {
        close(reader)
        close(writer)
    }

    func wait(milliseconds: Int64) {
        var entry = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, Int32(clamping: milliseconds))
        var bytes = [UInt8](repeating: 0, count: 64)
        _ = read(reader, &bytes, bytes.count)
    }

    func wake() {
        var byte: UInt8 = 0
        _ = write(writer, &byte, 1)
    }
}
