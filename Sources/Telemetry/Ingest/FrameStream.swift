#if canImport(Glibc)
    import Glibc
#endif

/// A connection that brings bodies, each after its length in four bytes, highest first. Holds one at most.
final class FrameStream {
    let descriptor: Int32
    private let bytesMax: Int
    private var buffer: [UInt8] = [0, 0, 0, 0]
    private var filled = 0
    /// How long what comes next is: a length, or a body.
    private var wanted = 4
    private var isInBody = false

    /// What a body gets at first. It gets more as it comes, not because its length says so.
    private static let bytesAtFirst = 16 << 10

    enum Step {
        /// Nothing more waits.
        case empty
        case closed
        /// A body is too long. What follows cannot be understood.
        case tooLong
    }

    init(_ descriptor: Int32, bytesMax: Int) {
        self.descriptor = descriptor
        self.bytesMax = bytesMax
    }

    deinit { close(descriptor) }

    /// Reads what waits, some reads at most so that others get their turn. Hands on whole bodies.
    func read(_ body: (UnsafeRawBufferPointer) -> Void) -> Step {
        for _ in 0..<256 {
            let start = filled
            let count = buffer.withUnsafeMutableBytes { bytes in
                recv(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start, Int32(MSG_DONTWAIT))
            }
            if count < 0 { return errno == EAGAIN || errno == EINTR ? .empty : .closed }
            if count == 0 { return .closed }
            filled += count
            guard filled == buffer.count else { continue }
            if filled < wanted {
                buffer += Array(repeating: 0, count: min(filled, wanted - filled))
            } else if isInBody {
                buffer.withUnsafeBytes(body)
                expect(bytes: 4, inBody: false)
            } else {
                let length = Int(buffer.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
                guard length <= bytesMax else { return .tooLong }
                if length > 0 { expect(bytes: length, inBody: true) } else { expect(bytes: 4, inBody: false) }
            }
        }
        return .empty
    }

    private func expect(bytes: Int, inBody: Bool) {
        buffer = Array(repeating: 0, count: min(bytes, Self.bytesAtFirst))
        filled = 0
        wanted = bytes
        isInBody = inBody
    }
}
