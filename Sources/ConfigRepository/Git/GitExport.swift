import Core
import FoundationEssentials
import Glibc
import SystemPackage

/// Writes a tree of git into a folder. A tree is foreign input: its names may lead out of the
/// folder, its links too, and no check of git's stands between a server and us. So everything is
/// checked before the first file is written, and links are written last.
package struct GitExport: Sendable {
    package struct Limits: Sendable {
        package var filesMax: Int
        package var bytesMax: Int

        package init(filesMax: Int = 200_000, bytesMax: Int = 4 << 30) {
            self.filesMax = filesMax
            self.bytesMax = bytesMax
        }
    }

    /// Files up to this size are read many at a time; larger ones go straight to the disk.
    private static let batchBytesMax = 8 << 20
    private static let batchFilesMax = 1000

    let git: GitCommand
    let tree: String
    let limits: Limits

    func write(to folder: FilePath) async throws(Problem) {
        let entries = try await GitTree.list(
            git: git, ["-r", "--end-of-options", tree], outputMax: limits.filesMax * 300)
        try check(entries)
        let links = try await checkedLinks(entries.filter { $0.mode == .link })
        let root = folder.string
        guard mkdir(root, 0o755) == 0 else { throw unwritable(root, Errno(rawValue: Glibc.errno)) }
        do throws(Problem) {
            var folders: Set<String> = [""]
            for entry in entries { try makeParents(of: path(entry), below: root, made: &folders) }
            try await writeFiles(entries.filter { $0.mode == .file || $0.mode == .executable }, below: root)
            for link in links where symlink(link.target, "\(root)/\(link.path)") != 0 {
                throw unwritable(link.path, Errno(rawValue: Glibc.errno))
            }
        } catch {
            // Half a source must not look like a source.
            try? FileManager.default.removeItem(atPath: root)
            throw error
        }
    }

    private func check(_ entries: [GitTreeEntry]) throws(Problem) {
        var bytesTotal = 0
        var leaves: Set<String> = []
        for entry in entries {
            guard let path = String(validating: entry.path, as: UTF8.self), Self.isInside(path) else {
                throw refused("path", "a name that leads elsewhere", path: self.path(entry))
            }
            guard entry.mode != .submodule else {
                throw refused("submodule", "a submodule, which is not fetched", path: path)
            }
            guard leaves.insert(path).inserted else { throw refused("path", "a name twice", path: path) }
            bytesTotal += entry.size
        }
        for path in leaves {
            var parent = path[...]
            while let slash = parent.lastIndex(of: "/") {
                parent = parent[..<slash]
                guard !leaves.contains(String(parent)) else {
                    throw refused("path", "a file that is also a folder", path: path)
                }
            }
        }
        guard entries.count <= limits.filesMax, bytesTotal <= limits.bytesMax else {
            throw Problem(
                "git.export-size", "The source is too large.",
                cause: "It has \(entries.count) files with \(bytesTotal) bytes.",
                remedy: "Keep what the app does not need out of its repository.")
        }
    }

    private func checkedLinks(_ links: [GitTreeEntry]) async throws(Problem) -> [(path: String, target: String)] {
        let targets = try await GitObjects(git: git).read(links.map(\.id), bytesMax: links.reduce(0) { $0 + $1.size })
        var checked: [(path: String, target: String)] = []
        for (link, bytes) in zip(links, targets) {
            let path = path(link)
            guard let target = String(validating: bytes, as: UTF8.self), Self.isInside(target: target, of: path) else {
                throw refused("link", "a link that leads out of the source", path: path)
            }
            checked.append((path, target))
        }
        return checked
    }

    private static func isInside(_ path: String) -> Bool {
        guard path.utf8.count <= 3000 else { return false }
        return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".." && segment.lowercased() != ".git"
                && segment.utf8.count <= 255
        }
    }

    /// A target stays inside if it goes up only at its start and not above the root. The start is
    /// resolved from the link's real parent folder; what follows meets only files and other such
    /// links, so by induction nothing leads out.
    private static func isInside(target: String, of path: String) -> Bool {
        var depth = path.split(separator: "/").count - 1
        var hasDescended = false
        guard !target.isEmpty, target.utf8.count <= 1000, !target.hasPrefix("/"), !target.utf8.contains(0) else {
            return false
        }
        for segment in target.split(separator: "/") where segment != "." {
            if segment == ".." {
                depth -= 1
                if hasDescended || depth < 0 { return false }
            } else {
                hasDescended = true
            }
        }
        return true
    }

    private func makeParents(of path: String, below root: String, made: inout Set<String>) throws(Problem) {
        let segments = path.split(separator: "/").dropLast()
        for end in segments.indices {
            let folder = segments[...end].joined(separator: "/")
            guard made.insert(folder).inserted else { continue }
            guard mkdir("\(root)/\(folder)", 0o755) == 0 else { throw unwritable(folder, Errno(rawValue: Glibc.errno)) }
        }
    }

    private func writeFiles(_ files: [GitTreeEntry], below root: String) async throws(Problem) {
        var batch: [GitTreeEntry] = []
        var batchBytes = 0
        for file in files {
            guard file.size <= Self.batchBytesMax else {
                try await writeLarge(file, below: root)
                continue
            }
            if batch.count == Self.batchFilesMax || batchBytes + file.size > Self.batchBytesMax {
                try await writeBatch(batch, bytes: batchBytes, below: root)
                (batch, batchBytes) = ([], 0)
            }
            batch.append(file)
            batchBytes += file.size
        }
        try await writeBatch(batch, bytes: batchBytes, below: root)
    }

    private func writeBatch(_ files: [GitTreeEntry], bytes: Int, below root: String) async throws(Problem) {
        let objects = try await GitObjects(git: git).read(files.map(\.id), bytesMax: bytes)
        for (file, object) in zip(files, objects) {
            let descriptor = try open(file, below: root)
            do {
                try descriptor.closeAfter { _ = try descriptor.writeAll(object) }
            } catch {
                throw unwritable(path(file), error)
            }
        }
    }

    private func writeLarge(_ file: GitTreeEntry, below root: String) async throws(Problem) {
        let descriptor = try open(file, below: root)
        defer { try? descriptor.close() }
        let result = try await git.write(["cat-file", "blob", file.id], to: descriptor)
        guard result.isSuccess, (try? descriptor.seek(offset: 0, from: .end)) == Int64(file.size) else {
            throw unwritable(path(file), Errno.ioError)
        }
    }

    private func open(_ file: GitTreeEntry, below root: String) throws(Problem) -> FileDescriptor {
        let permissions = FilePermissions(rawValue: file.mode == .executable ? 0o755 : 0o644)
        do {
            return try FileDescriptor.open(
                "\(root)/\(path(file))", .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: permissions)
        } catch {
            throw unwritable(path(file), error)
        }
    }

    private func path(_ entry: GitTreeEntry) -> String { String(decoding: entry.path, as: UTF8.self) }

    private func refused(_ code: String, _ what: String, path: String) -> Problem {
        Problem(
            "git.export-\(code)", "The source is refused.",
            cause: "It has \(what): \(quotedForMessage(path, lengthMax: 200)).",
            remedy: "Remove it from the repository; nothing of the source was used.")
    }

    private func unwritable(_ path: String, _ error: any Error) -> Problem {
        Problem(
            "git.export-failed", "The source cannot be written.",
            cause: "\(quotedForMessage(path, lengthMax: 200)): \(error).",
            remedy: "Look at the disk's space and the folder's permissions.")
    }
}
