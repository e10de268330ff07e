import Glibc
import NIOCore
import SystemPackage

extension SocketAddress {
    /// Why nothing can listen here now; nil: something can.
    func bindFault() -> String? {
        withSockAddr { pointer, size in
            let descriptor = socket(
                Int32(pointer.pointee.sa_family), Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { return "\(Errno(rawValue: errno))" }
            defer { close(descriptor) }
            var isOn: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
            return bind(descriptor, pointer, socklen_t(size)) == 0 ? nil : "\(Errno(rawValue: errno))"
        }
    }
}
