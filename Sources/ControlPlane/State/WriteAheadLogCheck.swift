import Core
import Glibc

/// Tells a write-ahead log that was cut off by a crash from one that was damaged later.
///
/// SQLite takes the frames up to the first bad checksum and drops the rest in silence. After a
/// crash that is right: what is behind was never answered. But each commit is synchronized before
/// the next one begins, so two whole commits behind a bad frame mean that an answered one went bad.
/// Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
enum WriteAheadLogCheck {
    private static let headerLength = 32
    private static let frameHeaderLength = 24

    /// - Throws: `state.corrupt` for a damaged log. No log, or an empty one, is fine.
    static func check(_ path: String) throws(Problem) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { _ = close(descriptor) }
        guard let header = bytes(descriptor, at: 0, count: headerLength) else { return }
        let magic = word(header, 0, isBigEndian: true)
        guard magic & ~1 == 0x377F_0682 else { return }
        let isBigEndian = magic & 1 == 1
        let pageSize = Int(word(header, 8, isBigEndian: true))
        guard (512...65536).contains(pageSize) else { return }
        let salts = header[16..<24]
        var sum = checksum(header[0..<24], (0, 0), isBigEndian: isBigEndian)
        var isBroken = word(header, 24, isBigEndian: true) != sum.0 || word(header, 28, isBigEndian: true) != sum.1
        var commitsBehind = 0
        var offset = headerLength
        while let frame = bytes(descriptor, at: offset, count: frameHeaderLength + pageSize), frame[8..<16] == salts {
            if !isBroken {
                sum = checksum(frame[0..<8], sum, isBigEndian: isBigEndian)
                sum = checksum(frame[frameHeaderLength...], sum, isBigEndian: isBigEndian)
                isBroken = word(frame, 16, isBigEndian: true) != sum.0 || word(frame, 20, isBigEndian: true) != sum.1
            }
            // The bad frame itself may be a commit of which only the content is bad.
            if isBroken, word(frame, 4, isBigEndian: true) != 0 { commitsBehind += 1 }
            if commitsBehind > 1 {
                throw StateDatabase.corrupt(
                    "The write-ahead log is bad before byte \(offset), with later commits behind.")
            }
            offset += frameHeaderLength + pageSize
        }
    }

    private static func bytes(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return pread(descriptor, &bytes, count, off_t(offset)) == count ? bytes : nil
    }

    private static func word(_ bytes: some RandomAccessCollection<UInt8>, _ offset: Int, isBigEndian: Bool) -> UInt32 {
        var word: UInt32 = 0
        var index = bytes.index(bytes.startIndex, offsetBy: offset)
        for position in 0..<4 {
            word |= UInt32(bytes[index]) << UInt32(8 * (isBigEndian ? 3 - position : position))
            index = bytes.index(after: index)
        }
        return word
    }

    private static func checksum(
        _ bytes: ArraySlice<UInt8>, _ start: (UInt32, UInt32), isBigEndian: Bool
    ) -> (UInt32, UInt32) {
        var (first, second) = start
        bytes.withUnsafeBytes { raw in
            for offset in stride(from: 0, to: raw.count - 7, by: 8) {
                let left = raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                let right = raw.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                first &+= (isBigEndian ? left.bigEndian : left.littleEndian) &+ second
                second &+= (isBigEndian ? right.bigEndian : right.littleEndian) &+ first
            }
        }
        return (first, second)
    }
}
