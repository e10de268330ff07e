import Core
import Glibc
import SystemPackage

/// Reads what an instance has written, from the files that its shim keeps.
///
/// A line of a file is `TIME STREAM TAG TEXT`: an RFC 3339 time, `stdout` or `stderr` (`apus` for
/// the shim itself), `F` for a whole line or the last part of one and `P` for a part. Lines are
/// given out as `TIME STREAM TEXT`.
struct OutputReader: Sendable {
    static let lineBytesMax = 64 << 10
    private static let tailBytesMax = 4 << 20

    let path: FilePath
    var pollInterval = Duration.milliseconds(200)

    /// The last lines, oldest first, whatever file they are in.
    func last(_ count: Int) -> [String] { Array(tail(count).lines) }

    /// The last lines and, with `follow`, all that come after, across rotations, until `yield`
    /// says that nobody listens or the task is cancelled.
    func read(last count: Int, follow: Bool, yield: (String) async -> Bool) async {
        var (lines, file, offset) = tail(count)
        defer { if file >= 0 { close(file) } }
        for line in lines { guard await yield(line) else { return } }
        lines = []
        guard follow else { return }
        var joiner = LineJoiner()
        while !Task.isCancelled {
            if file < 0 {
                file = open(path.string, O_RDONLY | O_CLOEXEC)
                offset = 0
            }
            // Looked at before reading: what is written between is still read from this file.
            let isRotated = file >= 0 && Self.identity(file) != Self.identity(path)
            while file >= 0, let chunk = Self.chunk(file, at: offset), !chunk.isEmpty {
                offset += Int64(chunk.count)
                for line in joiner.append(chunk) { guard await yield(line) else { return } }
            }
            if isRotated {
                close(file)
                file = -1
                continue
            }
            guard (try? await Task.sleep(for: pollInterval)) != nil else { return }
        }
    }

    /// Also the newest file, open, and how far of it the lines go.
    private func tail(_ count: Int) -> (lines: ArraySlice<String>, file: Int32, offset: Int64) {
        let newest = open(path.string, O_RDONLY | O_CLOEXEC)
        var lines: [String] = []
        var offset: Int64 = 0
        var bytes: [UInt8] = []
        var number = 0
        // One line more than is wanted: the first may be the end of one that starts further up.
        while lines.count <= count, bytes.count < Self.tailBytesMax {
            let isNewest = number == 0
            let file = isNewest ? newest : open("\(path).\(number)", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { break }
            defer { if !isNewest { close(file) } }
            var position = Int64(lseek(file, 0, SEEK_END))
            if isNewest {
                position = Self.endOfLastLine(file, before: position)
                offset = position
            }
            while position > 0, lines.count <= count, bytes.count < Self.tailBytesMax {
                // Twice as much each time, so that joining anew costs no more than reading.
                let start = max(0, position - Int64(max(bytes.count, 32 << 10)))
                guard let chunk = Self.chunk(file, at: start, size: Int(position - start)), !chunk.isEmpty else {
                    break
                }
                bytes = chunk + bytes
                position = start
                var joiner = LineJoiner()
                lines = joiner.append(bytes)
            }
            number += 1
        }
        return (lines.suffix(count), newest, offset)
    }

    private static func endOfLastLine(_ file: Int32, before end: Int64) -> Int64 {
        let start = max(0, end - Int64(lineBytesMax))
        guard let chunk = chunk(file, at: start, size: Int(end - start)),
            let newline = chunk.lastIndex(of: UInt8(ascii: "\n"))
        else { return end }
        return start + Int64(newline) + 1
    }

    private static func chunk(_ file: Int32, at offset: Int64, size: Int = 32 << 10) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = pread(file, &bytes, size, off_t(offset))
        return count < 0 ? nil : Array(bytes[..<count])
    }

    private static func identity(_ file: Int32) -> Inode? { (try? FileDescriptor(rawValue: file).stat())?.inode }

    private static func identity(_ path: FilePath) -> Inode? { (try? path.stat())?.inode }
}

/// Puts parts of lines together again, and cuts what is too long to show.
struct LineJoiner {
    private var rest: [UInt8] = []
    private var head: String?
    private var text: [UInt8] = []

    mutating func append(_ bytes: [UInt8]) -> [String] {
        rest += bytes
        var lines: [String] = []
        var start = 0
        while let newline = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if let line = take(rest[start..<newline]) { lines.append(line) }
            start = newline + 1
        }
        rest.removeFirst(start)
        // Not a line of a shim: nothing of it is worth keeping.
        if rest.count > OutputReader.lineBytesMax { rest = [] }
        return lines
    }

    private mutating func take(_ line: ArraySlice<UInt8>) -> String? {
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count == 4, words[2].count == 1, let tag = words[2].first else { return nil }
        let name = String(decoding: words[0], as: UTF8.self) + " " + String(decoding: words[1], as: UTF8.self)
        if head == nil { head = name }
        let room = OutputReader.lineBytesMax - text.count
        text += words[3].prefix(max(room, 0))
        let isCut = words[3].count > room
        guard tag == UInt8(ascii: "F") else { return nil }
        let whole = "\(head ?? name) \(String(decoding: text, as: UTF8.self))\(isCut ? "…" : "")"
        head = nil
        text = []
        return whole
    }
}
