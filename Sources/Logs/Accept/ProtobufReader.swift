/// Reads protobuf's wire format where it lies, field by field. Source: protobuf.dev, "Encoding".
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ByteView)
    }

    private let text: ByteView
    private var index = 0
    /// Whether something was no protobuf: what came before it was read.
    private(set) var isBroken = false

    init(_ text: ByteView) { self.text = text }

    /// The next field; nil at the end, and if what comes is broken.
    mutating func next() -> (field: UInt64, value: Value)? {
        guard index < text.count else { return nil }
        guard let key = varint(), key >> 3 > 0 else { return broken() }
        switch key & 7 {
        case 0:
            guard let number = varint() else { return broken() }
            return (key >> 3, .varint(number))
        case 1:
            guard text.count - index >= 8 else { return broken() }
            defer { index += 8 }
            let number = (text.start + index).loadUnaligned(as: UInt64.self)
            return (key >> 3, .fixed64(UInt64(littleEndian: number)))
        case 2:
            guard let length = varint(), length <= UInt64(text.count - index) else { return broken() }
            defer { index += Int(length) }
            return (key >> 3, .bytes(text.slice(index, index + Int(length))))
        case 5:
            guard text.count - index >= 4 else { return broken() }
            defer { index += 4 }
            let number = (text.start + index).loadUnaligned(as: UInt32.self)
            return (key >> 3, .fixed32(UInt32(littleEndian: number)))
        default: return broken()
        }
    }

    private mutating func broken() -> (field: UInt64, value: Value)? {
        isBroken = true
        index = text.count
        return nil
    }

    private mutating func varint() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard index < text.count else { return nil }
            let byte = text[index]
            index += 1
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }
}
