import Glibc
import SystemPackage

/// Reads lines out of a named pipe, without ever waiting for one.
final class PipeReader {
    /// What Linux lets everybody have. Lines wait in it until they are read.
    private static let pipeBytes: Int32 = 1 << 20
    /// `F_SETPIPE_SZ`. Source: Linux, `include/uapi/linux/fcntl.h`.
    private static let setPipeSize: Int32 = 1031
    /// A longer line is passed over: no balancer writes one.
    private static let lineBytesMax = 16 << 10

    private let descriptor: Int32
    private let identity: Stat
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    /// The beginning of a line, at the buffer's start.
    private var held = 0
    private var isSkipping = false

    /// - Returns: nil if there is no pipe that can be opened.
    init?(_ path: FilePath) {
        let opened = open(path.string, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
        guard opened >= 0, let status = try? FileDescriptor(rawValue: opened).stat(), status.type == .fifo else {
            if opened >= 0 { close(opened) }
            buffer.deallocate()
            return nil
        }
        descriptor = opened
        identity = status
        _ = fcntl(opened, Self.setPipeSize, Self.pipeBytes)
    }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    /// Whether it is still this pipe that has the path.
    func isOpen(at path: FilePath) -> Bool {
        guard let found = try? path.stat(followTargetSymlink: false) else { return false }
        return found.inode == identity.inode && found.deviceID == identity.deviceID
    }

    /// - Returns: whether there is more.
    func read(bytesMax: Int, line: (Slice<UnsafeRawBufferPointer>) -> Void) -> Bool {
        var taken = 0
        while taken < bytesMax {
            let count = Glibc.read(descriptor, buffer.baseAddress.map { $0 + held }, buffer.count - held)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            taken += count
            take(held + count, line)
        }
        return true
    }

    private func take(_ end: Int, _ line: (Slice<UnsafeRawBufferPointer>) -> Void) {
        let all = UnsafeRawBufferPointer(buffer)
        var start = 0
        while let newline = all[start..<end].firstIndex(of: 0x0A) {
            if isSkipping {
                isSkipping = false
            } else if newline > start {
                line(all[start..<newline])
            }
            start = newline + 1
        }
        held = end - start
        if held > Self.lineBytesMax {
            held = 0
            isSkipping = true
        }
        if held > 0, start > 0, let base = buffer.baseAddress { memmove(base, base + start, held) }
    }
}
