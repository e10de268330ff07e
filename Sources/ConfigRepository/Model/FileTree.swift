import FoundationEssentials
package import Core
package import SystemPackage

/// The files of a configuration repository, from a commit or from a folder. Only what the reader
/// reads is in memory: YAML of the known folders, templates and certificates.
package struct FileTree: Sendable {
    package enum Content: Hashable, Sendable {
        case bytes([UInt8])
        /// Too large to be read; the number of bytes.
        case tooLarge(Int)
        /// A symbolic link, or anything else that is no plain file.
        case special
    }

    /// Folders whose YAML is read today.
    package static let readFolders: Set<String> = [
        "fabrics", "classes", "hosts", "apps", "balancers", "dashboards",
    ]
    /// Folders that the design gives a meaning and that are not read yet.
    package static let knownFolders: Set<String> = ["checks", "alerts", "users", "queues", "networks"]
    /// Folders whose files other files refer to.
    package static let attachedFolders: Set<String> = ["templates", "certs"]

    package static let filesMax = 20_000
    package static let bytesMax = 64 << 20

    package static var folders: [String] { readFolders.union(knownFolders).union(attachedFolders).sorted() }

    /// By path from the repository's root.
    package var files: [String: Content]
    /// Names of folders at the root.
    package var rootFolders: Set<String>
    /// Whether a path is a folder: for sources that are in the repository itself.
    package var isFolder: @Sendable (String) -> Bool

    package init(
        files: [String: Content], rootFolders: Set<String>? = nil, isFolder: (@Sendable (String) -> Bool)? = nil
    ) {
        self.files = files
        let folders = Set(files.keys.flatMap(Self.parents))
        self.rootFolders = rootFolders ?? folders.filter { !$0.contains("/") }
        self.isFolder = isFolder ?? { folders.contains($0) }
    }

    /// A tree of texts: for what is not on a disk.
    package init(texts: [String: String]) { self.init(files: texts.mapValues { .bytes(Array($0.utf8)) }) }

    /// A folder as it is now, committed or not. Links are not followed.
    /// - Throws: `folder.missing`, `folder.size`.
    package init(folder: FilePath) throws(Problem) {
        let manager = FileManager.default
        guard let rootNames = try? manager.contentsOfDirectory(atPath: folder.string) else {
            throw Problem(
                "folder.missing", "The configuration cannot be read.", cause: "\(folder) is not a readable folder.",
                remedy: "Name the folder of a configuration repository, or write one with `apus init`.")
        }
        var files: [String: Content] = [:]
        var bytesTotal = 0
        var pending = Self.folders.filter(rootNames.contains)
        let root = folder.string
        while let path = pending.popLast() {
            let full = "\(root)/\(path)"
            switch Self.fileType(full) {
            case .typeDirectory:
                let names = (try? manager.contentsOfDirectory(atPath: full)) ?? []
                pending += names.map { "\(path)/\($0)" }
            case .typeRegular:
                let content = Self.read(full)
                if case .bytes(let bytes) = content { bytesTotal += bytes.count }
                files[path] = content
            default: files[path] = .special
            }
            guard files.count + pending.count <= Self.filesMax, bytesTotal <= Self.bytesMax else {
                throw Self.sizeProblem(folder.string)
            }
        }
        self.init(
            files: files, rootFolders: Set(rootNames.filter { Self.fileType("\(root)/\($0)") == .typeDirectory }),
            isFolder: { Self.fileType("\(root)/\($0)") == .typeDirectory })
    }

    static func sizeProblem(_ place: String) -> Problem {
        let place = quotedForMessage(place, lengthMax: 200)
        return Problem(
            "folder.size", "The configuration is too large to be read.",
            cause: "The folders of \(place) have more than \(filesMax) files or \(bytesMax >> 20) MiB.",
            remedy: "Keep only configuration in these folders: \(folders.joined(separator: ", ")).")
    }

    private static func parents(of path: String) -> [String] {
        let segments = path.split(separator: "/").dropLast()
        return segments.indices.map { segments[...$0].joined(separator: "/") }
    }

    private static func fileType(_ path: String) -> FileAttributeType? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    }

    private static func read(_ path: String) -> Content {
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.noFollow, .nonBlocking]) else {
            return .special
        }
        defer { try? descriptor.close() }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while let count = try? buffer.withUnsafeMutableBytes({ try descriptor.read(into: $0) }), count > 0 {
            bytes += buffer[..<count]
            if bytes.count > YAMLFile.bytesMax { return .tooLarge(bytes.count) }
        }
        return .bytes(bytes)
    }
}
