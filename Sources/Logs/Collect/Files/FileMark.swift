import Telemetry

/// What some bytes of a file were: enough to know them again.
package struct FileMark: Hashable, Sendable {
    /// Bytes that one is over, at most.
    static let bytesMax = 1024

    /// Where the bytes end.
    var end: Int
    var count: Int
    /// CRC-32C.
    var sum: UInt32

    /// Of the bytes that end at `end`.
    init(_ bytes: UnsafeRawBufferPointer, end: Int) {
        self.end = end
        count = bytes.count
        sum = Checksum.of(bytes)
    }

    /// Of nothing: every file has it.
    static let none = FileMark(UnsafeRawBufferPointer(start: nil, count: 0), end: 0)

    /// Whether a file has these bytes there.
    func isIn(_ file: any LogFile) -> Bool {
        count == 0 || bytes(of: file).withUnsafeBytes { $0.count == count && Checksum.of($0) == sum }
    }

    /// The bytes that a file has there; fewer if it ends before.
    func bytes(of file: any LogFile) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = file.read(into: UnsafeMutableRawBufferPointer(buffer), at: end - count)
        }
    }
}

extension FileMark {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(varint: end)
        bytes.append(varint: count)
        bytes.append(fixed: sum)
    }

    init?(_ reader: inout ByteReader) {
        guard let end = reader.count(limit: .max), let count = reader.count(limit: Self.bytesMax), count <= end,
            let sum = reader.fixed(UInt32.self)
        else { return nil }
        self.end = end
        self.count = count
        self.sum = sum
    }
}
