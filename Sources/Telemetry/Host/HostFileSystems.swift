/// A file system that a host has mounted, and what is free on it.
package struct HostFileSystem: Hashable, Sendable {
    /// Where it is mounted.
    package var path: String
    /// What is mounted: `/dev/sda1`.
    package var device: String

    /// Kinds that keep files, unlike those that the kernel makes up.
    private static let kinds: Set<String> = [
        "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "vfat", "exfat", "ntfs", "nfs",
        "nfs4", "bcachefs",
    ]

    /// Of /proc/self/mounts, each device once, by the shortest path; `/` whatever it is. At most 64.
    package static func mounted(_ bytes: [UInt8]) -> [HostFileSystem] {
        var found: [String: HostFileSystem] = [:]
        var text = ProcText(bytes)
        while var line = text.line() {
            guard let device = line.word(), let path = line.word(), let kind = line.word() else { continue }
            let system = HostFileSystem(path: unescaped(path), device: unescaped(device))
            guard system.path == "/" || kinds.contains(String(decoding: kind, as: UTF8.self)) else { continue }
            if let other = found[system.device], other.path.utf8.count <= system.path.utf8.count { continue }
            found[system.device] = system
        }
        return Array(found.values.sorted { $0.path < $1.path }.prefix(HostCollector.devicesMax))
    }

    /// A blank is written `\040`.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var output: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.endIndex,
                let code = UInt8(String(decoding: bytes[(index + 1)...(index + 3)], as: UTF8.self), radix: 8)
            {
                output.append(code)
                index += 4
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The figures, from what `statvfs` says: blocks of `blockBytes`, and files. Of a file system without a
    /// number of files there are none for them.
    package func figures(
        blockBytes: UInt64, blocks: UInt64, free: UInt64, available: UInt64, files: UInt64, filesFree: UInt64
    ) -> [HostFigure] {
        let node = path == "/" ? "root" : ProcLine.node(path.utf8.drop { $0 == UInt8(ascii: "/") })
        let (size, unit) = (Double(blocks), Double(blockBytes))
        let used = max(0, size - Double(free))
        // As `df` has it: what only root may still use counts neither as used nor as available.
        let usable = used + Double(available)
        var figures = [
            HostFigure("host.filesystem.\(node).size", size * unit),
            HostFigure("host.filesystem.\(node).used", used * unit),
            HostFigure("host.filesystem.\(node).available", Double(available) * unit),
            HostFigure("host.filesystem.\(node).used_percent", usable > 0 ? used / usable * 100 : 0),
        ]
        if files > 0 {
            let usedFiles = max(0, Double(files) - Double(filesFree))
            figures.append(HostFigure("host.filesystem.\(node).files", usedFiles))
            figures.append(HostFigure("host.filesystem.\(node).files_percent", usedFiles / Double(files) * 100))
        }
        return figures
    }
}
