extension WriteAheadLog {
    /// Bytes in front of a segment's first record.
    package static var headBytes: Int { LogSegment.headBytes }
    /// Bytes in front of a record's payload.
    package static var frameBytes: Int { LogSegment.frameBytes }

    /// The payload of the record that begins at a byte of a segment.
    /// - Returns: nil if there is no whole record of that size.
    package func payload(in segment: UInt64, at offset: Int, count: Int) throws(FileFault) -> [UInt8]? {
        let bytes = try files.open(LogSegment.path(segment, in: folder))
            .read(Self.frameBytes + count, at: offset)
        return bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            guard let length = reader.fixed(UInt32.self), length == UInt32(count),
                let sum = reader.fixed(UInt32.self), let payload = reader.take(count),
                LogSegment.checksum(length, payload) == sum
            else { return nil }
            return Array(payload)
        }
    }
}
