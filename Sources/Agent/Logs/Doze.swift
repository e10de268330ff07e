import Glibc

/// A thread's sleep that another one may end.
final class Doze: Sendable {
    private let descriptor: Int32

    init() { descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC)) }

    deinit { close(descriptor) }

    func wait(milliseconds: Int64) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, Int32(clamping: milliseconds))
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }

    func wake() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }
}
