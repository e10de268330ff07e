import FoundationEssentials
import Glibc
import SystemPackage

/// A small file system of its own, which can be filled and freed.
final class SmallDisk: Sendable {
    private let path: FilePath
    private var filler: FilePath { path.appending("filler") }

    init(at path: FilePath, megabytes: Int) throws {
        self.path = path
        Self.sweep()
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        guard mount("tmpfs", path.string, "tmpfs", 0, "size=\(megabytes)m,mode=755") == 0 else {
            throw Trouble(description: "\(path): \(Errno(rawValue: errno))")
        }
    }

    /// Writes until there is no byte left.
    func fill() throws {
        let file = try FileDescriptor.open(
            filler, .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite])
        defer { try? file.close() }
        for size in [1 << 16, 1] {
            let bytes = [UInt8](repeating: 1, count: size)
            while (try? file.writeAll(bytes)) != nil {}
        }
    }

    func free() { unlink(filler.string) }

    /// Unmounts what tests that are no more have left: their fleets' folders carry their ids.
    private static func sweep() {
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        for line in mounts.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 1, words[1].hasPrefix("/tmp/ae-"),
                let owner = pid_t(words[1].dropFirst(8).prefix { $0.isNumber }), kill(owner, 0) != 0
            else { continue }
            umount2(String(words[1]), Int32(MNT_DETACH))
        }
    }

    /// Lets go of it even while files on it are open.
    func remove() { umount2(path.string, Int32(MNT_DETACH)) }
}
