import SystemPackage

/// One file of a write-ahead log: a head of 16 bytes, then records, each behind its length and checksum.
struct LogSegment: Sendable {
    static let magic = Array("apuslog1".utf8)
    static let headBytes = 16
    static let frameBytes = 8

    let number: UInt64
    let file: any StoredFile
    /// The position of its first byte.
    let start: UInt64
    var size: Int
    var synced = 0

    static func create(
        _ number: UInt64, in folder: FilePath, on files: any FileSystem, start: UInt64 = 0
    ) throws(FileFault) -> LogSegment {
        let file = try files.create(path(number, in: folder))
        try file.append(head(number))
        try files.syncFolder(folder)
        return LogSegment(number: number, file: file, start: start, size: headBytes)
    }

    static func head(_ number: UInt64) -> [UInt8] {
        var head = magic
        head.append(fixed: number)
        return head
    }

    static func path(_ number: UInt64, in folder: FilePath) -> FilePath {
        folder.appending(fileNumber(number) + ".log")
    }

    /// The number of a segment's file, by its name.
    static func number(of name: String) -> UInt64? {
        name.hasSuffix(".log") && name.utf8.count == 20 ? UInt64(name.dropLast(4), radix: 16) : nil
    }

    /// The number of the segment that a file is, or was cut from.
    static func number(ofAny name: String) -> UInt64? {
        number(of: name.hasSuffix(".dropped") ? String(name.dropLast(8)) : name)
    }

    /// A record as it lies in the file: length, CRC-32C of length and payload, payload.
    static func frame(_ payload: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
        let length = UInt32(payload.count)
        bytes.append(fixed: length)
        bytes.append(fixed: checksum(length, payload))
        bytes.append(contentsOf: payload)
    }

    static func checksum(_ length: UInt32, _ payload: UnsafeRawBufferPointer) -> UInt32 {
        withUnsafeBytes(of: length.littleEndian) { Checksum.of(payload, after: Checksum.of($0)) }
    }

    /// The records of a segment's bytes, in order. Returns how many bytes are whole: all of them, or those
    /// before the first record that is cut off or damaged.
    static func read<Fault: Error>(
        _ bytes: UnsafeRawBufferPointer, number: UInt64, record: (UnsafeRawBufferPointer) throws(Fault) -> Void
    ) throws(Fault) -> Int {
        var reader = ByteReader(bytes)
        guard let head = reader.take(magic.count), head.elementsEqual(magic), reader.fixed(UInt64.self) == number
        else { return 0 }
        var whole = headBytes
        while let length = reader.fixed(UInt32.self), let sum = reader.fixed(UInt32.self), length > 0,
            let payload = reader.take(Int(length)), checksum(length, payload) == sum
        {
            try record(payload)
            whole = reader.position
        }
        return whole
    }
}

/// A number as files are called: 16 hexadecimal digits, so that names sort as numbers do.
func fileNumber(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
